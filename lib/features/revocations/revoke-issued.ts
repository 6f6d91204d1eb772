/** Revoking what an application got so far: by its owner, for all of its keys or one of them, and by administrators. */
import { findRevocableApplication } from "#lib/data/revocable-clients.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { ApplicationId, PersonId } from "#lib/foundation/ids.ts";
import { requirePerson } from "../applications/own.ts";
import { defineCrossTenantVerb, type CrossTenantContext } from "../verb.ts";
import { ApplicationTokensRef, KeyTokensRef, type RevokedView } from "./contract.ts";
import { requireRevocableKeys, revokeEverywhere, type Revocable } from "./everywhere.ts";
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
    return revokeIssued(ctx, await requireRevocableKeys(ctx, id));
  },
});

/** @param owner null for an application of anybody in the tenant */
async function revokeOfApplication(ctx: CrossTenantContext, id: string, owner: PersonId | null): Promise<RevokedView> {
  const of = { applicationId: id as ApplicationId };
  const application = await findRevocableApplication(ctx, { tenantId: ctx.tenant.id, owner, of });
  if (!application) throw new AppError("application.not_found");
  const { clients, name } = application;
  return revokeIssued(ctx, { clients, subject: { type: "application", id: application.id, name } });
}

async function revokeIssued(ctx: CrossTenantContext, revocable: Revocable): Promise<RevokedView> {
  const now = ctx.deps.clock.now();
  const [issuedBefore, expiresAt] = [issuedUntil(now), keptUntil(now)];
  const mine = await revokeEverywhere(ctx, revocable, {
    revokedOf: ({ consumerKey }) => [{ kind: "CONSUMER_KEY", value: consumerKey, issuedBefore, expiresAt }],
    told: (rows) => ({ consumerKeys: rows.map(({ value }) => value), issuedBefore, keptUntil: expiresAt }),
  });
  return { count: mine.length, issuedBefore: issuedBefore.toISOString() };
}
