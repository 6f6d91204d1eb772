"use client";

import { Button } from "#components/ui/button.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";

type UnsubscribeButtonProps = {
  id: string;
  applicationName: string;
  apiName: string;
  unsubscribe: (input: { id: string }) => Promise<ActionResult<unknown>>;
};

/** Ends a subscription, after saying what will fail. */
export function UnsubscribeButton({ id, applicationName, apiName, unsubscribe }: UnsubscribeButtonProps) {
  return (
    <ConfirmDialog
      trigger={
        <Button size="sm" aria-label={`Unsubscribe ${applicationName} from ${apiName}`}>
          Unsubscribe
        </Button>
      }
      title={`Unsubscribe ${applicationName} from ${apiName}?`}
      description="Gateways refuse its calls to this API within seconds. The application's keys and its other subscriptions stay."
      confirmLabel="Unsubscribe"
      onConfirm={() => unsubscribe({ id })}
    />
  );
}
