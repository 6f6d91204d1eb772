"use client";

import { Plus } from "lucide-react";
import { useState } from "react";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { CheckboxesField, SecretField, TextField, UrlField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { roleChoices } from "#components/people/roles.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter, DialogTrigger } from "#components/ui/dialog.tsx";
import { Identifier } from "#components/ui/identifier.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { AddIdentityProviderInput, type IdentityProviderView } from "#lib/features/identity-providers/contract.ts";

type Add = (input: AddIdentityProviderInput) => Promise<ActionResult<IdentityProviderView>>;

/** The button that adds a provider, and the dialog behind it. */
export function AddIdentityProvider({ add }: { add: Add }) {
  const [open, setOpen] = useState(false);
  const [added, setAdded] = useState<IdentityProviderView | null>(null);
  function close() {
    setOpen(false);
    setAdded(null);
  }
  return (
    <Dialog open={open} onOpenChange={(next) => (next ? setOpen(true) : close())}>
      <DialogTrigger asChild>
        <Button variant="primary">
          <Plus aria-hidden />
          Add identity provider
        </Button>
      </DialogTrigger>
      {added ? (
        <DialogContent
          title={`${added.name} is added`}
          description="One step is left, at the provider: register this redirect URI with the client."
        >
          <Identifier value={added.redirectUri} label="redirect URI" />
          <DialogFooter>
            <Button variant="primary" onClick={close}>
              Close
            </Button>
          </DialogFooter>
        </DialogContent>
      ) : (
        <DialogContent
          title="Add an identity provider"
          description="Register a confidential client at the provider first; the redirect URI follows in the next step."
        >
          <AddForm add={add} onAdded={setAdded} />
        </DialogContent>
      )}
    </Dialog>
  );
}

function AddForm({ add, onAdded }: { add: Add; onAdded: (added: IdentityProviderView) => void }) {
  const form = useActionForm<AddIdentityProviderInput, IdentityProviderView>({
    schema: AddIdentityProviderInput,
    action: add,
    defaultValues: { name: "", issuer: "", clientId: "", clientSecret: "", initialRoles: [] },
    onSuccess: onAdded,
  });
  return (
    <ActionForm form={form} label="Add an identity provider">
      <TextField name="name" label="Name" help="The sign-in page says “Continue with …”." />
      <UrlField
        name="issuer"
        label="Issuer or well-known URL"
        help="It is read now; nothing is stored unless it fits."
      />
      <TextField name="clientId" label="Client id" mono />
      <SecretField name="clientSecret" label="Client secret" />
      <FirstRolesField />
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Add identity provider</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}

/** Who may come in without an invitation, and as what. */
export function FirstRolesField() {
  return (
    <CheckboxesField
      name="initialRoles"
      label="Roles of people who sign in for the first time"
      help="With none chosen, only people who are invited or linked already can sign in through it."
      options={roleChoices}
      optional
    />
  );
}
