"use client";

import { useState } from "react";
import { Button } from "#components/ui/button.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { RevokedView } from "#lib/features/revocations/contract.ts";
import { RevokeIssuedDialog } from "./revoke-issued-dialog.tsx";

type RevokeIssuedButtonProps = {
  application: { id: string; name: string };
  revoke: (input: { id: string }) => Promise<ActionResult<RevokedView>>;
};

/** The button with which an administrator revokes what somebody's application got so far. */
export function RevokeIssuedButton({ application: { id, name }, revoke }: RevokeIssuedButtonProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>Revoke tokens…</Button>
      <RevokeIssuedDialog
        whose={`the application ${name}`}
        revoke={() => revoke({ id })}
        open={open}
        onOpenChange={setOpen}
      />
    </>
  );
}
