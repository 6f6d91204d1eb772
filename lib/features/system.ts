import { findTenantIdentity } from "#lib/data/jobs.ts";
import { newId, type TenantId } from "#lib/foundation/ids.ts";
import type { Context, Dependencies } from "./context.ts";

/** The installation itself, at work in one tenant. @returns null where the tenant is gone */
export async function systemContext(deps: Dependencies, tenantId: TenantId): Promise<Context | null> {
  const tenant = await deps.database.inInstallation((tx) => findTenantIdentity(tx, tenantId));
  return (
    tenant && {
      tenant,
      actor: { kind: "system", name: "Latchkey" },
      permissions: new Set(),
      requestId: newId(),
      deps,
    }
  );
}
