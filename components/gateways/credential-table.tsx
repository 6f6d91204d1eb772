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

/** The tenant's gateway credentials; revoked ones stay, as history. On small screens all but the action stands below the name. */
export function CredentialTable({ items, revoke }: CredentialTableProps) {
  return (
    <Table label="Gateway credentials">
      <TableHead>
        <TableRow>
          <TableHeader>Name</TableHeader>
          <TableHeader className="max-lg:hidden">Begins with</TableHeader>
          <TableHeader className="max-sm:hidden">State</TableHeader>
          <TableHeader className="max-lg:hidden">Last used</TableHeader>
          <TableHeader className="max-lg:hidden">Created</TableHeader>
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
            <TableHeader scope="row" className="[overflow-wrap:anywhere] sm:min-w-44">
              {item.name}
              {item.reports && (
                <span className="text-muted block font-normal">{item.reports.displayName} reports what it revokes</span>
              )}
              <span className="text-muted mt-0.5 flex flex-col items-start gap-1 text-sm font-normal lg:hidden">
                <code>{item.prefix}…</code>
                <span className="sm:hidden">
                  <State item={item} />
                </span>
                {item.lastUsedAt && (
                  <span>
                    Last used <RelativeTime iso={item.lastUsedAt} />
                  </span>
                )}
              </span>
            </TableHeader>
            <TableCell className="max-lg:hidden">
              <code className="text-sm">{item.prefix}…</code>
            </TableCell>
            <TableCell className="max-sm:hidden">
              <State item={item} />
            </TableCell>
            <TableCell className="text-muted max-lg:hidden">
              {item.lastUsedAt ? <RelativeTime iso={item.lastUsedAt} /> : "Never"}
            </TableCell>
            <TableCell className="text-muted max-lg:hidden">
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
