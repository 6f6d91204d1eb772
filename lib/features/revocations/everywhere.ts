import { findConnector } from "#connectors/registry.ts";
import type { RevocableClient } from "#lib/data/revocable-clients.ts";
import { insertRevocationsOfTenants, type RevocationRecord, type TenantRevocation } from "#lib/data/revocations.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { AuditEntry, CrossTenantContext } from "../verb.ts";
import { revocationName } from "./name.ts";

/** What is revoked of one client. */
export type RevokedOfClient = Omit<RevocationRecord, "keyManager">;

/**
 * Stores what is revoked of an application's clients in every tenant whose gateways take their tokens, with an audit row
 * in each.
 *
 * @param told what the audit of a tenant says, from what is stored there
 * @returns what was stored in the caller's own tenant
 */
export async function revokeEverywhere(
  ctx: CrossTenantContext,
  clients: readonly RevocableClient[],
  work: {
    revokedOf(client: RevocableClient): readonly RevokedOfClient[];
    told(rows: readonly TenantRevocation[]): AuditEntry;
  },
): Promise<TenantRevocation[]> {
  const rows = clients.flatMap((client) => {
    const keyManager = revocationName(client.keyManagerId, findConnector(client.connectorId));
    return work.revokedOf(client).map((revoked) => ({ ...revoked, tenantId: client.tenantId, keyManager }));
  });
  const mine = rows.filter(({ tenantId }) => tenantId === ctx.tenant.id);
  const others = rows.filter(({ tenantId }) => tenantId !== ctx.tenant.id);
  await insertRevocationsOfTenants(ctx, mine, ctx.actor.name);
  // Who it was is the business of the caller's tenant.
  await insertRevocationsOfTenants(ctx, others, `Somebody of ${ctx.tenant.name}`);
  const concerned = new Set<TenantId>([ctx.tenant.id, ...others.map(({ tenantId }) => tenantId)]);
  for (const tenantId of concerned) {
    await ctx.auditIn(tenantId, work.told(rows.filter((row) => row.tenantId === tenantId)));
  }
  return mine;
}
