"use client";

import { KeyRound } from "lucide-react";
import { useState } from "react";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { LinkHandover } from "#components/identity/link-handover.tsx";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter, DialogTrigger } from "#components/ui/dialog.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { PasswordLinkForEmailInput, type PasswordLinkView } from "#lib/features/people/contract.ts";

type Make = (input: PasswordLinkForEmailInput) => Promise<ActionResult<PasswordLinkView>>;

/** The operators' button for somebody who forgot their password, in whichever tenants they are. */
export function PasswordLinkForAnybody({ make }: { make: Make }) {
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<PasswordLinkView | null>(null);
  function close() {
    setOpen(false);
    setMade(null);
  }
  return (
    <Dialog open={open} onOpenChange={(next) => (next ? setOpen(true) : close())}>
      <DialogTrigger asChild>
        <Button>
          <KeyRound aria-hidden />
          New password link
        </Button>
      </DialogTrigger>
      {made ? (
        <DialogContent title="Hand over the link" sticky>
          <LinkHandover
            label="Password link"
            recipient={made.name}
            url={made.url}
            expiresAt={made.expiresAt}
            onDone={close}
          />
        </DialogContent>
      ) : (
        <DialogContent
          title="Make a password link"
          description="For anybody of this installation who forgot their password. Whoever opens it becomes that person."
        >
          <LinkRequestForm make={make} onMade={setMade} />
        </DialogContent>
      )}
    </Dialog>
  );
}

function LinkRequestForm({ make, onMade }: { make: Make; onMade: (made: PasswordLinkView) => void }) {
  const form = useActionForm<PasswordLinkForEmailInput, PasswordLinkView>({
    schema: PasswordLinkForEmailInput,
    action: make,
    defaultValues: { email: "" },
    onSuccess: onMade,
  });
  return (
    <ActionForm form={form} label="Make a password link">
      <TextField name="email" label="E-mail address" type="email" inputMode="email" help="With which they sign in." />
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Make link</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}
