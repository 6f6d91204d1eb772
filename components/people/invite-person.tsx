"use client";

import { UserPlus } from "lucide-react";
import { useState } from "react";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { CheckboxesField, TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { LinkHandover } from "#components/identity/link-handover.tsx";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter, DialogTrigger } from "#components/ui/dialog.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { InviteInput, type IssuedInvitationView } from "#lib/features/people/contract.ts";
import { roleChoices } from "./roles.ts";

type Invite = (input: InviteInput) => Promise<ActionResult<IssuedInvitationView>>;

/** The button that invites, and the dialog behind it. */
export function InvitePerson({ invite }: { invite: Invite }) {
  const [open, setOpen] = useState(false);
  const [issued, setIssued] = useState<IssuedInvitationView | null>(null);
  function close() {
    setOpen(false);
    setIssued(null);
  }
  return (
    <Dialog open={open} onOpenChange={(next) => (next ? setOpen(true) : close())}>
      <DialogTrigger asChild>
        <Button variant="primary">
          <UserPlus aria-hidden />
          Invite person
        </Button>
      </DialogTrigger>
      {issued ? (
        <DialogContent title="Hand over the invitation" sticky>
          <LinkHandover recipient={issued.email} url={issued.url} expiresAt={issued.expiresAt} onDone={close} />
        </DialogContent>
      ) : (
        <DialogContent title="Invite a person" description="They join by a link that you hand over. Nothing is sent.">
          <InviteForm invite={invite} onIssued={setIssued} />
        </DialogContent>
      )}
    </Dialog>
  );
}

function InviteForm({ invite, onIssued }: { invite: Invite; onIssued: (issued: IssuedInvitationView) => void }) {
  const form = useActionForm<InviteInput, IssuedInvitationView>({
    schema: InviteInput,
    action: invite,
    defaultValues: { email: "", roles: [] },
    onSuccess: onIssued,
  });
  return (
    <ActionForm form={form} label="Invite a person">
      <TextField
        name="email"
        label="E-mail address"
        type="email"
        inputMode="email"
        help="The address with which they will sign in."
      />
      <CheckboxesField name="roles" label="Roles" options={roleChoices} />
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Make invitation link</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}
