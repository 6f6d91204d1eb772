"use client";

import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { toast } from "sonner";
import { Button } from "#components/ui/button.tsx";
import { ConfirmDialog } from "#components/ui/confirm-dialog.tsx";
import { Notice } from "#components/ui/notice.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Steps, type Step } from "#components/ui/steps.tsx";
import { reached } from "#components/ui/reached.ts";
import type { KeyOperation, KeysOutcome, KeysView } from "#lib/features/key-mappings/contract.ts";
import type { KeysActions } from "./actions.ts";
import { RemoveKeysDialog } from "./remove-keys-dialog.tsx";
import type { HandedBack } from "./replaced-token.tsx";

type UnfinishedKeysProps = {
  keys: KeysView;
  actions: KeysActions;
  settle: (outcome: KeysOutcome) => void;
  handBack: (handedBack: HandedBack) => void;
};

/** Milliseconds between looks while something goes on in the background. */
const lookEveryMs = 4_000;

const atServer: Record<KeyOperation, (name: string) => string> = {
  register: (name) => `Registering at ${name}`,
  update: (name) => `Changing the client at ${name}`,
  rotate: (name) => `Replacing the consumer secret at ${name}`,
  grant: (name) => `Granting the scopes at ${name}`,
  change_owner: (name) => `Giving the client to its new owner at ${name}`,
  add_secret: (name) => `Making a further consumer secret at ${name}`,
  remove_secret: (name) => `Removing the consumer secret at ${name}`,
  delete: (name) => `Deleting the client at ${name}`,
};

/** Keys whose last operation is not over, or ended badly: where it stands, and the way on. */
export function UnfinishedKeys({ keys, actions, settle, handBack }: UnfinishedKeysProps) {
  const router = useRouter();
  const [pending, setPending] = useState(false);
  const [asking, setAsking] = useState<"remove" | "forget" | "again" | null>(null);
  const { state, operation, failure, keyManager, standsAtServer } = keys;
  const isFailed = state === "FAILED";
  const needsPerson = state === "NEEDS_ATTENTION";
  const goesOn = operation !== null && !needsPerson;
  const isGone = needsPerson && operation === null;

  useEffect(() => {
    if (!goesOn) return;
    const timer = setInterval(() => router.refresh(), lookEveryMs);
    return () => clearInterval(timer);
  }, [goesOn, router]);

  async function resume(acceptDuplicate = false) {
    setPending(true);
    const result = await reached(actions.resume({ id: keys.id, acceptDuplicate }));
    setPending(false);
    if (!result.ok) return result;
    if (result.value.outcome === "removed") {
      toast.success("The keys are removed.");
      return result;
    }
    if (result.value.outcome === "finishing") toast.warning(result.value.message);
    settle(result.value);
    return result;
  }
  async function resumeAloud() {
    const result = await resume();
    if (!result.ok) toast.error(result.problem.message);
  }

  const resumable = operation !== null && !operation.running && !needsPerson;
  return (
    <div className="flex min-w-0 flex-col gap-4">
      {operation && goesOn && <Steps label="Progress" steps={stepsOf(operation, keys)} />}
      {isFailed && (
        <Notice tone="bad" title="No client was registered">
          <p>{failure?.message}</p>
          <p>Ask once more for the same, or discard the attempt and choose differently.</p>
        </Notice>
      )}
      {needsPerson && (
        <Notice
          tone="bad"
          title={isGone ? "These keys do not work" : `Ask the administrator of ${keyManager.displayName}`}
        >
          {failure?.message}
        </Notice>
      )}
      <div className="flex flex-wrap gap-2">
        {isFailed && (
          <Button variant="primary" pending={pending} onClick={() => void resumeAloud()}>
            Try again
          </Button>
        )}
        {resumable && (
          <Button variant="primary" pending={pending} onClick={() => void resumeAloud()}>
            Finish now
          </Button>
        )}
        {needsPerson && operation?.kind === "register" && (
          <Button onClick={() => setAsking("again")}>Register again…</Button>
        )}
        {isFailed && <Button onClick={() => setAsking("remove")}>Discard attempt…</Button>}
        {isGone && <Button onClick={() => setAsking("remove")}>Remove keys…</Button>}
        {resumable && operation.kind === "register" && (
          <Button onClick={() => setAsking("remove")}>Undo at {keyManager.displayName}…</Button>
        )}
        {standsAtServer && (needsPerson || (resumable && state !== "ACTIVE")) && (
          <Button variant="ghost" onClick={() => setAsking("forget")}>
            Forget keys…
          </Button>
        )}
      </div>
      <ConfirmDialog
        open={asking === "again"}
        onOpenChange={(open) => !open && setAsking(null)}
        tone="primary"
        title="Register a client again?"
        description={`${keyManager.displayName} may hold a client of the interrupted attempt already. It would stay there unused until its administrator deletes it.`}
        confirmLabel="Register again"
        onConfirm={() => resume(true)}
      />
      <RemoveKeysDialog
        keys={keys}
        remove={actions.remove}
        handBack={handBack}
        open={asking === "remove"}
        onOpenChange={(open) => !open && setAsking(null)}
      />
      <RemoveKeysDialog
        keys={keys}
        remove={actions.remove}
        handBack={handBack}
        forget
        open={asking === "forget"}
        onOpenChange={(open) => !open && setAsking(null)}
      />
    </div>
  );
}

function stepsOf(operation: NonNullable<KeysView["operation"]>, { failure, keyManager }: KeysView): Step[] {
  const name = keyManager.displayName;
  return [
    {
      id: "asked",
      title: "Asked for, and noted here",
      state: "passed",
      detail: (
        <>
          <RelativeTime iso={operation.startedAt} />
          {operation.kind === "delete" && " · Gateways refuse the tokens of these keys already."}
        </>
      ),
    },
    {
      id: "server",
      title: atServer[operation.kind](name),
      state: operation.running || !failure ? "running" : "open",
      detail: operation.running ? "Waiting for its answer." : (failure?.message ?? "We look whether it was done."),
    },
    { id: "stored", title: "Answer stored", state: "waiting" },
  ];
}
