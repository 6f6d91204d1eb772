import type { KeyMappingId } from "../foundation/ids.ts";
import { tenantDb, type TenantContext } from "./database.ts";

/** One OAuth client of one authorization server, wherever it is configured as a key manager. */
export type ClaimedClient = { authorizationServer: string; consumerKey: string };

/**
 * Claims an OAuth client for one key mapping, once over all tenants: the database's unique key decides,
 * whoever asks at the same moment. Claiming again for the same mapping is a success.
 *
 * @param client named by the authorization server's issuer, byte for byte, and the consumer key
 * @returns false where anybody else, in whichever tenant, holds it
 */
export async function claimClient(
  ctx: TenantContext,
  keyMappingId: KeyMappingId,
  client: ClaimedClient,
): Promise<boolean> {
  const { count } = await tenantDb(ctx).claimedClient.createMany({
    data: [{ ...client, tenantId: ctx.tenantId, keyMappingId }],
    skipDuplicates: true,
  });
  if (count === 1) return true;
  // Another tenant's claim is invisible here, so a row that can be read is this mapping's own or a neighbour's.
  const held = await tenantDb(ctx).claimedClient.findUnique({
    where: { authorizationServer_consumerKey: client },
    select: { keyMappingId: true },
  });
  return held?.keyMappingId === keyMappingId;
}

/** Gives up the claims of a key mapping whose client was never made. Idempotent. */
export async function releaseClient(ctx: TenantContext, keyMappingId: KeyMappingId): Promise<void> {
  await tenantDb(ctx).claimedClient.deleteMany({ where: { keyMappingId } });
}
