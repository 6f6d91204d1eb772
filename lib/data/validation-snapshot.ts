/** What the validation plane reads of a tenant: as a whole, and whether it has changed since. */
import { z } from "zod";
import type { TenantId } from "../foundation/ids.ts";
import { backendJwtColumns, type BackendJwtRecord } from "./backend-jwt.ts";
import { tokenHandlingShape, type StoredTokenHandling } from "./key-manager-rows.ts";
import { installationDb, type InstallationContext } from "./database.ts";

/**
 * What decides about a call before it is known who calls, as rows; the connectors' part is added by the reader.
 * Whom a consumer key belongs to is read one by one (validation-grants.ts): there may be a million of them.
 */
export type TenantConfiguration = {
  tenantId: TenantId;
  slug: string;
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
    claimMappings: z.output<typeof claimMappingsShape>;
    signingKeys: z.output<typeof signingKeysShape>;
    validationMethod: "SELF" | "INTROSPECT";
    tokenHandling: StoredTokenHandling;
    revision: number;
    updatedAt: Date;
  }[];
  plans: { id: string; name: string; requestsPerMinute: number | null }[];
  apis: {
    id: string;
    name: string;
    context: string;
    version: string;
    kind: "HTTP" | "GRAPHQL" | "WEBSOCKET";
    acceptAllKeyManagers: boolean;
    keyManagerIds: string[];
    subscriptionValidation: boolean;
    audiences: string[];
    resources: { verb: string; path: string; scopes: string[] }[];
  }[];
  /** Digests of the gateway credentials that are not revoked. */
  credentials: string[];
  /** What backends are told with each allowed call, with the keys that sign it, oldest first; null for nothing. */
  backendJwt: (Omit<BackendJwtRecord, "enabled"> & { keys: BackendJwtKey[] }) | null;
};

/** A key that signs backend JWTs until it retires. Its private part is sealed. */
export type BackendJwtKey = {
  id: string;
  keyId: string;
  algorithm: string;
  sealedPrivateJwk: string;
  retiredAt: Date | null;
};

const claimMappingsShape = z.array(z.object({ remote: z.string(), local: z.string() }));

const signingKeysShape = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("jwks"), url: z.string() }),
  z.object({ kind: z.literal("pem"), value: z.string() }),
  z.object({ kind: z.literal("none") }),
]);

const maximumAttempts = 3;

/**
 * Reads a tenant with what its gateways must know: published APIs, plans, every key manager.
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
      return {
        tenantId,
        slug: before.slug,
        version: before.configVersion,
        suspended: before.status !== "ACTIVE",
        ...rows,
      };
    }
  }
}

function readTenant(ctx: InstallationContext, tenantId: TenantId) {
  return installationDb(ctx).tenant.findUnique({
    where: { id: tenantId },
    select: { slug: true, configVersion: true, status: true },
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
  const plans = await db.plan.findMany({ where, select: { id: true, name: true, requestsPerMinute: true } });
  const apis = await db.api.findMany({ where: { ...where, status: "PUBLISHED" }, select: apiColumns });
  const credentials = await db.gatewayCredential.findMany({
    where: { ...where, revokedAt: null, reportsKeyManagerId: null },
    select: { tokenHash: true },
  });
  const backendJwt = await readBackendJwt(ctx, tenantId);
  return {
    keyManagers: keyManagers.map((row) => ({
      ...row,
      signingKeys: signingKeysShape.parse(row.signingKeys),
      tokenHandling: tokenHandlingShape.parse(row.tokenHandling),
      claimMappings: claimMappingsShape.parse(row.claimMappings),
    })),
    plans,
    apis: apis.map(({ keyManagers: accepted, ...api }) => ({
      ...api,
      keyManagerIds: accepted.map(({ keyManagerId }) => keyManagerId),
    })),
    credentials: credentials.map(({ tokenHash }) => tokenHash),
    backendJwt,
  };
}

async function readBackendJwt(ctx: InstallationContext, tenantId: TenantId) {
  const db = installationDb(ctx);
  const chosen = await db.backendJwt.findUnique({ where: { tenantId }, select: backendJwtColumns });
  if (!chosen?.enabled) return null;
  const { enabled: _on, ...settings } = chosen;
  const keys = await db.signingKey.findMany({
    where: { tenantId, purpose: "BACKEND_JWT", OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }] },
    select: { id: true, keyId: true, algorithm: true, sealedPrivateJwk: true, retiredAt: true },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    take: 50,
  });
  return { ...settings, keys };
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
  claimMappings: true,
  signingKeys: true,
  validationMethod: true,
  tokenHandling: true,
  revision: true,
  updatedAt: true,
} as const;

const apiColumns = {
  id: true,
  name: true,
  context: true,
  version: true,
  kind: true,
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
