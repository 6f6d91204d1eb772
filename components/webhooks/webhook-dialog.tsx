"use client";

import { useState, type ReactNode } from "react";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { TextField, UrlField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter, DialogTrigger } from "#components/ui/dialog.tsx";
import { SecretOnce } from "#components/ui/secret-once.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { CreateWebhookInput, type NewWebhookView } from "#lib/features/webhooks/contract.ts";

type Create = (input: CreateWebhookInput) => Promise<ActionResult<NewWebhookView>>;

/** Asks for a name and an address, then shows the new webhook's secret once. */
export function WebhookDialog({ create, trigger }: { create: Create; trigger: ReactNode }) {
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<NewWebhookView | null>(null);

  function close() {
    setOpen(false);
    setMade(null);
  }

  return (
    <Dialog open={open} onOpenChange={(next) => (next ? setOpen(true) : close())}>
      <DialogTrigger asChild>{trigger}</DialogTrigger>
      <DialogContent
        title={made ? `${made.name} is told from now on` : "Add webhook"}
        description={
          made
            ? "Give this secret to the program: it tells by it that a request comes from here."
            : "Its address gets a signed request for each change from now on."
        }
        size="sm"
        sticky={made !== null}
      >
        {made ? (
          <SecretOnce label="Signing secret" value={made.secret} onStored={close} />
        ) : (
          <WebhookForm create={create} onMade={setMade} />
        )}
      </DialogContent>
    </Dialog>
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
      <UrlField name="url" label="Address" maxLength={2_000} placeholder="https://inventory.example/hooks/latchkey" />
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Add webhook</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}
