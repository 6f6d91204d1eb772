/** Revoking what an application got so far: by its owner, for all of its keys or one of them, and by administrators. */
import { findRevocableApplication, type RevocableApplication } from "#lib/data/revocable-clients.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { ApplicationId, KeyMappingId, PersonId } from "#lib/foundation/ids.ts";
import { requirePerson } from "../applications/own.ts";
import { keyTypeLabels } from "../key-mappings/contract.ts";
import { defineCrossTenantVerb, type AuditEntry, type CrossTenantContext } from "../verb.ts";
import { ApplicationTokensRef, KeyTokensRef, type RevokedView } from "./contract.ts";
import { revokeEverywhere } from "./everywhere.ts";
import { issuedUntil, keptUntil } from "./moments.ts";

/**
 * Revokes every token that the caller's application got so far, at all of its key managers. Its keys stay: programs may
 * get new tokens at once.
 *
 * @throws {AppError} `application.not_found`
 */
export const revokeOwnApplicationTokens = defineCrossTenantVerb({
  action: "application.revoke_tokens",
  permission: "key_mapping:write",
  input: ApplicationTokensRef,
  async run(ctx, { id }): Promise<RevokedView> {
    return revokeOfApplication(ctx, id, requirePerson(ctx.actor).personId);
  },
});

/**
 * The same for anybody's application in the tenant.
 *
 * @throws {AppError} `application.not_found`
 */
export const revokeApplicationTokens = defineCrossTenantVerb({
  action: "revocation.create_for_application",
  permission: "revocation:write",
  input: ApplicationTokensRef,
  async run(ctx, { id }): Promise<RevokedView> {
    return revokeOfApplication(ctx, id, null);
  },
});

/**
 * Revokes every token that some keys of the caller's got so far. The keys stay: programs may get new tokens at once.
 *
 * @throws {AppError} `key_mapping.not_found`, `key_mapping.not_active` where they have no consumer key yet
 */
export const revokeKeyTokens = defineCrossTenantVerb({
  action: "key_mapping.revoke_tokens",
  permission: "key_mapping:write",
  input: KeyTokensRef,
  async run(ctx, { id }): Promise<RevokedView> {
    const { personId: owner } = requirePerson(ctx.actor);
    const of = { keyMappingId: id as KeyMappingId };
    const application = await findRevocableApplication(ctx, { tenantId: ctx.tenant.id, owner, of });
    if (!application) throw new AppError("key_mapping.not_found");
    const [client] = application.clients;
    if (!client) throw new AppError("key_mapping.not_active", { message: "These keys have no consumer key yet." });
    const name = `${application.name} · ${client.keyManagerName} · ${keyTypeLabels[client.keyType]}`;
    return revokeIssued(ctx, application, { type: "key_mapping", id, name });
  },
});

/** @param owner null for an application of anybody in the tenant */
async function revokeOfApplication(ctx: CrossTenantContext, id: string, owner: PersonId | null): Promise<RevokedView> {
  const of = { applicationId: id as ApplicationId };
  const application = await findRevocableApplication(ctx, { tenantId: ctx.tenant.id, owner, of });
  if (!application) throw new AppError("application.not_found");
  return revokeIssued(ctx, application, { type: "application", id: application.id, name: application.name });
}

async function revokeIssued(
  ctx: CrossTenantContext,
  { clients }: RevocableApplication,
  subject: AuditEntry["subject"],
): Promise<RevokedView> {
  const now = ctx.deps.clock.now();
  const [issuedBefore, expiresAt] = [issuedUntil(now), keptUntil(now)];
  const mine = await revokeEverywhere(ctx, clients, {
    revokedOf: ({ consumerKey }) => [{ kind: "CONSUMER_KEY", value: consumerKey, issuedBefore, expiresAt }],
    told: (rows) => ({
      subject,
      after: { consumerKeys: rows.map(({ value }) => value), issuedBefore, keptUntil: expiresAt },
    }),
  });
  return { count: mine.length, issuedBefore: issuedBefore.toISOString() };
}
