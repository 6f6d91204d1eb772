"use client";

import { useState, type ReactNode } from "react";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter, DialogTrigger } from "#components/ui/dialog.tsx";
import { SecretOnce } from "#components/ui/secret-once.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import {
  CreateGatewayCredentialInput,
  type NewGatewayCredentialView,
} from "#lib/features/gateway-credentials/contract.ts";

type Create = (input: CreateGatewayCredentialInput) => Promise<ActionResult<NewGatewayCredentialView>>;

/** Asks for a name, then shows the new credential once. */
export function CredentialDialog({ create, trigger }: { create: Create; trigger: ReactNode }) {
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<NewGatewayCredentialView | null>(null);

  function close() {
    setOpen(false);
    setMade(null);
  }

  return (
    <Dialog open={open} onOpenChange={(next) => (next ? setOpen(true) : close())}>
      <DialogTrigger asChild>{trigger}</DialogTrigger>
      <DialogContent
        title={made ? `${made.name} may ask now` : "Create gateway credential"}
        description={
          made
            ? "Give this credential to the gateway. Anybody who has it learns what your tokens open."
            : "One for each gateway, so that each can be revoked by itself."
        }
        size="sm"
        sticky={made !== null}
      >
        {made ? (
          <SecretOnce label="Gateway credential" value={made.credential} onStored={close} />
        ) : (
          <CredentialForm create={create} onMade={setMade} />
        )}
      </DialogContent>
    </Dialog>
  );
}

function CredentialForm({ create, onMade }: { create: Create; onMade: (made: NewGatewayCredentialView) => void }) {
  const form = useActionForm<CreateGatewayCredentialInput, NewGatewayCredentialView>({
    schema: CreateGatewayCredentialInput,
    action: create,
    defaultValues: { name: "" },
    onSuccess: onMade,
  });
  return (
    <ActionForm form={form} label="Gateway credential">
      <TextField
        name="name"
        label="Name"
        maxLength={60}
        placeholder="Edge, Frankfurt"
        help="What the gateway is called, so that people recognise it here and in the audit."
      />
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Create credential</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}
