/** Credentials with which global key managers report what they revoke: one for each. */
import type { GlobalKeyManagerId, KeyManagerId, TenantId } from "../foundation/ids.ts";
import { installationDb, type InstallationContext } from "./database.ts";

/** A global key manager's credential, without the credential. */
export type GlobalReporterRecord = { prefix: string; createdAt: Date; lastUsedAt: Date | null };

const columns = { prefix: true, createdAt: true, lastUsedAt: true } as const;

export function findGlobalReporter(
  ctx: InstallationContext,
  globalKeyManagerId: GlobalKeyManagerId,
): Promise<GlobalReporterRecord | null> {
  return installationDb(ctx).globalReporter.findUnique({ where: { globalKeyManagerId }, select: columns });
}

/** Gives a global key manager this credential in place of the one that it had. */
export function replaceGlobalReporter(
  ctx: InstallationContext,
  globalKeyManagerId: GlobalKeyManagerId,
  values: { prefix: string; tokenHash: string; createdAt: Date },
): Promise<GlobalReporterRecord> {
  const fresh = { ...values, lastUsedAt: null };
  return installationDb(ctx).globalReporter.upsert({
    where: { globalKeyManagerId },
    create: { globalKeyManagerId, ...fresh },
    update: fresh,
    select: columns,
  });
}

/** @returns false where there was none */
export async function deleteGlobalReporter(
  ctx: InstallationContext,
  globalKeyManagerId: GlobalKeyManagerId,
): Promise<boolean> {
  const { count } = await installationDb(ctx).globalReporter.deleteMany({ where: { globalKeyManagerId } });
  return count === 1;
}

/** A global key manager that may report what it revokes, with what stands for it in the tenants that it serves. */
export type InstallationReporter = {
  id: GlobalKeyManagerId;
  displayName: string;
  /** In the same order each time. */
  copies: { id: KeyManagerId; tenantId: TenantId }[];
};

/** Which global key manager's credential has this digest; null where none's. */
export async function findInstallationReporter(
  ctx: InstallationContext,
  tokenHash: string,
): Promise<InstallationReporter | null> {
  const row = await installationDb(ctx).globalReporter.findUnique({
    where: { tokenHash },
    select: {
      globalKeyManager: {
        select: {
          id: true,
          displayName: true,
          copies: { select: { id: true, tenantId: true }, orderBy: { id: "asc" } },
        },
      },
    },
  });
  if (!row) return null;
  const { id, displayName, copies } = row.globalKeyManager;
  return {
    id: id as GlobalKeyManagerId,
    displayName,
    copies: copies.map((copy) => ({ id: copy.id as KeyManagerId, tenantId: copy.tenantId as TenantId })),
  };
}

/** Notes when a credential was last used. */
export async function noteGlobalReporterUse(
  ctx: InstallationContext,
  globalKeyManagerId: GlobalKeyManagerId,
  lastUsedAt: Date,
): Promise<void> {
  await installationDb(ctx).globalReporter.updateMany({ where: { globalKeyManagerId }, data: { lastUsedAt } });
}
