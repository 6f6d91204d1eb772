/** What every change that concerns scopes at key managers ends with. */
import { allConnectors } from "#connectors/registry.ts";
import type { TenantContext } from "#lib/data/database.ts";
import { markWantedScopes } from "#lib/data/scope-mirrors.ts";
import type { KeyManagerId, TenantId } from "#lib/foundation/ids.ts";
import type { Dependencies } from "../context.ts";

/** The kind of job that brings the scopes of one key manager up to date; its subject is the key manager. */
export const mirrorScopesJob = "scope_mirror.reconcile";

/** Ids of the connectors whose key managers hold scopes, those of the operator's own included. */
export function scopeHolders(): string[] {
  return allConnectors()
    .filter(({ capabilities }) => capabilities.includes("scopes"))
    .map(({ id }) => id);
}

/**
 * Writes down what should stand at the tenant's key managers, and lets the queue see to it. For the transaction of
 * whatever changed: an API, its scopes or key managers that it accepts, or a key manager itself.
 */
export async function requestMirroring(
  ctx: TenantContext & { deps: Pick<Dependencies, "jobs" | "clock"> },
): Promise<void> {
  const { jobs, clock } = ctx.deps;
  const now = clock.now();
  for (const { keyManagerId, dueAt } of await markWantedScopes(ctx, { connectorIds: scopeHolders(), now })) {
    const delaySeconds = Math.max(0, Math.ceil((dueAt.getTime() - now.getTime()) / 1_000));
    await jobs.enqueue(ctx, mirrorJob(ctx.tenantId, keyManagerId, delaySeconds));
  }
}

/** A job that brings the scopes of a key manager up to date. */
export function mirrorJob(tenantId: TenantId, keyManagerId: KeyManagerId, delaySeconds = 0) {
  return { kind: mirrorScopesJob, tenantId, subjectId: keyManagerId, delaySeconds };
}
