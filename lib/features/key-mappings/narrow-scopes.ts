/** What a client was granted follows what its application may still have. */
import { listSubscribedScopes } from "#lib/data/applications.ts";
import type { TenantContext } from "#lib/data/database.ts";
import {
  listDueScopeGrants,
  markScopeGrantsDue,
  updateKeyMapping,
  type GrantsOf,
  type ScopeGrant,
} from "#lib/data/key-mappings.ts";
import { isAppError } from "#lib/foundation/errors.ts";
import type { ApiId, KeyMappingId, TenantId } from "#lib/foundation/ids.ts";
import type { Dependencies } from "../context.ts";
import { systemContext } from "../system.ts";
import { outcomeOf, settleAudited, type QueryContext } from "../verb.ts";
import { beginOperation } from "./begin.ts";
import { lookAfterSeconds } from "./lease.ts";
import { performOperation, settleOperation, type Work } from "./operation.ts";
import { lockOwnKeys } from "./subject.ts";

/** The kind of job that narrows what one client was granted; its subject is the key mapping. */
export const narrowScopesJob = "key_mapping.narrow_scopes";
/** The kind of job that finds the clients which an API's scopes concern, in every tenant; its subject is the API. */
export const narrowScopesOfApiJob = "key_mapping.narrow_scopes_of_api";

/** Lets the queue look at the scopes of some keys, in the transaction of the change that concerns them. */
export async function requestNarrowing(
  ctx: TenantContext & { deps: Pick<Dependencies, "jobs" | "clock"> },
  of: Exclude<GrantsOf, { apiId: ApiId }>,
): Promise<void> {
  const { jobs, clock } = ctx.deps;
  for (const { id } of await markScopeGrantsDue(ctx, of, clock.now())) {
    await jobs.enqueue(ctx, { kind: narrowScopesJob, tenantId: ctx.tenantId, subjectId: id });
  }
}

/** The same for everybody who may call an API, whichever tenant they belong to. */
export async function requestNarrowingOfApi(
  ctx: TenantContext & { deps: Pick<Dependencies, "jobs"> },
  apiId: ApiId,
): Promise<void> {
  await ctx.deps.jobs.enqueue(ctx, { kind: narrowScopesOfApiJob, tenantId: ctx.tenantId, subjectId: apiId });
}

/** Finds the keys that an API's scopes concern, and lets the queue look at each. */
export async function narrowScopesOfApi(deps: Dependencies, apiId: string): Promise<void> {
  const marked = await deps.database.inInstallation((tx) =>
    markScopeGrantsDue(tx, { apiId: apiId as ApiId }, deps.clock.now()),
  );
  await enqueueAll(deps, marked);
}

/** What a client may have: what was chosen, of what the application may still ask for, while the switch is on. */
export function narrowedGrant(
  { chosen }: Pick<ScopeGrant, "chosen">,
  { subscribed, isOn }: { subscribed: ReadonlySet<string>; isOn: boolean },
): Pick<ScopeGrant, "chosen" | "granted"> {
  const kept = chosen.filter((name) => subscribed.has(name));
  return { chosen: kept, granted: isOn ? kept : [] };
}

/**
 * Brings what a client was granted to what its application may still have. Only ever takes away from what somebody
 * chose. What fails is tried again, by the queue and later by the sweep.
 *
 * @throws {Error} where it has to be tried again
 */
export async function narrowScopes(deps: Dependencies, tenantId: TenantId, id: string): Promise<void> {
  const ctx = await systemContext(deps, tenantId);
  if (!ctx) return;
  const begun = await deps.database.inTenant(tenantId, (tx) => begin({ ...ctx, ...tx }, id));
  if (begun === null) return;
  const outcome = await outcomeOf(performOperation(ctx, begun));
  const result = await settleAudited(ctx, narrowScopesJob, (mutation) => settleOperation(mutation, begun, outcome));
  if (result.kind === "refused") throw new Error(`The scopes of the keys ${id} could not be narrowed yet.`);
}

/** @returns null where nothing is to be done, or not now */
async function begin(ctx: QueryContext, id: string): Promise<Work | null> {
  const subject = await lockOwnKeys(ctx, id).catch((error: unknown) => {
    if (isAppError(error) && error.code === "key_mapping.not_found") return null;
    throw error;
  });
  const before = subject?.mapping.scopeGrant;
  if (!subject || !before?.dueAt) return null;
  const { mapping, application, keyManager } = subject;
  if (mapping.intent) {
    const delaySeconds = lookAfterSeconds;
    await ctx.deps.jobs.enqueue(ctx, { kind: narrowScopesJob, tenantId: ctx.tenant.id, subjectId: id, delaySeconds });
    return null;
  }
  // The sweep comes back to it when the key manager is enabled again.
  if (mapping.state !== "ACTIVE" || !keyManager.enabled) return null;
  const subscribed = new Set((await listSubscribedScopes(ctx, application.id)).map(({ name }) => name));
  const grant = narrowedGrant(before, { subscribed, isOn: keyManager.applicationScopes });
  if (same(grant.chosen, before.chosen) && same(grant.granted, before.granted)) {
    await updateKeyMapping(ctx, mapping.id, { scopeGrant: { ...before, dueAt: null } });
    return null;
  }
  return beginOperation(ctx, { operation: "grant", subject, grant });
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}

/** What has been due for so long has lost its job, or was refused. */
const forgottenAfterMs = 5 * 60_000;
const atOnce = 200;

/** Enqueues a look at every client whose scopes have been due for minutes. @returns how many */
export async function narrowForgottenScopes(deps: Dependencies): Promise<number> {
  const before = new Date(deps.clock.now().getTime() - forgottenAfterMs);
  const due = await deps.database.inInstallation((tx) => listDueScopeGrants(tx, { before, limit: atOnce }));
  await enqueueAll(deps, due);
  return due.length;
}

async function enqueueAll(deps: Dependencies, keys: readonly { id: KeyMappingId; tenantId: TenantId }[]) {
  for (const { id, tenantId } of keys) {
    await deps.database.inTenant(tenantId, (tx) =>
      deps.jobs.enqueue(tx, { kind: narrowScopesJob, tenantId, subjectId: id }),
    );
  }
}
