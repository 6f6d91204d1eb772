"use client";

import { CirclePause, CirclePlay, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { SecretField, TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { roleName } from "#components/people/roles.ts";
import { announce } from "#components/ui/announce.ts";
import { Badge } from "#components/ui/badge.tsx";
import { Button } from "#components/ui/button.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter } from "#components/ui/dialog.tsx";
import { Identifier } from "#components/ui/identifier.tsx";
import { Menu, MenuItem } from "#components/ui/menu.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { EditIdentityProviderInput, type IdentityProviderView } from "#lib/features/identity-providers/contract.ts";
import { FirstRolesField } from "./add-identity-provider.tsx";

type Answer = Promise<ActionResult<unknown>>;
type IdentityProviderListProps = {
  providers: readonly IdentityProviderView[];
  edit: (input: EditIdentityProviderInput) => Answer;
  setEnabled: (input: { id: string; enabled: boolean }) => Answer;
  remove: (input: { id: string }) => Answer;
};

export function IdentityProviderList({ providers, edit, setEnabled, remove }: IdentityProviderListProps) {
  const [editing, setEditing] = useState<IdentityProviderView | null>(null);
  const [removing, setRemoving] = useState<IdentityProviderView | null>(null);

  function toggle({ id, name, enabled }: IdentityProviderView) {
    const done = enabled ? `Nobody signs in through ${name} any more.` : `People sign in through ${name} again.`;
    void announce(
      () => setEnabled({ id, enabled: !enabled }),
      done,
      () => setEnabled({ id, enabled }),
    );
  }

  return (
    <>
      <Table label="Identity providers">
        <TableHead>
          <TableRow>
            <TableHeader>Name</TableHeader>
            <TableHeader>Issuer</TableHeader>
            <TableHeader>Redirect URI</TableHeader>
            <TableHeader>First roles</TableHeader>
            <TableHeader>State</TableHeader>
            <TableHeader>
              <span className="sr-only">Actions</span>
            </TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {providers.map((provider) => (
            <TableRow key={provider.id}>
              <TableHeader scope="row">{provider.name}</TableHeader>
              <TableCell className="max-w-60">
                <Identifier value={provider.issuer} label="issuer" />
              </TableCell>
              <TableCell className="max-w-60">
                <Identifier value={provider.redirectUri} label="redirect URI" />
              </TableCell>
              <TableCell>{provider.initialRoles.map(roleName).join(", ") || "Invited or linked people only"}</TableCell>
              <TableCell>
                {provider.enabled ? <Badge tone="good">Enabled</Badge> : <Badge tone="neutral">Disabled</Badge>}
              </TableCell>
              <TableCell className="text-right">
                <Menu label={`Actions for ${provider.name}`}>
                  <MenuItem icon={Pencil} onSelect={() => setEditing(provider)}>
                    Edit
                  </MenuItem>
                  <MenuItem icon={provider.enabled ? CirclePause : CirclePlay} onSelect={() => toggle(provider)}>
                    {provider.enabled ? "Disable" : "Enable"}
                  </MenuItem>
                  <MenuItem icon={Trash2} danger onSelect={() => setRemoving(provider)}>
                    Delete
                  </MenuItem>
                </Menu>
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      <Dialog open={editing !== null} onOpenChange={(open) => !open && setEditing(null)}>
        {editing && (
          <DialogContent title={`Edit ${editing.name}`} description="The issuer stays: people are known by it.">
            <EditForm provider={editing} edit={edit} onDone={() => setEditing(null)} />
          </DialogContent>
        )}
      </Dialog>
      {removing && (
        <ConfirmDialog
          open
          onOpenChange={(open) => !open && setRemoving(null)}
          title={`Delete ${removing.name}?`}
          description="People who only sign in through it cannot sign in any more. They stay in the list of people with what they own. Adding the provider again makes new people of them."
          confirmLabel="Delete identity provider"
          typeToConfirm={removing.name}
          onConfirm={() => remove({ id: removing.id })}
        />
      )}
    </>
  );
}

type EditFormProps = { provider: IdentityProviderView; edit: IdentityProviderListProps["edit"]; onDone: () => void };

function EditForm({ provider, edit, onDone }: EditFormProps) {
  const { id, name, clientId, initialRoles } = provider;
  const form = useActionForm<EditIdentityProviderInput, unknown>({
    schema: EditIdentityProviderInput,
    action: edit,
    defaultValues: { id, name, clientId, clientSecret: "", initialRoles },
    onSuccess: () => {
      toast.success("The identity provider was changed.");
      onDone();
    },
  });
  return (
    <ActionForm form={form} label={`Edit ${name}`}>
      <TextField name="name" label="Name" />
      <TextField name="clientId" label="Client id" mono />
      <SecretField name="clientSecret" label="Client secret" stored />
      <FirstRolesField />
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Save changes</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}
