/** What follows in the tenants when a global key manager changes: scopes of their APIs, and of their clients. */
import type { InstallationContext } from "#lib/data/database.ts";
import { listServedTenantIds } from "#lib/data/global-key-managers.ts";
import { listAllKeyManagers } from "#lib/data/key-managers.ts";
import type { GlobalKeyManagerId, TenantId } from "#lib/foundation/ids.ts";
import type { Dependencies } from "../context.ts";
import { requestNarrowing } from "../key-mappings/narrow-scopes.ts";
import { requestMirroring } from "../scope-mirrors/request.ts";

/** The kind of job that brings one tenant in line with the global key managers that serve it; its subject is the tenant. */
export const followGlobalJob = "global_key_manager.follow";

/** Lets the queue look at every tenant that a global key manager serves, in the transaction of its change. */
export async function letTenantsFollow(
  ctx: InstallationContext & { deps: Pick<Dependencies, "jobs"> },
  id: GlobalKeyManagerId,
): Promise<void> {
  for (const tenantId of await listServedTenantIds(ctx, id)) {
    await ctx.deps.jobs.enqueue({ ...ctx, tenantId }, { kind: followGlobalJob, tenantId, subjectId: tenantId });
  }
}

/** Brings a tenant's scopes in line with the global key managers that serve it. Safe to repeat. */
export async function followGlobalKeyManagers(deps: Dependencies, tenantId: TenantId): Promise<void> {
  await deps.database.inTenant(tenantId, async (tx) => {
    await requestMirroring({ ...tx, deps });
    for (const { id, globalKeyManagerId } of await listAllKeyManagers(tx)) {
      if (globalKeyManagerId !== null) await requestNarrowing({ ...tx, deps }, { keyManagerId: id });
    }
  });
}
