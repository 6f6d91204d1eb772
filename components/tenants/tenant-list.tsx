"use client";

import { CirclePause, CirclePlay } from "lucide-react";
import { useState } from "react";
import { announce } from "#components/ui/announce.ts";
import { Badge } from "#components/ui/badge.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { Menu, MenuItem } from "#components/ui/menu.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#components/ui/table.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { TenantView } from "#lib/features/tenants/contract.ts";

type SetActive = (input: { id: string; active: boolean }) => Promise<ActionResult<unknown>>;

export function TenantList({ tenants, setActive }: { tenants: readonly TenantView[]; setActive: SetActive }) {
  const [suspending, setSuspending] = useState<TenantView | null>(null);

  return (
    <>
      <Table label="Tenants">
        <TableHead>
          <TableRow>
            <TableHeader>Tenant</TableHeader>
            <TableHeader>Address</TableHeader>
            <TableHeader>State</TableHeader>
            <TableHeader className="text-right">People</TableHeader>
            <TableHeader className="text-right">Key managers</TableHeader>
            <TableHeader className="text-right">APIs</TableHeader>
            <TableHeader>Created</TableHeader>
            <TableHeader>
              <span className="sr-only">Actions</span>
            </TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {tenants.map((tenant) => (
            <TableRow key={tenant.id}>
              <TableHeader scope="row">{tenant.name}</TableHeader>
              <TableCell className="font-mono text-sm">{tenant.slug}</TableCell>
              <TableCell>
                {tenant.isActive ? <Badge tone="good">Active</Badge> : <Badge tone="warn">Suspended</Badge>}
              </TableCell>
              <TableCell numeric>{tenant.people}</TableCell>
              <TableCell numeric>{tenant.keyManagers}</TableCell>
              <TableCell numeric>{tenant.apis}</TableCell>
              <TableCell>
                <RelativeTime iso={tenant.createdAt} />
              </TableCell>
              <TableCell className="text-right">
                <Menu label={`Actions for ${tenant.name}`}>
                  {tenant.isActive ? (
                    <MenuItem icon={CirclePause} danger onSelect={() => setSuspending(tenant)}>
                      Suspend
                    </MenuItem>
                  ) : (
                    <MenuItem
                      icon={CirclePlay}
                      onSelect={() =>
                        void announce(
                          () => setActive({ id: tenant.id, active: true }),
                          `${tenant.name} is active again.`,
                        )
                      }
                    >
                      Reactivate
                    </MenuItem>
                  )}
                </Menu>
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {suspending && (
        <ConfirmDialog
          open
          onOpenChange={(open) => !open && setSuspending(null)}
          title={`Suspend ${suspending.name}?`}
          description="Its people are signed out at once, its authorization server issues nothing, and gateways refuse its tokens within seconds. Nothing is deleted; you can reactivate it."
          confirmLabel="Suspend tenant"
          typeToConfirm={suspending.slug}
          onConfirm={() => setActive({ id: suspending.id, active: false })}
        />
      )}
    </>
  );
}
