"use client";

import { useState } from "react";
import { toast } from "sonner";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter, DialogTrigger } from "#components/ui/dialog.tsx";
import { daysUntilEnd, SecretForm, type KeysOutcome, type KeysView } from "#lib/features/key-mappings/contract.ts";
import type { KeysActions } from "./actions.ts";
import { SecretEndFields } from "./secret-end-fields.tsx";

type AddSecretProps = { keys: KeysView; add: KeysActions["addSecret"]; settle: (outcome: KeysOutcome) => void };

/** Makes a further secret; those that exist go on working. */
export function AddSecretDialog(props: AddSecretProps) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog open={open} onOpenChange={setOpen}>
      <DialogTrigger asChild>
        <Button size="sm">Add secret…</Button>
      </DialogTrigger>
      <DialogContent
        title="Add a consumer secret"
        description="The secrets that exist go on working. The new one is shown once, and the portal uses it from then on."
      >
        <AddSecretForm {...props} close={() => setOpen(false)} />
      </DialogContent>
    </Dialog>
  );
}

function AddSecretForm({ keys, add, settle, close }: AddSecretProps & { close: () => void }) {
  const { canExpire, endless } = keys.keyManager.consumerSecrets;
  const form = useActionForm<SecretForm, KeysOutcome>({
    schema: SecretForm,
    action: (asked) => add({ id: keys.id, description: asked.description, expiresInDays: daysUntilEnd(asked) }),
    // Where the alternative is no end at all, one is proposed.
    defaultValues: { description: "", ends: canExpire && endless ? "90" : "", expiresInDays: null },
    onSuccess: (outcome) => {
      if (outcome.outcome === "finishing") toast.warning(outcome.message);
      close();
      settle(outcome);
    },
  });
  return (
    <ActionForm form={form} label="Add a consumer secret">
      <TextField
        name="description"
        label="Description"
        help="Which program gets it, so that you know it again."
        maxLength={100}
        optional
      />
      {canExpire && <SecretEndFields endless={endless} />}
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Add secret</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}
