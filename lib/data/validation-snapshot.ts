/** What the validation plane reads of a tenant: as a whole, and whether it has changed since. */
import { z } from "zod";
import type { TenantId } from "../foundation/ids.ts";
import { installationDb, type InstallationContext } from "./database.ts";

/** Everything that decides about a call, as rows; the connectors' part is added by the reader. */
export type TenantConfiguration = {
  tenantId: TenantId;
  version: bigint;
  suspended: boolean;
  keyManagers: {
    id: string;
    displayName: string;
    connectorId: string;
    enabled: boolean;
    tokenType: "DIRECT" | "EXCHANGED" | "BOTH";
    issuer: string;
    consumerKeyClaim: string | null;
    scopesClaim: string | null;
    signingKeys: z.output<typeof signingKeysShape>;
    validationMethod: "SELF" | "INTROSPECT";
    revision: number;
    updatedAt: Date;
  }[];
  applications: { id: string; name: string }[];
  keyMappings: {
    keyManagerId: string;
    consumerKey: string;
    applicationId: string;
    keyType: "PRODUCTION" | "SANDBOX";
  }[];
  subscriptions: {
    id: string;
    applicationId: string;
    apiId: string;
    planId: string;
    state: "ACTIVE" | "BLOCKED" | "PRODUCTION_BLOCKED" | "ON_HOLD" | "REJECTED";
  }[];
  plans: { id: string; name: string; requestsPerMinute: number | null }[];
  apis: {
    id: string;
    name: string;
    context: string;
    version: string;
    acceptAllKeyManagers: boolean;
    keyManagerIds: string[];
    subscriptionValidation: boolean;
    audiences: string[];
    resources: { verb: string; path: string; scopes: string[] }[];
  }[];
  /** Digests of the gateway credentials that are not revoked. */
  credentials: string[];
  revokedTokens: { tokenId: string; expiresAt: Date }[];
};

const signingKeysShape = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("jwks"), url: z.string() }),
  z.object({ kind: z.literal("pem"), value: z.string() }),
  z.object({ kind: z.literal("none") }),
]);

const maximumAttempts = 3;

/**
 * Reads a tenant with what its gateways must know: published APIs, active keys, every key manager.
 *
 * The rows are read one table after the other, so the version is compared at the end and the reading is
 * repeated when somebody changed something meanwhile. The version returned is never newer than the rows.
 *
 * @returns null where there is no such tenant
 */
export async function readTenantConfiguration(
  ctx: InstallationContext,
  tenantId: TenantId,
): Promise<TenantConfiguration | null> {
  for (let attempt = 1; ; attempt++) {
    const before = await readTenant(ctx, tenantId);
    if (!before) return null;
    const rows = await readRows(ctx, tenantId);
    const after = await readTenant(ctx, tenantId);
    if (after?.configVersion === before.configVersion || attempt === maximumAttempts) {
      return { tenantId, version: before.configVersion, suspended: before.status !== "ACTIVE", ...rows };
    }
  }
}

function readTenant(ctx: InstallationContext, tenantId: TenantId) {
  return installationDb(ctx).tenant.findUnique({
    where: { id: tenantId },
    select: { configVersion: true, status: true },
  });
}

async function readRows(ctx: InstallationContext, tenantId: TenantId) {
  const db = installationDb(ctx);
  const where = { tenantId };
  const keyManagers = await db.keyManager.findMany({
    where,
    select: keyManagerColumns,
    // Of several with one issuer, the installation's is asked first.
    orderBy: [{ globalKeyManagerId: { sort: "asc", nulls: "last" } }, { id: "asc" }],
  });
  const applications = await db.application.findMany({
    where: { ...where, keyMappings: { some: { state: "ACTIVE" } } },
    select: { id: true, name: true },
  });
  const keyMappings = await db.keyMapping.findMany({
    where: { ...where, state: "ACTIVE", consumerKey: { not: null } },
    select: { keyManagerId: true, consumerKey: true, applicationId: true, keyType: true },
  });
  const subscriptions = await db.subscription.findMany({
    where: { ...where, api: { status: "PUBLISHED" } },
    select: { id: true, applicationId: true, apiId: true, planId: true, state: true },
  });
  const foreign = await readForeign(ctx, tenantId);
  const plans = await db.plan.findMany({ where, select: { id: true, name: true, requestsPerMinute: true } });
  const apis = await db.api.findMany({ where: { ...where, status: "PUBLISHED" }, select: apiColumns });
  const credentials = await db.gatewayCredential.findMany({
    where: { ...where, revokedAt: null },
    select: { tokenHash: true },
  });
  const revokedTokens = await db.revokedToken.findMany({
    // A token may be used for its clock tolerance longer than it lives.
    where: { ...where, expiresAt: { gt: new Date(Date.now() - 600_000) } },
    select: { tokenId: true, expiresAt: true },
  });
  return {
    keyManagers: keyManagers.map((row) => ({ ...row, signingKeys: signingKeysShape.parse(row.signingKeys) })),
    applications: [...applications, ...foreign.applications],
    keyMappings: [
      ...keyMappings.map((row) => ({ ...row, consumerKey: row.consumerKey ?? "" })),
      ...foreign.keyMappings,
    ],
    subscriptions: [...subscriptions, ...foreign.subscriptions],
    plans,
    apis: apis.map(({ keyManagers: accepted, ...api }) => ({
      ...api,
      keyManagerIds: accepted.map(({ keyManagerId }) => keyManagerId),
    })),
    credentials: credentials.map(({ tokenHash }) => tokenHash),
    revokedTokens,
  };
}

