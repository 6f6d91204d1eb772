"use client";

import { KeyRound, UserCheck, UserCog, UserX } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { CheckboxesField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { LinkHandover } from "#components/identity/link-handover.tsx";
import { announce } from "#components/ui/announce.ts";
import { Badge } from "#components/ui/badge.tsx";
import { Button } from "#components/ui/button.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter } from "#components/ui/dialog.tsx";
import { Menu, MenuItem } from "#components/ui/menu.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { PasswordLinkView, PersonInTenantView } from "#lib/features/people/contract.ts";
import { roleChoices, roleName } from "./roles.ts";

type Roles = PersonInTenantView["roles"];
type PeopleListProps = {
  people: readonly PersonInTenantView[];
  changeRoles: (input: { id: string; roles: Roles }) => Promise<ActionResult<unknown>>;
  setActive: (input: { id: string; active: boolean }) => Promise<ActionResult<unknown>>;
  makePasswordLink: (input: { id: string }) => Promise<ActionResult<PasswordLinkView>>;
};

export function PeopleList({ people, changeRoles, setActive, makePasswordLink }: PeopleListProps) {
  const [changing, setChanging] = useState<PersonInTenantView | null>(null);
  const [disabling, setDisabling] = useState<PersonInTenantView | null>(null);
  const [resetting, setResetting] = useState<PersonInTenantView | null>(null);
  const [passwordLink, setPasswordLink] = useState<PasswordLinkView | null>(null);

  return (
    <>
      <Table label="People">
        <TableHead>
          <TableRow>
            <TableHeader>Name</TableHeader>
            <TableHeader className="max-sm:hidden">E-mail address</TableHeader>
            <TableHeader className="max-sm:hidden">Roles</TableHeader>
            <TableHeader>State</TableHeader>
            <TableHeader className="max-md:hidden">Joined</TableHeader>
            <TableHeader>
              <span className="sr-only">Actions</span>
            </TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {people.map((person) => (
            <TableRow key={person.id}>
              <TableHeader scope="row">
                {person.name}
                {person.isSelf && <span className="text-muted font-normal"> (you)</span>}
                <span className="text-muted flex flex-col text-sm font-normal sm:hidden">
                  <span className="break-all">{person.email}</span>
                  <span>{person.roles.map(roleName).join(", ")}</span>
                </span>
              </TableHeader>
              <TableCell className="break-all max-sm:hidden">{person.email}</TableCell>
              <TableCell className="max-sm:hidden">{person.roles.map(roleName).join(", ")}</TableCell>
              <TableCell>
                <PersonState person={person} />
              </TableCell>
              <TableCell className="max-md:hidden">
                <RelativeTime iso={person.joinedAt} />
              </TableCell>
              <TableCell className="text-right">
                <Menu label={`Actions for ${person.name}`}>
                  <MenuItem icon={UserCog} onSelect={() => setChanging(person)}>
                    Change roles
                  </MenuItem>
                  {person.isActive && !person.isSelf && !person.isDisabledEverywhere && (
                    <MenuItem icon={KeyRound} onSelect={() => setResetting(person)}>
                      New password link
                    </MenuItem>
                  )}
                  {person.isActive && !person.isSelf && (
                    <MenuItem icon={UserX} danger onSelect={() => setDisabling(person)}>
                      Disable
                    </MenuItem>
                  )}
                  {!person.isActive && (
                    <MenuItem
                      icon={UserCheck}
                      onSelect={() =>
                        void announce(
                          () => setActive({ id: person.id, active: true }),
                          `${person.name} may enter again.`,
                        )
                      }
                    >
                      Enable
                    </MenuItem>
                  )}
                </Menu>
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      <Dialog open={changing !== null} onOpenChange={(open) => !open && setChanging(null)}>
        {changing && (
          <DialogContent
            title={`Roles of ${changing.name}`}
            description="They hold from the next page that the person opens."
          >
            <RolesForm person={changing} changeRoles={changeRoles} onDone={() => setChanging(null)} />
          </DialogContent>
        )}
      </Dialog>
      {resetting && (
        <ConfirmDialog
          open
          onOpenChange={(open) => !open && setResetting(null)}
          title={`Make a password link for ${resetting.name}?`}
          description="Whoever opens it sets a new password and is signed in as this person. Until then, the old password keeps working."
          confirmLabel="Make link"
          tone="primary"
          onConfirm={async () => {
            const result = await makePasswordLink({ id: resetting.id });
            if (result.ok) setPasswordLink(result.value);
            return result;
          }}
        />
      )}
      <Dialog open={passwordLink !== null} onOpenChange={(open) => !open && setPasswordLink(null)}>
        {passwordLink && (
          <DialogContent title="Hand over the link" sticky>
            <LinkHandover
              label="Password link"
              recipient={passwordLink.name}
              url={passwordLink.url}
              expiresAt={passwordLink.expiresAt}
              onDone={() => setPasswordLink(null)}
            />
          </DialogContent>
        )}
      </Dialog>
      {disabling && (
        <ConfirmDialog
          open
          onOpenChange={(open) => !open && setDisabling(null)}
          title={`Disable ${disabling.name}?`}
          description="They are shut out of this tenant at once, on every device. Their applications and keys stay and keep working; you can enable them again."
          confirmLabel="Disable person"
          onConfirm={() => setActive({ id: disabling.id, active: false })}
        />
      )}
    </>
  );
}

function PersonState({ person }: { person: PersonInTenantView }) {
  if (person.isDisabledEverywhere) return <Badge tone="bad">Disabled by the operator</Badge>;
  return person.isActive ? <Badge tone="good">Active</Badge> : <Badge tone="warn">Disabled</Badge>;
}

type RolesFormProps = Pick<PeopleListProps, "changeRoles"> & { person: PersonInTenantView; onDone: () => void };

function RolesForm({ person, changeRoles, onDone }: RolesFormProps) {
  const form = useActionForm<{ id: string; roles: Roles }, unknown>({
    action: changeRoles,
    defaultValues: { id: person.id, roles: person.roles },
    onSuccess: () => {
      toast.success(`The roles of ${person.name} were changed.`);
      onDone();
    },
  });
  return (
    <ActionForm form={form} label={`Roles of ${person.name}`}>
      <CheckboxesField name="roles" label="Roles" options={roleChoices} />
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Change roles</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}
