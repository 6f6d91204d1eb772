"use client";

import { toast } from "sonner";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { RevokedView } from "#lib/features/revocations/contract.ts";

type RevokeIssuedDialogProps = {
  /** Whose tokens: "the application Web shop", "these keys". */
  whose: string;
  /** The key manager that issued them, where it is one alone. */
  from?: string;
  revoke: () => Promise<ActionResult<RevokedView>>;
  open: boolean;
  onOpenChange: (open: boolean) => void;
};

/** Asks before the tokens that an application or some keys got so far are revoked, and says what follows. */
export function RevokeIssuedDialog({ whose, from, revoke, open, onOpenChange }: RevokeIssuedDialogProps) {
  const issued = from ? `${whose} got from ${from}` : `${whose} got`;
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title="Revoke tokens issued so far?"
      description={`Within five seconds gateways refuse every access token that ${issued} until now. Programs must get new ones, which they can at once: consumer keys, secrets and refresh tokens go on working. This cannot be undone.`}
      confirmLabel="Revoke tokens"
      onConfirm={async () => {
        const result = await revoke();
        if (!result.ok) return result;
        toast.success(
          result.value.count === 0
            ? "There was nothing to revoke: there is no consumer key yet."
            : "Revoked. Gateways refuse these tokens within five seconds.",
        );
        return result;
      }}
    />
  );
}
