"use client";

import { useState } from "react";
import { toast } from "sonner";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { SelectField, TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter, DialogTrigger } from "#components/ui/dialog.tsx";
import type { KeysOutcome, KeysView } from "#lib/features/key-mappings/contract.ts";
import type { KeysActions } from "./actions.ts";

type AddSecretProps = { keys: KeysView; add: KeysActions["addSecret"]; settle: (outcome: KeysOutcome) => void };

const ends = [
  { value: "", label: "As the key manager decides" },
  { value: "30", label: "In 30 days" },
  { value: "60", label: "In 60 days" },
  { value: "90", label: "In 90 days" },
  { value: "180", label: "In 180 days" },
  { value: "365", label: "In a year" },
];

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
  const form = useActionForm<{ description: string; expiresInDays: string }, KeysOutcome>({
    action: ({ description, expiresInDays }) =>
      add({ id: keys.id, description, expiresInDays: expiresInDays === "" ? null : Number(expiresInDays) }),
    defaultValues: { description: "", expiresInDays: "" },
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
        help="For you alone: which program gets it. The key manager is not told."
        maxLength={100}
        optional
      />
      {keys.keyManager.consumerSecrets.canExpire && <SelectField name="expiresInDays" label="Ends" options={ends} />}
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Add secret</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}
