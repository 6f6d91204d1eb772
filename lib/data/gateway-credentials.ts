import { newId, type GatewayCredentialId, type KeyManagerId, type PersonId, type TenantId } from "../foundation/ids.ts";
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";
import type { Prisma } from "./generated/client.ts";
import { afterPosition, toPage, type Page, type Position } from "./paging.ts";

/** A gateway's password, without the password. */
export type GatewayCredentialRecord = {
  id: GatewayCredentialId;
  name: string;
  /** First characters, to recognise it. */
  prefix: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
  /** The key manager that reports with it what it revokes; null for a gateway's. */
  reports: { id: KeyManagerId; displayName: string } | null;
};

const columns = {
  id: true,
  name: true,
  prefix: true,
  createdAt: true,
  lastUsedAt: true,
  revokedAt: true,
  reportsKeyManager: { select: { id: true, displayName: true } },
} as const;

type Row = Prisma.GatewayCredentialGetPayload<{ select: typeof columns }>;

/** A page of the tenant's credentials, revoked ones included, newest first. */
export async function listGatewayCredentials(
  ctx: TenantContext,
  { search, after, limit }: { search?: string | undefined; after: Position | null; limit: number },
): Promise<Page<GatewayCredentialRecord>> {
  const rows = await tenantDb(ctx).gatewayCredential.findMany({
    where: {
      ...(search ? { name: { contains: search, mode: "insensitive" } } : {}),
      ...afterPosition(after),
    },
    select: columns,
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: limit + 1,
  });
  return toPage(rows, limit, toRecord);
}

export async function findGatewayCredential(
  ctx: TenantContext,
  id: GatewayCredentialId,
): Promise<GatewayCredentialRecord | null> {
  const row = await tenantDb(ctx).gatewayCredential.findUnique({ where: { id }, select: columns });
  return row && toRecord(row);
}

/** @throws a unique violation where the name is taken */
export async function insertGatewayCredential(
  ctx: TenantContext,
  values: {
    name: string;
    prefix: string;
    tokenHash: string;
    createdById: PersonId;
    reportsKeyManagerId: KeyManagerId | null;
  },
): Promise<GatewayCredentialRecord> {
  const row = await tenantDb(ctx).gatewayCredential.create({
    data: { id: newId<GatewayCredentialId>(), tenantId: ctx.tenantId, ...values },
    select: columns,
  });
  return toRecord(row);
}

/** @returns false where it was revoked already */
export async function revokeGatewayCredential(ctx: TenantContext, id: GatewayCredentialId, at: Date): Promise<boolean> {
  const { count } = await tenantDb(ctx).gatewayCredential.updateMany({
    where: { id, revokedAt: null },
    data: { revokedAt: at },
  });
  return count === 1;
}

/** Whose gateway's credential has this digest: the way in for a gateway, whose tenant is not known yet. */
export async function findCredentialOwner(
  ctx: InstallationContext,
  tokenHash: string,
): Promise<{ id: GatewayCredentialId; tenantId: TenantId } | null> {
  const row = await installationDb(ctx).gatewayCredential.findUnique({
    where: { tokenHash, reportsKeyManagerId: null },
    select: { id: true, tenantId: true, revokedAt: true },
  });
  if (!row || row.revokedAt) return null;
  return { id: row.id as GatewayCredentialId, tenantId: row.tenantId as TenantId };
}

/** An authorization server that may report what it revokes, in one tenant. */
export type TenantReporter = {
  id: GatewayCredentialId;
  tenantId: TenantId;
  /** The credential's name. */
  name: string;
  keyManager: { id: KeyManagerId; displayName: string; connectorId: string };
};

/** Which authorization server's credential has this digest; null where nobody's, or one that is revoked. */
export async function findTenantReporter(ctx: InstallationContext, tokenHash: string): Promise<TenantReporter | null> {
  const row = await installationDb(ctx).gatewayCredential.findUnique({
    where: { tokenHash, revokedAt: null, tenant: { status: "ACTIVE" } },
    select: {
      id: true,
      tenantId: true,
      name: true,
      reportsKeyManager: { select: { id: true, displayName: true, connectorId: true } },
    },
  });
  if (!row?.reportsKeyManager) return null;
  const { id, ...keyManager } = row.reportsKeyManager;
  return {
    id: row.id as GatewayCredentialId,
    tenantId: row.tenantId as TenantId,
    name: row.name,
    keyManager: { ...keyManager, id: id as KeyManagerId },
  };
}

/** Notes when credentials were last used. */
export async function noteCredentialUse(ctx: InstallationContext, used: ReadonlyMap<GatewayCredentialId, Date>) {
  for (const [id, lastUsedAt] of used) {
    await installationDb(ctx).gatewayCredential.updateMany({ where: { id }, data: { lastUsedAt } });
  }
}

function toRecord({ id, reportsKeyManager, ...row }: Row): GatewayCredentialRecord {
  const reports = reportsKeyManager && { ...reportsKeyManager, id: reportsKeyManager.id as KeyManagerId };
  return { ...row, id: id as GatewayCredentialId, reports };
}