type Subscriber = { applicationTenantId: string; applicationName: string };
type Foreign = Pick<TenantConfiguration, "applications" | "keyMappings" | "subscriptions">;

/**
 * What the tenant's gateways must know of other tenants' applications that are subscribed to its published APIs:
 * names, subscriptions, and those keys that stand at a global key manager which serves both tenants, each under the
 * tenant's own copy of it. A subscription counts only while the API is open to the application's tenant, and that
 * tenant is not suspended.
 */
async function readForeign(ctx: InstallationContext, tenantId: TenantId): Promise<Foreign> {
  const db = installationDb(ctx);
  const subscriptions = await db.$queryRaw<(Foreign["subscriptions"][number] & Subscriber)[]>`
    SELECT subscribed.id::text AS id, subscribed.subscriber_tenant_id::text AS "applicationTenantId",
           subscribed.application_id::text AS "applicationId",
           subscribed.api_id::text AS "apiId", subscribed.plan_id::text AS "planId", subscribed.state::text AS state,
           application.name AS "applicationName"
      FROM cross_tenant_subscription AS subscribed
      JOIN api ON api.tenant_id = subscribed.tenant_id AND api.id = subscribed.api_id AND api.status = 'PUBLISHED'
      JOIN tenant AS subscriber ON subscriber.id = subscribed.subscriber_tenant_id AND subscriber.status = 'ACTIVE'
      JOIN application
        ON application.tenant_id = subscribed.subscriber_tenant_id AND application.id = subscribed.application_id
     WHERE subscribed.tenant_id = ${tenantId}::uuid
       AND (api.subscription_availability = 'ALL_TENANTS'
            OR (api.subscription_availability = 'LISTED' AND EXISTS (
                  SELECT 1 FROM api_subscriber_tenant AS listed
                   WHERE listed.tenant_id = api.tenant_id AND listed.api_id = api.id
                     AND listed.subscriber_tenant_id = subscribed.subscriber_tenant_id)))`;
  if (subscriptions.length === 0) return { applications: [], keyMappings: [], subscriptions: [] };
  const applications = [...new Map(subscriptions.map((row) => [row.applicationId, row])).values()];
  const keyMappings = await db.$queryRaw<Foreign["keyMappings"]>`
    SELECT own.id::text AS "keyManagerId", mapping.consumer_key AS "consumerKey",
           mapping.application_id::text AS "applicationId", mapping.key_type::text AS "keyType"
      FROM unnest(${applications.map(({ applicationTenantId }) => applicationTenantId)}::text[]::uuid[],
                  ${applications.map(({ applicationId }) => applicationId)}::text[]::uuid[])
           AS subscriber(tenant_id, application_id)
      JOIN key_mapping AS mapping
        ON mapping.tenant_id = subscriber.tenant_id AND mapping.application_id = subscriber.application_id
      JOIN key_manager AS theirs ON theirs.tenant_id = mapping.tenant_id AND theirs.id = mapping.key_manager_id
      JOIN key_manager AS own
        ON own.global_key_manager_id = theirs.global_key_manager_id AND own.tenant_id = ${tenantId}::uuid
     WHERE mapping.state = 'ACTIVE' AND mapping.consumer_key IS NOT NULL`;
  return {
    applications: applications.map(({ applicationId, applicationName }) => ({
      id: applicationId,
      name: applicationName,
    })),
    keyMappings,
    subscriptions: subscriptions.map(({ id, applicationId, apiId, planId, state }) => ({
      ...{ id, applicationId, apiId, planId, state },
    })),
  };
}

const keyManagerColumns = {
  id: true,
  displayName: true,
  connectorId: true,
  enabled: true,
  tokenType: true,
  issuer: true,
  consumerKeyClaim: true,
  scopesClaim: true,
  signingKeys: true,
  validationMethod: true,
  revision: true,
  updatedAt: true,
} as const;

const apiColumns = {
  id: true,
  name: true,
  context: true,
  version: true,
  acceptAllKeyManagers: true,
  subscriptionValidation: true,
  audiences: true,
  resources: { select: { verb: true, path: true, scopes: true }, orderBy: { position: "asc" } },
  keyManagers: { select: { keyManagerId: true } },
} as const;

/** The present version of each of these tenants; those that are gone are missing. */
export async function readConfigVersions(
  ctx: InstallationContext,
  tenantIds: readonly TenantId[],
): Promise<Map<TenantId, bigint>> {
  const rows = await installationDb(ctx).tenant.findMany({
    where: { id: { in: [...tenantIds] } },
    select: { id: true, configVersion: true },
  });
  return new Map(rows.map(({ id, configVersion }) => [id as TenantId, configVersion]));
}

/** Tokens of these tenants that were revoked since a time and have not expired. */
export async function readRevocationsSince(
  ctx: InstallationContext,
  tenantIds: readonly TenantId[],
  since: Date,
): Promise<{ tenantId: TenantId; tokenId: string; expiresAt: Date }[]> {
  const rows = await installationDb(ctx).revokedToken.findMany({
    where: { tenantId: { in: [...tenantIds] }, revokedAt: { gt: since } },
    select: { tenantId: true, tokenId: true, expiresAt: true },
  });
  return rows.map((row) => ({ ...row, tenantId: row.tenantId as TenantId }));
}
