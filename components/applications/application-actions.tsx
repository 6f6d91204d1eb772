"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { Button } from "#components/ui/button.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { Menu, MenuItem } from "#components/ui/menu.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type {
  ApplicationDeletion,
  ApplicationDetailView,
  ApplicationView,
  EditApplicationInput,
} from "#lib/features/applications/contract.ts";
import { ApplicationDialog } from "./application-dialog.tsx";
import { RemoveKeysFirst } from "./remove-keys-first.tsx";

type ApplicationActionsProps = {
  application: ApplicationDetailView;
  update: (input: EditApplicationInput) => Promise<ActionResult<ApplicationView>>;
  remove: (input: { id: string }) => Promise<ActionResult<ApplicationDeletion>>;
};

/** What can be done to an application as a whole. */
export function ApplicationActions({ application, update, remove }: ApplicationActionsProps) {
  const router = useRouter();
  const [deleting, setDeleting] = useState(false);
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
        <MenuItem danger onSelect={() => setDeleting(true)}>
          Delete application…
        </MenuItem>
      </Menu>
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
