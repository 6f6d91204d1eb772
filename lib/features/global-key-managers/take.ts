import { insertAuditEvent } from "#lib/data/audit.ts";
import type { TenantContext } from "#lib/data/database.ts";
import { insertCopiesOfNewTenant } from "#lib/data/global-key-managers.ts";

/**
 * Gives a tenant that is being made the global key managers that serve every tenant.
 *
 * @param tx the transaction in which the tenant is made
 */
export async function takeGlobalKeyManagers(tx: TenantContext, requestId: string): Promise<void> {
  for (const { id, displayName } of await insertCopiesOfNewTenant(tx)) {
    await insertAuditEvent(tx, {
      actorId: null,
      actorName: "Latchkey",
      action: "global_key_manager.set_serving",
      subjectType: "key_manager",
      subjectId: id,
      subjectName: displayName,
      before: { served: false },
      after: { served: true },
      requestId,
    });
  }
}
