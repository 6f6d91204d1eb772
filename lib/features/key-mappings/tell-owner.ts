/** Key managers that hold an owner follow when an application changes hands. */
import { listDueOwnerChanges, markOwnerChangesDue } from "#lib/data/key-mappings.ts";
import { isAppError } from "#lib/foundation/errors.ts";
import type { ApplicationId, KeyManagerId, TenantId } from "#lib/foundation/ids.ts";
import type { Dependencies } from "../context.ts";
import { systemContext } from "../system.ts";
import { outcomeOf, settleAudited, type QueryContext } from "../verb.ts";
import { beginOperation } from "./begin.ts";
import { lookAfterSeconds } from "./lease.ts";
import { performOperation, settleOperation, type Work } from "./operation.ts";
import { tellOwnerJob, tellOwnerKind } from "./owners.ts";
import { lockOwnKeys } from "./subject.ts";

/**
 * Lets some key managers be told who owns an application, in the transaction of the change.
 *
 * @returns how many clients this concerns
 */
export async function requestOwnerChange(
  ctx: QueryContext,
  concerned: { applicationId: ApplicationId; keyManagerIds: readonly KeyManagerId[] },
): Promise<number> {
  const marked = await markOwnerChangesDue(ctx, concerned, ctx.deps.clock.now());
  for (const id of marked) await ctx.deps.jobs.enqueue(ctx, tellOwnerJob(ctx, id));
  return marked.length;
}

/**
 * Tells the key manager of some keys who owns the application now. Safe to repeat. What is refused is noted with the
 * key manager's words, and tried again ever later; it never takes anything from the new owner.
 */
export async function tellOwner(deps: Dependencies, tenantId: TenantId, id: string): Promise<void> {
  const ctx = await systemContext(deps, tenantId);
  if (!ctx) return;
  const begun = await deps.database.inTenant(tenantId, (tx) => begin({ ...ctx, ...tx }, id));
  if (begun === null) return;
  const outcome = await outcomeOf(performOperation(ctx, begun));
  await settleAudited(ctx, tellOwnerKind, (mutation) => settleOperation(mutation, begun, outcome));
}

/** @returns null where nothing is to be done, or not now */
async function begin(ctx: QueryContext, id: string): Promise<Work | null> {
  const subject = await lockOwnKeys(ctx, id).catch((error: unknown) => {
    if (isAppError(error) && error.code === "key_mapping.not_found") return null;
    throw error;
  });
  if (!subject?.mapping.ownerChange) return null;
  const { mapping, application, keyManager } = subject;
  if (mapping.intent) {
    await ctx.deps.jobs.enqueue(ctx, tellOwnerJob(ctx, id, lookAfterSeconds));
    return null;
  }
  // The sweep comes back to it when the key manager is enabled again.
  if (mapping.state !== "ACTIVE" || !keyManager.enabled) return null;
  return beginOperation(ctx, { operation: "change_owner", subject, ownerId: application.ownerId });
}

/** What has been due for so long has lost its job. */
const forgottenAfterMs = 5 * 60_000;
const atOnce = 200;

/** Enqueues a look at every client whose key manager should have been told an owner minutes ago. @returns how many */
export async function tellForgottenOwners(deps: Dependencies): Promise<number> {
  const before = new Date(deps.clock.now().getTime() - forgottenAfterMs);
  const due = await deps.database.inInstallation((tx) => listDueOwnerChanges(tx, { before, limit: atOnce }));
  for (const { id, tenantId } of due) {
    await deps.database.inTenant(tenantId, (tx) =>
      deps.jobs.enqueue(tx, { kind: tellOwnerKind, tenantId, subjectId: id }),
    );
  }
  return due.length;
}
