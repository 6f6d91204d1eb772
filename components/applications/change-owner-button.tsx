"use client";

import { useState } from "react";
import { Button } from "#components/ui/button.tsx";
import type { AdministeredApplicationView } from "#lib/features/applications/contract.ts";
import { ChangeOwnerDialog, type OwnerActions } from "./change-owner-dialog.tsx";

type ChangeOwnerButtonProps = { application: AdministeredApplicationView; actions: OwnerActions };

/** The button that gives somebody's application to somebody else. */
export function ChangeOwnerButton({ application, actions }: ChangeOwnerButtonProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="primary" onClick={() => setOpen(true)}>
        Change owner
      </Button>
      <ChangeOwnerDialog application={application} actions={actions} open={open} onOpenChange={setOpen} />
    </>
  );
}
