/** Who calls an API with keys of which key managers. */
import type { ApiId, KeyManagerId, TenantId } from "../foundation/ids.ts";
import { installationDb, type InstallationContext } from "./database.ts";

/** How many names are told before the rest is only counted. */
const named = 5;

/**
 * Finds the applications that can call an API with active keys of some key managers: those of its tenant, and those of
 * other tenants by their keys of the same global ones. A subscription that is blocked lets nobody call.
 */
export async function findCallersByKeys(
  ctx: InstallationContext,
  { tenantId, apiId, keyManagerIds }: { tenantId: TenantId; apiId: ApiId; keyManagerIds: readonly KeyManagerId[] },
): Promise<{ count: number; names: string[] }> {
  const [found] = await installationDb(ctx).$queryRaw<{ count: number; names: string[] }[]>`
    WITH subscribed AS (
      SELECT tenant_id AS application_tenant_id, application_id, state FROM subscription
       WHERE tenant_id = ${tenantId}::uuid AND api_id = ${apiId}::uuid
      UNION ALL
      SELECT subscriber_tenant_id, application_id, state FROM cross_tenant_subscription
       WHERE tenant_id = ${tenantId}::uuid AND api_id = ${apiId}::uuid
    ),
    callers AS (
      SELECT DISTINCT application.id, application.name
        FROM subscribed
        JOIN application
          ON application.tenant_id = subscribed.application_tenant_id AND application.id = subscribed.application_id
        JOIN key_mapping AS mapping
          ON mapping.tenant_id = application.tenant_id AND mapping.application_id = application.id
         AND mapping.state = 'ACTIVE'
        JOIN key_manager AS issuing ON issuing.tenant_id = mapping.tenant_id AND issuing.id = mapping.key_manager_id
        JOIN key_manager AS own
          ON own.tenant_id = ${tenantId}::uuid AND own.id = ANY(${[...keyManagerIds]}::uuid[])
         AND (own.id = issuing.id OR own.global_key_manager_id = issuing.global_key_manager_id)
       WHERE subscribed.state = 'ACTIVE'
          OR (subscribed.state = 'PRODUCTION_BLOCKED' AND mapping.key_type = 'SANDBOX')
    )
    SELECT (SELECT count(*) FROM callers)::int AS "count",
           ARRAY(SELECT name FROM callers ORDER BY name LIMIT ${named}::int) AS "names"`;
  return found ?? { count: 0, names: [] };
}
