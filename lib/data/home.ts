import type { ApiId, ApplicationId, KeyManagerId, PersonId } from "../foundation/ids.ts";
import { tenantDb, type TenantContext } from "./database.ts";

/** What has been set up in a tenant so far; each is a look for one row. */
export type SetUp = { hasGateway: boolean; hasCompany: boolean };

export async function readSetUp(ctx: TenantContext): Promise<SetUp> {
  const db = tenantDb(ctx);
  const gateway = await db.gatewayCredential.findFirst({
    where: { revokedAt: null, reportsKeyManagerId: null },
    select: { id: true },
  });
  const people = await db.membership.findMany({ where: { status: "ACTIVE" }, select: { id: true }, take: 2 });
  return { hasGateway: gateway !== null, hasCompany: people.length > 1 };
}

export type DisabledInUse = { id: KeyManagerId; displayName: string };

/** Disabled key managers that published APIs name, or at which applications have keys. */
export async function listDisabledInUse(ctx: TenantContext, limit: number): Promise<DisabledInUse[]> {
  const rows = await tenantDb(ctx).keyManager.findMany({
    where: {
      enabled: false,
      OR: [{ apis: { some: { api: { status: "PUBLISHED" } } } }, { keyMappings: { some: { state: "ACTIVE" } } }],
    },
    select: { id: true, displayName: true },
    orderBy: { displayName: "asc" },
    take: limit,
  });
  return rows.map(({ id, displayName }) => ({ id: id as KeyManagerId, displayName }));
}

export type ClosedApi = { id: ApiId; name: string; version: string };

/** Published APIs that name the key managers they accept, of which none is enabled: nobody can call them. */
export async function listClosedApis(ctx: TenantContext, limit: number): Promise<ClosedApi[]> {
  const rows = await tenantDb(ctx).api.findMany({
    where: {
      status: "PUBLISHED",
      acceptAllKeyManagers: false,
      keyManagers: { none: { keyManager: { enabled: true } } },
    },
    select: { id: true, name: true, version: true },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: limit,
  });
  return rows.map(({ id, ...row }) => ({ id: id as ApiId, ...row }));
}

export type UnsettledKeys = {
  applicationId: ApplicationId;
  applicationName: string;
  keyManagerName: string;
  keyType: "PRODUCTION" | "SANDBOX";
};

/** Keys of somebody's applications at which an operation failed or stands open. */
export async function listUnsettledKeys(
  ctx: TenantContext,
  { ownerId, limit }: { ownerId: PersonId; limit: number },
): Promise<UnsettledKeys[]> {
  const rows = await tenantDb(ctx).keyMapping.findMany({
    where: { application: { ownerId }, state: { not: "ACTIVE" } },
    select: {
      keyType: true,
      application: { select: { id: true, name: true } },
      keyManager: { select: { displayName: true } },
    },
    orderBy: { id: "desc" },
    take: limit,
  });
  return rows.map(({ keyType, application, keyManager }) => ({
    applicationId: application.id as ApplicationId,
    applicationName: application.name,
    keyManagerName: keyManager.displayName,
    keyType,
  }));
}
