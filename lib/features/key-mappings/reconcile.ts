import { listUnresolvedKeyMappings, updateKeyMapping } from "#lib/data/key-mappings.ts";
import { isAppError } from "#lib/foundation/errors.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { Dependencies } from "../context.ts";
import { systemContext } from "../system.ts";
import { outcomeOf, settleAudited, type QueryContext } from "../verb.ts";
import { isHeld, lookAfterSeconds, takeOver } from "./lease.ts";
import {
  performOperation,
  reconcileJob,
  reconcileKeysJob,
  settleOperation,
  type Result,
  type Work,
} from "./operation.ts";
import { lockOwnKeys } from "./subject.ts";

/** How a look at some keys ended. */
export type Reconciliation =
  /** Nothing was unfinished, or a person must decide. */
  | "nothing_to_do"
  /** A try may still be talking to the key manager. */
  | "held"
  | "finished"
  /** The key manager could not tell; look again later. */
  | "unresolved";

/**
 * Brings an interrupted operation on some keys to its end: adopts a client whose registration was never
 * recorded, registers only where it is proved that there is none, repeats what can be repeated, and asks
 * for a person where nobody can know. Safe to repeat, and to run twice at once: one run takes the
 * operation over, the others find it held.
 */
export async function reconcileKeyMapping(deps: Dependencies, tenantId: TenantId, id: string): Promise<Reconciliation> {
  const ctx = await systemContext(deps, tenantId);
  if (!ctx) return "nothing_to_do";
  const taken = await deps.database.inTenant(tenantId, (tx) => takeUnfinished({ ...ctx, ...tx }, id));
  if (typeof taken === "string") return taken;

  const outcome = await outcomeOf(performOperation(ctx, taken));
  const result = await settleAudited(ctx, "key_mapping.reconcile", (mutation) =>
    settleOperation(mutation, taken, outcome),
  );
  const { operation } = taken.intent;
  deps.log.info({ keyMappingId: id, tenantId, operation, result: result.kind }, "keys reconciled");
  return conclude(result);
}

/** Takes an unfinished operation over, unless somebody holds it or only a person can go on with it. */
async function takeUnfinished(ctx: QueryContext, id: string): Promise<Work | "nothing_to_do" | "held"> {
  const subject = await lockOwnKeys(ctx, id).catch((error: unknown) => {
    if (isAppError(error) && error.code === "key_mapping.not_found") return null;
    throw error;
  });
  if (!subject?.mapping.intent || subject.mapping.state === "NEEDS_ATTENTION") return "nothing_to_do";
  if (isHeld(ctx.deps.clock, subject.mapping.intent)) return "held";
  const intent = takeOver(ctx.deps.clock, subject.mapping.intent);
  await ctx.deps.jobs.enqueue(ctx, reconcileJob(ctx, id, lookAfterSeconds));
  return { ...subject, mapping: await updateKeyMapping(ctx, subject.mapping.id, { intent }), intent, again: true };
}

function conclude(result: Result): Reconciliation {
  switch (result.kind) {
    case "done":
    case "removed":
      return "finished";
    case "finishing":
      return result.subject.mapping.state === "NEEDS_ATTENTION" ? "finished" : "unresolved";
    case "refused":
      // A deletion that is refused today may be allowed tomorrow.
      return result.stillOpen ? "unresolved" : "finished";
    case "overtaken":
      return "held";
  }
}

/** Operations that nobody has touched for this long are looked at, whatever became of their jobs. */
const forgottenAfterMs = 5 * 60_000;
const atOnce = 200;

/** Enqueues a look at every operation that has been unfinished for minutes. @returns how many */
export async function reconcileForgotten(deps: Dependencies): Promise<number> {
  const before = new Date(deps.clock.now().getTime() - forgottenAfterMs);
  const forgotten = await deps.database.inInstallation((tx) =>
    listUnresolvedKeyMappings(tx, { before, limit: atOnce }),
  );
  for (const { id, tenantId } of forgotten) {
    await deps.database.inTenant(tenantId, (tx) =>
      deps.jobs.enqueue(tx, { kind: reconcileKeysJob, tenantId, subjectId: id }),
    );
  }
  return forgotten.length;
}
