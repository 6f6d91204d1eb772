"use client";

import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { Button } from "#components/ui/button.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { InvitationView } from "#lib/features/people/contract.ts";
import { roleName } from "./roles.ts";

type InvitationListProps = {
  invitations: readonly InvitationView[];
  revoke: (input: { id: string }) => Promise<ActionResult<unknown>>;
};

export function InvitationList({ invitations, revoke }: InvitationListProps) {
  return (
    <Table label="Open invitations">
      <TableHead>
        <TableRow>
          <TableHeader>E-mail address</TableHeader>
          <TableHeader>Roles</TableHeader>
          <TableHeader>Invited</TableHeader>
          <TableHeader>Expires</TableHeader>
          <TableHeader>
            <span className="sr-only">Actions</span>
          </TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {invitations.map(({ id, email, roles, createdAt, expiresAt }) => (
          <TableRow key={id}>
            <TableHeader scope="row" className="break-all">
              {email}
            </TableHeader>
            <TableCell>{roles.map(roleName).join(", ")}</TableCell>
            <TableCell>
              <RelativeTime iso={createdAt} />
            </TableCell>
            <TableCell>
              <RelativeTime iso={expiresAt} />
            </TableCell>
            <TableCell className="text-right">
              <ConfirmDialog
                trigger={
                  <Button size="sm" aria-label={`Revoke the invitation of ${email}`}>
                    Revoke
                  </Button>
                }
                title="Revoke this invitation?"
                description={`The link that ${email} was given stops working at once. You can invite them again.`}
                confirmLabel="Revoke invitation"
                onConfirm={() => revoke({ id })}
              />
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
