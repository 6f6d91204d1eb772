"use client";

import { useEffect, useState } from "react";
import { toast } from "sonner";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import type { KeysView } from "#lib/features/key-mappings/contract.ts";
import type { KeysActions } from "./actions.ts";

/** Milliseconds after which a revealed secret is covered again. */
const coverAfterMs = 60_000;

/** The consumer secret: covered, and revealed on demand, which the audit notes. */
export function SecretFact({ keys, reveal }: { keys: KeysView; reveal: KeysActions["reveal"] }) {
  const [secret, setSecret] = useState<string | null>(null);
  const [pending, setPending] = useState(false);
  useEffect(() => {
    if (secret === null) return;
    const timer = setTimeout(() => setSecret(null), coverAfterMs);
    return () => clearTimeout(timer);
  }, [secret]);

  if (!keys.hasSecret) return <span className="text-muted">None is stored</span>;

  async function show() {
    setPending(true);
    const result = await reveal({ id: keys.id }).finally(() => setPending(false));
    if (result.ok) setSecret(result.value.consumerSecret);
    else toast.error(result.problem.message);
  }

  if (secret !== null) {
    return (
      <span className="flex min-w-0 flex-wrap items-center gap-1">
        <code className="min-w-0 text-sm break-all">{secret}</code>
        <CopyButton value={secret} label="Consumer secret" className="text-muted" />
        <Button variant="ghost" size="sm" onClick={() => setSecret(null)}>
          Cover
        </Button>
      </span>
    );
  }
  return (
    <span className="flex items-center gap-2">
      <span aria-hidden className="text-muted font-mono text-sm">
        ••••••••••••
      </span>
      {keys.can.reveal && (
        <Button variant="ghost" size="sm" pending={pending} onClick={() => void show()}>
          Reveal
        </Button>
      )}
    </span>
  );
}
