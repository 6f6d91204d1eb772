"use client";

import { Activity, Pencil, Trash2, Users } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { Menu, MenuItem, MenuSeparator } from "#components/ui/menu.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { tenantPlace, type KeyManagerPlace } from "./place.ts";

type KeyManagerMenuProps = {
  item: {
    id: string;
    name: string;
    displayName: string;
    permanent: boolean;
    usage: { apis: number; applications: number };
  };
  remove: (input: { id: string }) => Promise<ActionResult<unknown>>;
  of?: KeyManagerPlace;
  /** Runs after it was deleted. */
  onRemoved?: () => void;
};

/** What can be done with one key manager. */
export function KeyManagerMenu({ item, remove, of = tenantPlace, onRemoved }: KeyManagerMenuProps) {
  const [asking, setAsking] = useState(false);
  const page = `${of.base}/${item.id}`;
  const used = item.usage.apis + item.usage.applications > 0;
  const why = item.permanent ? "built in" : used ? "in use" : undefined;
  return (
    <>
      <Menu label={`Actions for ${item.displayName}`}>
        <MenuItem href={`${page}/settings`} icon={Pencil}>
          Edit settings
        </MenuItem>
        <MenuItem href={`${page}/test`} icon={Activity}>
          Test connection
        </MenuItem>
        <MenuItem href={`${page}/${of.usage}`} icon={Users}>
          Who uses it
        </MenuItem>
        <MenuSeparator />
        <MenuItem danger icon={Trash2} disabled={why !== undefined} aside={why} onSelect={() => setAsking(true)}>
          Delete…
        </MenuItem>
      </Menu>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={`Delete ${item.displayName}?`}
        description="Its settings and stored credentials are gone for good. Nothing is changed at the authorization server."
        confirmLabel="Delete key manager"
        typeToConfirm={item.name}
        onConfirm={async () => {
          const result = await remove({ id: item.id });
          if (result.ok) {
            toast.success(`${item.displayName} is deleted.`);
            onRemoved?.();
          }
          return result;
        }}
      />
    </>
  );
}
