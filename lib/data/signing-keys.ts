/** Signing keys of the tenants, by what they sign. Private parts are sealed before they come here. */
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";
import type { Prisma } from "./generated/client.ts";
import type { TenantId } from "../foundation/ids.ts";

/** What a key signs. Keys of one purpose are never published among those of another. */
export type SigningKeyPurpose = "AUTHORIZATION_SERVER" | "BACKEND_JWT";

export type SigningKeyRecord = {
  id: string;
  /** The `kid`. */
  keyId: string;
  algorithm: string;
  publicJwk: Record<string, unknown>;
  sealedPrivateJwk: string;
  createdAt: Date;
  /** From here on it no longer signs. */
  retiredAt: Date | null;
  /** From here on it is no longer published. */
  expiresAt: Date | null;
};

const columns = {
  id: true,
  keyId: true,
  algorithm: true,
  publicJwk: true,
  sealedPrivateJwk: true,
  createdAt: true,
  retiredAt: true,
  expiresAt: true,
} as const;

/** Every key of a purpose that is still published at this moment, oldest first. */
export async function listPublishedSigningKeys(
  ctx: TenantContext,
  purpose: SigningKeyPurpose,
  now: Date,
): Promise<SigningKeyRecord[]> {
  const rows = await tenantDb(ctx).signingKey.findMany({
    where: { purpose, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
    select: columns,
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    take: 50,
  });
  return rows.map(toRecord);
}

/**
 * Lets one caller at a time make or rotate this tenant's keys; released at the end of the transaction.
 * Read the keys again afterwards.
 */
export async function lockSigningKeys(ctx: TenantContext): Promise<void> {
  await tenantDb(ctx).$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`signing-keys:${ctx.tenantId}`}, 0))`;
}

export async function insertSigningKey(
  ctx: TenantContext,
  { publicJwk, ...key }: Omit<SigningKeyRecord, "retiredAt" | "expiresAt"> & { purpose: SigningKeyPurpose },
): Promise<void> {
  await tenantDb(ctx).signingKey.create({
    data: { ...key, publicJwk: publicJwk as Prisma.InputJsonObject, tenantId: ctx.tenantId },
    select: { id: true },
  });
}

/** Sets when a key stops signing and when it stops being published. */
export async function retireSigningKey(
  ctx: TenantContext,
  { id, retiredAt, expiresAt }: { id: string; retiredAt: Date; expiresAt: Date },
): Promise<void> {
  await tenantDb(ctx).signingKey.update({ where: { id }, data: { retiredAt, expiresAt }, select: { id: true } });
}

/** Whose keys, of which purpose. */
export type SigningKeyOwner = { tenantId: TenantId; purpose: SigningKeyPurpose };

/** Tenants that hold a key in use since before a moment, by purpose: those keys are due for rotation. At most 500. */
export async function listOwnersOfKeysOlderThan(ctx: InstallationContext, before: Date): Promise<SigningKeyOwner[]> {
  const rows = await installationDb(ctx).signingKey.findMany({
    where: { retiredAt: null, createdAt: { lt: before }, tenant: { status: "ACTIVE" } },
    select: { tenantId: true, purpose: true },
    distinct: ["tenantId", "purpose"],
    take: 500,
  });
  return rows.map(({ tenantId, purpose }) => ({ tenantId: tenantId as TenantId, purpose }));
}

/**
 * Removes keys that are published no more, of every tenant, private parts included.
 *
 * @returns how many
 */
export async function deleteExpiredSigningKeys(ctx: InstallationContext, before: Date): Promise<number> {
  const { count } = await installationDb(ctx).signingKey.deleteMany({ where: { expiresAt: { lt: before } } });
  return count;
}

function toRecord(row: Omit<SigningKeyRecord, "publicJwk"> & { publicJwk: Prisma.JsonValue }): SigningKeyRecord {
  // Written by insertSigningKey only.
  return { ...row, publicJwk: row.publicJwk as Record<string, unknown> };
}
