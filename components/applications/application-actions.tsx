"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { RevokeIssuedDialog } from "#components/revocations/revoke-issued-dialog.tsx";
import { Button } from "#components/ui/button.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { Menu, MenuItem, MenuSeparator } from "#components/ui/menu.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type {
  AdministeredApplicationView,
  ApplicationDeletion,
  ApplicationDetailView,
  ApplicationView,
  EditApplicationInput,
} from "#lib/features/applications/contract.ts";
import type { RevokedView } from "#lib/features/revocations/contract.ts";
import { ApplicationDialog } from "./application-dialog.tsx";
import { ChangeOwnerDialog, type OwnerActions } from "./change-owner-dialog.tsx";
import { RemoveKeysFirst } from "./remove-keys-first.tsx";

type ApplicationActionsProps = {
  application: ApplicationDetailView;
  update: (input: EditApplicationInput) => Promise<ActionResult<ApplicationView>>;
  remove: (input: { id: string }) => Promise<ActionResult<ApplicationDeletion>>;
  revokeTokens: (input: { id: string }) => Promise<ActionResult<RevokedView>>;
  /** For an owner who is an administrator as well; null for others. */
  ownership: { application: AdministeredApplicationView; actions: OwnerActions } | null;
};

/** What can be done to an application as a whole. */
export function ApplicationActions({ application, update, remove, revokeTokens, ownership }: ApplicationActionsProps) {
  const router = useRouter();
  const [deleting, setDeleting] = useState(false);
  const [revoking, setRevoking] = useState(false);
  const [givingAway, setGivingAway] = useState(false);
  const { id, name, removeFirst } = application;

  async function confirm() {
    const result = await remove({ id });
    if (!result.ok) return result;
    if (!result.value.deleted) {
      const { message, remaining } = result.value;
      const reasons = remaining.map(({ reason }) => reason).join(" ");
      return { ok: false as const, problem: { code: "unavailable", message: `${reasons} ${message}`, fields: [] } };
    }
    toast.success(`${name} is deleted.`);
    router.push("/developer/applications");
    return result;
  }

  return (
    <>
      <ApplicationDialog
        application={application}
        save={(input) => update({ ...input, id })}
        trigger={<Button>Edit</Button>}
      />
      <Menu label="More actions">
        {ownership && (
          <>
            <MenuItem onSelect={() => setGivingAway(true)}>Change owner…</MenuItem>
            <MenuSeparator />
          </>
        )}
        <MenuItem onSelect={() => setRevoking(true)}>Revoke tokens issued so far…</MenuItem>
        <MenuItem danger onSelect={() => setDeleting(true)}>
          Delete application…
        </MenuItem>
      </Menu>
      {ownership && (
        <ChangeOwnerDialog
          {...ownership}
          open={givingAway}
          onOpenChange={setGivingAway}
          onChanged={() => router.push("/developer/applications")}
        />
      )}
      <RevokeIssuedDialog
        whose={`the application ${name}`}
        revoke={() => revokeTokens({ id })}
        open={revoking}
        onOpenChange={setRevoking}
      />
      <RemoveKeysFirst application={application} open={deleting && removeFirst.length > 0} onOpenChange={setDeleting} />
      <ConfirmDialog
        open={deleting && removeFirst.length === 0}
        onOpenChange={setDeleting}
        title={`Delete ${name}?`}
        description="Its subscriptions end, and its keys stop working at every gateway. OAuth clients that were generated here are deleted at their key managers; mapped ones stay there."
        confirmLabel="Delete application"
        typeToConfirm={name}
        onConfirm={confirm}
      />
    </>
  );
}
