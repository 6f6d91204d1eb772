/** Whom a consumer key belongs to, and what it opens: read for one consumer key after the other, as calls come. */
import { z } from "zod";
import type { TenantId } from "../foundation/ids.ts";
import { installationDb, type InstallationContext } from "./database.ts";

/** An active key mapping with its application, and the subscriptions of that application to APIs of the asking tenant. */
export type GrantRecord = {
  consumerKey: string;
  /** The key manager as the asking tenant knows it. */
  keyManagerId: string;
  keyType: "PRODUCTION" | "SANDBOX";
  application: { id: string; name: string };
  subscriptions: z.output<typeof subscriptionsShape>;
};

const subscriptionsShape = z.array(
  z.object({
    id: z.string(),
    apiId: z.string(),
    planId: z.string(),
    state: z.enum(["ACTIVE", "BLOCKED", "PRODUCTION_BLOCKED", "ON_HOLD", "REJECTED"]),
  }),
);

type Row = Omit<GrantRecord, "application"> & { applicationId: string; applicationName: string };

/**
 * Reads what these consumer keys open in a tenant: its own key mappings, and those of other tenants' applications that
 * are subscribed to its published APIs. The latter stand at a global key manager that serves both tenants, under the
 * tenant's own copy of it; their subscriptions count only while the API is open to the application's tenant and that
 * tenant is not suspended.
 *
 * @returns one record for each mapping; none for a consumer key that nobody holds
 */
export async function readGrants(
  ctx: InstallationContext,
  tenantId: TenantId,
  consumerKeys: readonly string[],
): Promise<GrantRecord[]> {
  const db = installationDb(ctx);
  const asked = [...consumerKeys];
  const own = await db.$queryRaw<Row[]>`
    SELECT mapping.consumer_key AS "consumerKey", mapping.key_manager_id::text AS "keyManagerId",
           mapping.key_type::text AS "keyType", application.id::text AS "applicationId",
           application.name AS "applicationName",
           (SELECT coalesce(json_agg(json_build_object('id', id, 'apiId', api_id, 'planId', plan_id, 'state', state)), '[]')
              FROM subscription
             WHERE tenant_id = mapping.tenant_id AND application_id = mapping.application_id) AS subscriptions
      FROM key_mapping AS mapping
      JOIN application ON application.tenant_id = mapping.tenant_id AND application.id = mapping.application_id
     WHERE mapping.consumer_key = ANY(${asked}) AND mapping.tenant_id = ${tenantId}::uuid AND mapping.state = 'ACTIVE'`;
  const foreign = await db.$queryRaw<Row[]>`
    SELECT mapping.consumer_key AS "consumerKey", own.id::text AS "keyManagerId", mapping.key_type::text AS "keyType",
           application.id::text AS "applicationId", application.name AS "applicationName",
           json_agg(json_build_object('id', subscribed.id, 'apiId', subscribed.api_id,
                                      'planId', subscribed.plan_id, 'state', subscribed.state)) AS subscriptions
      FROM key_mapping AS mapping
      JOIN key_manager AS theirs ON theirs.tenant_id = mapping.tenant_id AND theirs.id = mapping.key_manager_id
      JOIN key_manager AS own
        ON own.global_key_manager_id = theirs.global_key_manager_id AND own.tenant_id = ${tenantId}::uuid
      JOIN tenant AS subscriber ON subscriber.id = mapping.tenant_id AND subscriber.status = 'ACTIVE'
      JOIN application ON application.tenant_id = mapping.tenant_id AND application.id = mapping.application_id
      JOIN cross_tenant_subscription AS subscribed
        ON subscribed.tenant_id = own.tenant_id AND subscribed.subscriber_tenant_id = mapping.tenant_id
       AND subscribed.application_id = mapping.application_id
      JOIN api ON api.tenant_id = subscribed.tenant_id AND api.id = subscribed.api_id
     WHERE mapping.consumer_key = ANY(${asked}) AND mapping.tenant_id <> ${tenantId}::uuid AND mapping.state = 'ACTIVE'
       AND (api.subscription_availability = 'ALL_TENANTS'
            OR (api.subscription_availability = 'LISTED' AND EXISTS (
                  SELECT 1 FROM api_subscriber_tenant AS listed
                   WHERE listed.tenant_id = api.tenant_id AND listed.api_id = api.id
                     AND listed.subscriber_tenant_id = subscribed.subscriber_tenant_id)))
     GROUP BY mapping.consumer_key, own.id, mapping.key_type, application.id, application.name`;
  return [...own, ...foreign].map(toGrantRecord);
}

function toGrantRecord({ applicationId, applicationName, subscriptions, ...row }: Row): GrantRecord {
  return {
    ...row,
    application: { id: applicationId, name: applicationName },
    subscriptions: subscriptionsShape.parse(subscriptions),
  };
}
