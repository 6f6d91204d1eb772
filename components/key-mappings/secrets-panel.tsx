"use client";

import { useState } from "react";
import { toast } from "sonner";
import { Badge, type Tone } from "#components/ui/badge.tsx";
import { Button } from "#components/ui/button.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { reached } from "#components/ui/reached.ts";
import type { KeysOutcome, KeysView, SecretsView, SecretView } from "#lib/features/key-mappings/contract.ts";
import type { KeysActions } from "./actions.ts";
import { AddSecretDialog } from "./add-secret-dialog.tsx";

type SecretsPanelProps = {
  keys: KeysView;
  secrets: SecretsView;
  actions: KeysActions;
  settle: (outcome: KeysOutcome) => void;
};

/** The secrets of a client, as its key manager last told them: which there are, a further one, and the end of one. */
export function SecretsPanel({ keys, secrets, actions, settle }: SecretsPanelProps) {
  const [reading, setReading] = useState(false);
  const [removing, setRemoving] = useState<SecretView | null>(null);
  const name = keys.keyManager.displayName;
  const isIdle = keys.operation === null && keys.keyManager.enabled;

  async function read() {
    setReading(true);
    const result = await reached(actions.readSecrets({ id: keys.id }));
    setReading(false);
    if (!result.ok) toast.error(result.problem.message);
  }

  return (
    <section aria-label="Consumer secrets" className="border-line flex min-w-0 flex-col gap-3 border-t pt-4">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="font-medium">Consumer secrets</h3>
        <div className="flex flex-wrap items-center gap-2">
          {secrets.readAt && (
            <span className="text-muted text-sm">
              Read <RelativeTime iso={secrets.readAt} />
            </span>
          )}
          <Button size="sm" pending={reading} disabled={!isIdle} onClick={() => void read()}>
            {secrets.readAt ? "Read again" : "Show secrets"}
          </Button>
          {secrets.readAt && isIdle && !secrets.additionProblem && (
            <AddSecretDialog keys={keys} add={actions.addSecret} settle={settle} />
          )}
        </div>
      </div>
      {secrets.readAt === null ? (
        <p className="text-muted max-w-[70ch]">
          {name} keeps several secrets of a client, each with an end of its own. It is asked which there are only when
          you want to see them.
        </p>
      ) : secrets.items.length === 0 ? (
        <p className="text-muted">{name} has no secret for this client.</p>
      ) : (
        <ul className="divide-line border-line flex flex-col divide-y rounded-lg border">
          {secrets.items.map((secret) => (
            <SecretRow key={secret.id} secret={secret} remove={isIdle ? () => setRemoving(secret) : null} />
          ))}
        </ul>
      )}
      {secrets.readAt && secrets.additionProblem && <p className="text-muted text-sm">{secrets.additionProblem}</p>}
      <ConfirmDialog
        open={removing !== null}
        onOpenChange={(open) => !open && setRemoving(null)}
        title={`Remove the secret ${removing ? nameOf(removing) : ""}?`}
        description={`Programs that use it get no new tokens of ${name} from then on. This cannot be undone.`}
        confirmLabel="Remove secret"
        onConfirm={async () => {
          const result = await actions.removeSecret({ id: keys.id, secretId: removing?.id ?? "" });
          if (result.ok && result.value.outcome === "done") toast.success("The secret is removed.");
          if (result.ok && result.value.outcome === "finishing") toast.warning(result.value.message);
          return result;
        }}
      />
    </section>
  );
}

const states: Record<SecretView["state"], { tone: Tone; word: string }> = {
  active: { tone: "good", word: "Active" },
  expired: { tone: "bad", word: "Expired" },
  ended: { tone: "neutral", word: "Not accepted" },
};

/** What people recognise a secret by. */
function nameOf({ description, hint, id }: SecretView): string {
  return description ?? hint ?? id;
}

function SecretRow({ secret, remove }: { secret: SecretView; remove: (() => void) | null }) {
  const { hint, description, createdAt, expiresAt, state, isStored, removalProblem } = secret;
  const { tone, word } = states[state];
  return (
    <li className="flex min-w-0 flex-wrap items-center justify-between gap-x-4 gap-y-2 px-3 py-2">
      <div className="flex min-w-0 flex-1 basis-56 flex-col gap-0.5">
        <span className="flex min-w-0 flex-wrap items-center gap-2">
          <code className="min-w-0 text-sm break-all">{hint ?? secret.id}</code>
          <Badge tone={tone}>{word}</Badge>
          {isStored && <Badge icon={null}>Used here</Badge>}
        </span>
        {description && <span className="min-w-0 break-words">{description}</span>}
        <span className="text-muted text-sm">
          {createdAt ? (
            <>
              Made <RelativeTime iso={createdAt} />
            </>
          ) : (
            "The key manager does not tell when it was made"
          )}
          {expiresAt && (
            <>
              {" "}
              · {state === "expired" ? "ended" : "ends"} <RelativeTime iso={expiresAt} />
            </>
          )}
        </span>
        {removalProblem && <span className="text-muted text-sm">{removalProblem}</span>}
      </div>
      {remove && !removalProblem && (
        <Button size="sm" variant="ghost" aria-label={`Remove the secret ${nameOf(secret)}`} onClick={remove}>
          Remove…
        </Button>
      )}
    </li>
  );
}
