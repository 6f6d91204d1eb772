import type { GlobalKeyManagerId } from "../foundation/ids.ts";
import { installationDb, type InstallationContext } from "./database.ts";
import { Prisma } from "./generated/client.ts";
import type { KeyManagerImpact } from "./key-managers.ts";

/** How many names an impact lists before it only counts. */
const named = 5;

/** Reads what would stop working, in every tenant that it serves, if a global key manager were disabled now. */
export async function readGlobalImpact(ctx: InstallationContext, id: GlobalKeyManagerId): Promise<KeyManagerImpact> {
  const copies = Prisma.sql`
    copies AS (SELECT id, tenant_id FROM key_manager WHERE global_key_manager_id = ${id}::uuid),
    keys AS (
      SELECT DISTINCT mapping.id, mapping.tenant_id, mapping.application_id
        FROM copies JOIN key_mapping AS mapping
          ON mapping.tenant_id = copies.tenant_id AND mapping.key_manager_id = copies.id AND mapping.state = 'ACTIVE'
    ),
    accepting AS (
      SELECT api.tenant_id, api.id, api.name, api.version, copies.id AS copy_id, api.accept_all_key_managers AS takes_all
        FROM copies JOIN api ON api.tenant_id = copies.tenant_id AND api.status = 'PUBLISHED'
       WHERE api.accept_all_key_managers OR EXISTS (
               SELECT 1 FROM api_key_manager AS link
                WHERE link.tenant_id = api.tenant_id AND link.api_id = api.id AND link.key_manager_id = copies.id)
    ),
    lost_apis AS (
      SELECT accepting.name || ' ' || accepting.version || ' (' || tenant.name || ')' AS name
        FROM accepting JOIN tenant ON tenant.id = accepting.tenant_id
       WHERE NOT EXISTS (
               SELECT 1 FROM key_manager AS other
                WHERE other.tenant_id = accepting.tenant_id AND other.enabled AND other.id <> accepting.copy_id
                  AND (accepting.takes_all OR EXISTS (
                        SELECT 1 FROM api_key_manager AS link
                         WHERE link.tenant_id = other.tenant_id AND link.api_id = accepting.id
                           AND link.key_manager_id = other.id)))
    ),
    lost_applications AS (
      SELECT DISTINCT application.tenant_id, application.id, application.name || ' (' || tenant.name || ')' AS name
        FROM keys
        JOIN application ON application.tenant_id = keys.tenant_id AND application.id = keys.application_id
        JOIN tenant ON tenant.id = keys.tenant_id
       WHERE NOT EXISTS (
               SELECT 1 FROM key_mapping AS mapping
                 JOIN key_manager AS other ON other.tenant_id = mapping.tenant_id AND other.id = mapping.key_manager_id
                WHERE mapping.tenant_id = application.tenant_id AND mapping.application_id = application.id
                  AND mapping.state = 'ACTIVE' AND other.enabled
                  AND other.global_key_manager_id IS DISTINCT FROM ${id}::uuid)
    )`;
  const [counts] = await installationDb(ctx).$queryRaw<
    {
      publishedApis: number;
      applications: number;
      activeKeys: number;
      subscriptions: number;
      lostApis: number;
      lostApiNames: string[];
      lostApplications: number;
      lostApplicationNames: string[];
    }[]
  >`
    WITH ${copies}
    SELECT (SELECT count(*) FROM accepting)::int AS "publishedApis",
           (SELECT count(DISTINCT (tenant_id, application_id)) FROM keys)::int AS "applications",
           (SELECT count(*) FROM keys)::int AS "activeKeys",
           ((SELECT count(*) FROM subscription
              WHERE (tenant_id, application_id) IN (SELECT tenant_id, application_id FROM keys))
            + (SELECT count(*) FROM cross_tenant_subscription
                WHERE (subscriber_tenant_id, application_id) IN (SELECT tenant_id, application_id FROM keys))
           )::int AS "subscriptions",
           (SELECT count(*) FROM lost_apis)::int AS "lostApis",
           ARRAY(SELECT name FROM lost_apis ORDER BY name LIMIT ${named}::int) AS "lostApiNames",
           (SELECT count(*) FROM lost_applications)::int AS "lostApplications",
           ARRAY(SELECT name FROM lost_applications ORDER BY name LIMIT ${named}::int) AS "lostApplicationNames"`;
  return {
    publishedApis: counts?.publishedApis ?? 0,
    applications: counts?.applications ?? 0,
    activeKeys: counts?.activeKeys ?? 0,
    subscriptions: counts?.subscriptions ?? 0,
    apisLosingAccess: { count: counts?.lostApis ?? 0, names: counts?.lostApiNames ?? [] },
    applicationsLosingAccess: { count: counts?.lostApplications ?? 0, names: counts?.lostApplicationNames ?? [] },
  };
}
