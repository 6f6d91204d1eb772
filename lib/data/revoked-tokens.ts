/** The deny list of access tokens that were revoked before they expired. */
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";

export type RevokedTokenRecord = { tokenId: string; expiresAt: Date };

/** Adds tokens to the deny list. Idempotent. */
export async function insertRevokedTokens(ctx: TenantContext, tokens: readonly RevokedTokenRecord[]): Promise<void> {
  if (tokens.length === 0) return;
  await tenantDb(ctx).revokedToken.createMany({
    data: tokens.map((token) => ({ ...token, tenantId: ctx.tenantId })),
    skipDuplicates: true,
  });
}

/** True where the token was revoked. */
export async function isTokenRevoked(ctx: TenantContext, tokenId: string): Promise<boolean> {
  const row = await tenantDb(ctx).revokedToken.findUnique({
    where: { tenantId_tokenId: { tenantId: ctx.tenantId, tokenId } },
    select: { tokenId: true },
  });
  return row !== null;
}

/**
 * Removes what has expired anyway, of every tenant.
 *
 * @returns how many
 */
export async function deleteExpiredRevokedTokens(ctx: InstallationContext, before: Date): Promise<number> {
  const { count } = await installationDb(ctx).revokedToken.deleteMany({ where: { expiresAt: { lt: before } } });
  return count;
}
