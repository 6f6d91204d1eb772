"use client";

import type { ReactNode } from "react";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { TextField, UrlField } from "#components/form/fields.tsx";
import { MadeOnceDialog } from "#components/form/made-once-dialog.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { DialogClose, DialogFooter } from "#components/ui/dialog.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { CreateWebhookInput, type NewWebhookView } from "#lib/features/webhooks/contract.ts";
import { StandardWebhooks } from "./standard-webhooks.tsx";

type Create = (input: CreateWebhookInput) => Promise<ActionResult<NewWebhookView>>;

/** Asks for a name and an address, then shows the new webhook's secret once. */
export function WebhookDialog({ create, trigger }: { create: Create; trigger: ReactNode }) {
  return (
    <MadeOnceDialog<NewWebhookView>
      trigger={trigger}
      asking={{
        title: "Add webhook",
        description: (
          <>
            Its address gets a request for each change from now on, signed as <StandardWebhooks /> says.
          </>
        ),
      }}
      told={({ name, secret }) => ({
        title: `${name} is told from now on`,
        description: (
          <>
            Give this secret to the program: it tells by it that a request comes from here, as <StandardWebhooks />{" "}
            says.
          </>
        ),
        label: "Signing secret",
        secret,
      })}
      form={(onMade) => <WebhookForm create={create} onMade={onMade} />}
    />
  );
}

function WebhookForm({ create, onMade }: { create: Create; onMade: (made: NewWebhookView) => void }) {
  const form = useActionForm<CreateWebhookInput, NewWebhookView>({
    schema: CreateWebhookInput,
    action: create,
    defaultValues: { name: "", url: "" },
    onSuccess: onMade,
  });
  return (
    <ActionForm form={form} label="Webhook">
      <TextField name="name" label="Name" maxLength={60} placeholder="Inventory" />
      <UrlField
        name="url"
        label="Address"
        maxLength={2_000}
        placeholder="https://inventory.example/hooks/latchkey"
        help="It must be public and have the port 443 or 8443, unless the operator of this installation allows its host and port."
      />
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Add webhook</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}
