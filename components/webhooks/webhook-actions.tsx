"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { announce } from "#components/ui/announce.ts";
import { Button } from "#components/ui/button.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { Menu, MenuItem } from "#components/ui/menu.tsx";
import { reached } from "#components/ui/reached.ts";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { DeliveryView, WebhookView } from "#lib/features/webhooks/contract.ts";

type WebhookActionsProps = {
  webhook: WebhookView;
  actions: {
    test: (input: { id: string }) => Promise<ActionResult<Omit<DeliveryView, "id" | "at">>>;
    setEnabled: (input: { id: string; enabled: boolean }) => Promise<ActionResult<WebhookView>>;
    remove: (input: { id: string }) => Promise<ActionResult<{ name: string }>>;
  };
};

/** What can be done to a webhook. */
export function WebhookActions({ webhook: { id, name, enabled }, actions }: WebhookActionsProps) {
  const router = useRouter();
  const [testing, setTesting] = useState(false);
  const [deleting, setDeleting] = useState(false);

  async function test() {
    setTesting(true);
    const result = await reached(actions.test({ id }));
    setTesting(false);
    if (!result.ok) toast.error(result.problem.message);
    else if (result.value.delivered) toast.success("The test was taken.");
    else toast.error(`The test was not taken. ${result.value.problem ?? ""}`);
  }

  function toggle() {
    const done = enabled ? `${name} is told nothing any more.` : `${name} is told what changes from now on.`;
    void announce(
      () => actions.setEnabled({ id, enabled: !enabled }),
      done,
      () => actions.setEnabled({ id, enabled }),
    );
  }

  return (
    <>
      <Button onClick={() => void test()} pending={testing}>
        Send a test
      </Button>
      <Menu label={`Actions for ${name}`}>
        <MenuItem onSelect={toggle}>{enabled ? "Disable" : "Enable"}</MenuItem>
        <MenuItem danger onSelect={() => setDeleting(true)}>
          Delete webhook…
        </MenuItem>
      </Menu>
      <ConfirmDialog
        open={deleting}
        onOpenChange={setDeleting}
        title={`Delete ${name}?`}
        description="It is told nothing any more, and its secret and its deliveries are gone. This cannot be undone."
        confirmLabel="Delete webhook"
        onConfirm={async () => {
          const result = await actions.remove({ id });
          if (!result.ok) return result;
          toast.success(`${name} is deleted.`);
          router.push("/admin/webhooks");
          return result;
        }}
      />
    </>
  );
}
