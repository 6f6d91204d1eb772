"use client";

import { toast } from "sonner";
import { Badge } from "#components/ui/badge.tsx";
import { Button } from "#components/ui/button.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { GatewayCredentialView } from "#lib/features/gateway-credentials/contract.ts";

type Revoke = (input: { id: string }) => Promise<ActionResult<GatewayCredentialView>>;

type CredentialTableProps = {
  items: readonly GatewayCredentialView[];
  /** Null for somebody who may only look. */
  revoke: Revoke | null;
};

/** The tenant's gateway credentials; revoked ones stay, as history. */
export function CredentialTable({ items, revoke }: CredentialTableProps) {
  return (
    <Table label="Gateway credentials">
      <TableHead>
        <TableRow>
          <TableHeader>Name</TableHeader>
          <TableHeader>Begins with</TableHeader>
          <TableHeader>State</TableHeader>
          <TableHeader>Last used</TableHeader>
          <TableHeader>Created</TableHeader>
          {revoke && (
            <TableHeader>
              <span className="sr-only">Actions</span>
            </TableHeader>
          )}
        </TableRow>
      </TableHead>
      <TableBody>
        {items.map((item) => (
          <TableRow key={item.id}>
            <TableHeader scope="row">
              {item.name}
              {item.reports && (
                <span className="text-muted block font-normal">{item.reports.displayName} reports what it revokes</span>
              )}
            </TableHeader>
            <TableCell>
              <code className="text-sm">{item.prefix}…</code>
            </TableCell>
            <TableCell>
              <State item={item} />
            </TableCell>
            <TableCell className="text-muted">
              {item.lastUsedAt ? <RelativeTime iso={item.lastUsedAt} /> : "Never"}
            </TableCell>
            <TableCell className="text-muted">
              <RelativeTime iso={item.createdAt} />
            </TableCell>
            {revoke && (
              <TableCell className="text-right">
                {item.revokedAt === null && <RevokeButton item={item} revoke={revoke} />}
              </TableCell>
            )}
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}

function State({ item: { revokedAt, lastUsedAt } }: { item: GatewayCredentialView }) {
  if (revokedAt) {
    return (
      <span className="flex items-center gap-2">
        <Badge>Revoked</Badge>
        <span className="text-muted text-sm">
          <RelativeTime iso={revokedAt} />
        </span>
      </span>
    );
  }
  return lastUsedAt ? <Badge tone="good">Active</Badge> : <Badge tone="accent">Not used yet</Badge>;
}

function RevokeButton({ item, revoke }: { item: GatewayCredentialView; revoke: Revoke }) {
  return (
    <ConfirmDialog
      trigger={
        <Button size="sm" aria-label={`Revoke ${item.name}`}>
          Revoke…
        </Button>
      }
      title={`Revoke ${item.name}?`}
      description={
        item.reports
          ? `At once ${item.reports.displayName} can report nothing with it any more. What it has revoked stays revoked. This cannot be undone.`
          : "Within seconds its gateway lets no call pass any more. This cannot be undone: the gateway needs a new credential."
      }
      confirmLabel="Revoke credential"
      onConfirm={async () => {
        const result = await revoke({ id: item.id });
        if (result.ok) toast.success(`${item.name} is revoked.`);
        return result;
      }}
    />
  );
}
