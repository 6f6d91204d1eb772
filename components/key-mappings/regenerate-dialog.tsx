import { useState } from "react";
import { Checkbox } from "#components/ui/checkbox.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { KeysOutcome, KeysView, RegenerateSecretInput } from "#lib/features/key-mappings/contract.ts";

type RegenerateDialogProps = {
  keys: KeysView;
  regenerate: (input: RegenerateSecretInput) => Promise<ActionResult<KeysOutcome>>;
  open: boolean;
  onOpenChange: (open: boolean) => void;
};

/** Asks before a consumer secret is replaced, and whether the old one may live on where the server knows of that. */
export function RegenerateDialog({ keys, regenerate, open, onOpenChange }: RegenerateDialogProps) {
  const [keepsOld, setKeepsOld] = useState(false);
  const { displayName, consumerSecrets } = keys.keyManager;
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={(next) => {
        if (!next) setKeepsOld(false);
        onOpenChange(next);
      }}
      title="Regenerate the consumer secret?"
      description={aboutRegenerating(keys, keepsOld)}
      confirmLabel="Regenerate secret"
      onConfirm={() => regenerate({ id: keys.id, keepsOld })}
    >
      {consumerSecrets.mayKeepOld && (
        <Checkbox
          label="Let the present secret work on for a while"
          help={`For as long as a policy of ${displayName} says. Where it has none, the present secret ends at once.`}
          checked={keepsOld}
          onChange={(event) => setKeepsOld(event.target.checked)}
        />
      )}
    </ConfirmDialog>
  );
}

function aboutRegenerating({ keyManager, secrets }: KeysView, keepsOld: boolean): string {
  const end = endOfPresent(keyManager.consumerSecrets.overlapSeconds, keepsOld);
  return secrets
    ? `${end} Other secrets of the client may end too. To keep them alive, add a further one instead.`
    : end;
}

const until = "programs that use it get no new tokens until they have the new one.";

function endOfPresent(overlapSeconds: number, keepsOld: boolean): string {
  if (keepsOld) return `The present secret works until the server ends it, then ${until}`;
  return overlapSeconds > 0
    ? `The present secret works up to ${String(overlapSeconds)} more seconds, then ${until}`
    : `The present secret stops working at once: ${until}`;
}
