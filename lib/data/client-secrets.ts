/** Secrets of the clients of the tenants' built-in key managers: digests, and what people tell them apart by. */
import { tenantDb, type TenantContext } from "./database.ts";

export type ClientSecretRecord = {
  id: string;
  digest: string;
  /** The secret's last characters; null where they were not kept. */
  hint: string | null;
  description: string;
  createdAt: Date;
  /** Null for one that works until it is removed. */
  expiresAt: Date | null;
};

const columns = { id: true, digest: true, hint: true, description: true, createdAt: true, expiresAt: true } as const;

/**
 * The secrets of one client, expired or not, oldest first.
 *
 * @param clientId the client's id at the authorization server
 */
export function listClientSecrets(ctx: TenantContext, clientId: string): Promise<ClientSecretRecord[]> {
  return tenantDb(ctx).clientSecret.findMany({
    where: { clientId },
    select: columns,
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    take: 100,
  });
}

/** Adds a secret to those of a client. Whoever counts them before locks the client's row first. */
export async function insertClientSecret(
  ctx: TenantContext,
  clientId: string,
  secret: ClientSecretRecord,
): Promise<void> {
  await tenantDb(ctx).clientSecret.create({
    data: { ...secret, clientId, tenantId: ctx.tenantId },
    select: { id: true },
  });
}

/**
 * Removes one secret of a client, or all of them. Idempotent.
 *
 * @param id the one; without it, all
 */
export async function deleteClientSecrets(ctx: TenantContext, clientId: string, id?: string): Promise<void> {
  await tenantDb(ctx).clientSecret.deleteMany({ where: { clientId, ...(id !== undefined && { id }) } });
}
