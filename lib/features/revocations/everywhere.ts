import { findConnector } from "#connectors/registry.ts";
import { findRevocableApplication, type RevocableClient } from "#lib/data/revocable-clients.ts";
import { insertRevocationsOfTenants, type RevocationRecord, type TenantRevocation } from "#lib/data/revocations.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { KeyMappingId, TenantId } from "#lib/foundation/ids.ts";
import { requirePerson } from "../applications/own.ts";
import { keyTypeLabels } from "../key-mappings/contract.ts";
import type { AuditEntry, CrossTenantContext } from "../verb.ts";
import { revocationName } from "./name.ts";

/** Clients whose tokens are revoked, and how the audit names them. */
export type Revocable = { clients: readonly RevocableClient[]; subject: AuditEntry["subject"] };

/**
 * Some keys of the caller's.
 *
 * @throws {AppError} `key_mapping.not_found`, `key_mapping.not_active` where they have no consumer key yet
 */
export async function requireRevocableKeys(ctx: CrossTenantContext, id: string): Promise<Revocable> {
  const { personId: owner } = requirePerson(ctx.actor);
  const of = { keyMappingId: id as KeyMappingId };
  const application = await findRevocableApplication(ctx, { tenantId: ctx.tenant.id, owner, of });
  if (!application) throw new AppError("key_mapping.not_found");
  const { clients } = application;
  const [client] = clients;
  if (!client) throw new AppError("key_mapping.not_active", { message: "These keys have no consumer key yet." });
  const name = `${application.name} · ${client.keyManagerName} · ${keyTypeLabels[client.keyType]}`;
  return { clients, subject: { type: "key_mapping", id, name } };
}

/** What is revoked of one client. */
export type RevokedOfClient = Omit<RevocationRecord, "keyManager">;

/**
 * Stores what is revoked of an application's clients in every tenant whose gateways take their tokens, with an audit row
 * in each.
 *
 * @param work.told what the audit of a tenant says, from what is stored there
 * @returns what was stored in the caller's own tenant
 */
export async function revokeEverywhere(
  ctx: CrossTenantContext,
  { clients, subject }: Revocable,
  work: {
    revokedOf(client: RevocableClient): readonly RevokedOfClient[];
    told(rows: readonly TenantRevocation[]): unknown;
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
    await ctx.auditIn(tenantId, { subject, after: work.told(rows.filter((row) => row.tenantId === tenantId)) });
  }
  return mine;
}
