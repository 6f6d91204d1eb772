"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { announce } from "#components/ui/announce.ts";
import { Button } from "#components/ui/button.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { Menu, MenuItem } from "#components/ui/menu.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { ApiStatus } from "#lib/features/apis/contract.ts";

type Change = "publish" | "unpublish" | "retire";

type ApiActionsProps = {
  api: { id: string; name: string; status: ApiStatus };
  changeStatus: (input: { id: string; change: Change }) => Promise<ActionResult<unknown>>;
  remove: (input: { id: string }) => Promise<ActionResult<unknown>>;
};

/** Publish, withdraw, retire, delete: what the state of the API allows. */
export function ApiActions({ api, changeStatus, remove }: ApiActionsProps) {
  const router = useRouter();
  const [asking, setAsking] = useState<"unpublish" | "retire" | "delete" | null>(null);
  const [pending, setPending] = useState(false);
  const published = api.status === "PUBLISHED";

  async function publish() {
    setPending(true);
    const done = `${api.name} is published. Gateways follow within seconds.`;
    await announce(() => changeStatus({ id: api.id, change: "publish" }), done);
    setPending(false);
  }

  return (
    <>
      {!published && (
        <Button variant="primary" onClick={publish} pending={pending}>
          Publish
        </Button>
      )}
      <Menu label={`Actions for ${api.name}`}>
        {published && <MenuItem onSelect={() => setAsking("unpublish")}>Withdraw…</MenuItem>}
        {api.status !== "RETIRED" && <MenuItem onSelect={() => setAsking("retire")}>Retire…</MenuItem>}
        <MenuItem danger onSelect={() => setAsking("delete")}>
          Delete…
        </MenuItem>
      </Menu>
      <ConfirmDialog
        open={asking === "unpublish" || asking === "retire"}
        onOpenChange={(open) => !open && setAsking(null)}
        title={asking === "retire" ? `Retire ${api.name}?` : `Withdraw ${api.name}?`}
        description="Gateways refuse every call to it within seconds. Subscriptions stay, and publishing it again lets calls in."
        confirmLabel={asking === "retire" ? "Retire API" : "Withdraw API"}
        onConfirm={() => changeStatus({ id: api.id, change: asking === "retire" ? "retire" : "unpublish" })}
      />
      <ConfirmDialog
        open={asking === "delete"}
        onOpenChange={(open) => !open && setAsking(null)}
        title={`Delete ${api.name}?`}
        description="The API, its resources and its scopes are gone for good. It cannot be deleted while applications are subscribed."
        confirmLabel="Delete API"
        typeToConfirm={api.name}
        onConfirm={async () => {
          const result = await remove({ id: api.id });
          if (result.ok) router.push("/creator/apis");
          return result;
        }}
      />
    </>
  );
}
