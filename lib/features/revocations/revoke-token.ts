/** Revoking one token of some keys: gateways refuse it, and the key manager is told where it takes that. */
import { z } from "zod";
import { findConnector } from "#connectors/registry.ts";
import type { TokenKind } from "#lib/connector-kit/contract.ts";
import { AppError, fieldError } from "#lib/foundation/errors.ts";
import { tokenDigest } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { Context } from "../context.ts";
import { toAppError } from "../key-managers/connector-errors.ts";
import { openKeyManager } from "../key-managers/open.ts";
import { notSupported, unsupported } from "../key-managers/unsupported.ts";
import { revocationProblem } from "../key-mappings/revocation-problem.ts";
import { toClientRef } from "../key-mappings/secrets.ts";
import { auditSubject, requireOwnKeys, type KeysSubject } from "../key-mappings/subject.ts";
import { defineCrossTenantVerb, defineProvisioning, outcomeOf, type Settled } from "../verb.ts";
import { RevokeTokenInput, type RevokedTokenView } from "./contract.ts";
import { requireRevocableKeys, revokeEverywhere } from "./everywhere.ts";
import { keptUntil } from "./moments.ts";

type Intent = {
  subject: KeysSubject;
  kind: TokenKind;
  token: Secret;
  /** Why the key manager cannot end it; null where it can. */
  problem: string | null;
};

/**
 * Revokes one token that some keys of the caller's got. An access token is refused by gateways within five seconds,
 * whatever the key manager makes of it; a refresh token is the key manager's alone. The token is stored nowhere: what
 * stays of it is its id, where it is verified, and its digest.
 *
 * @throws {AppError} `key_mapping.not_found`, `key_mapping.not_active`, `input.invalid` at token for one of other keys or
 *   one that is over, and, for refresh tokens, `key_manager.*`
 */
export const revokeToken = defineProvisioning({
  action: "key_mapping.revoke_token",
  permission: "key_mapping:write",
  input: RevokeTokenInput,
  async intend(ctx, { id, kind, token }): Promise<Intent> {
    const subject = await requireOwnKeys(ctx, id);
    if (subject.mapping.consumerKey === null) {
      throw new AppError("key_mapping.not_active", { message: "These keys have no consumer key yet." });
    }
    const problem = revocationProblem(findConnector(subject.keyManager.connectorId), kind);
    // Gateways know nothing of refresh tokens, so there is nothing that could be done.
    if (problem !== null && kind === "refresh_token") {
      throw new AppError("key_manager.unsupported", {
        message: notSupported(subject.keyManager.displayName, problem),
      });
    }
    return { subject, kind, token: new Secret(token), problem };
  },
  async call(ctx, intent): Promise<RevokedTokenView> {
    if (intent.kind === "refresh_token") {
      await tellKeyManager(ctx, intent);
      return { atGateways: false, atKeyManager: true };
    }
    await refuseAtGateways(ctx, intent);
    if (intent.problem !== null) return { atGateways: true, atKeyManager: intent.problem };
    const told = await outcomeOf(tellKeyManager(ctx, intent));
    if (told.ok) return { atGateways: true, atKeyManager: true };
    return { atGateways: true, atKeyManager: toAppError(told.error, intent.subject.keyManager.displayName).message };
  },
  async settle(ctx, { subject, kind }, outcome): Promise<Settled<RevokedTokenView>> {
    if (outcome.ok) {
      ctx.audit({ subject: auditSubject(subject), after: { kind, ...outcome.value } });
      return { view: outcome.value };
    }
    const refused = toAppError(outcome.error, subject.keyManager.displayName);
    if (refused.code !== "input.invalid") {
      ctx.audit({ subject: auditSubject(subject), after: { kind, outcome: "refused", problem: refused.code } });
    }
    return { refused };
  },
});

/** @throws {AppError} `key_manager.*`, and what a connector throws */
async function tellKeyManager(ctx: Context, { subject, kind, token }: Intent): Promise<void> {
  const { adapter } = await openKeyManager(ctx, subject.keyManager.id);
  const ref = toClientRef(ctx, subject.mapping);
  if (!adapter.revokeToken || !ref) throw unsupported(subject.keyManager, "revokeToken");
  await adapter.revokeToken(ref, token, kind);
}

/** Refusals that leave it open whether the token opens anything a moment later. */
const open = new Set(["unavailable", "key_manager_ambiguous", "key_manager_disabled", "not_yet_valid"]);

type Mark = z.output<typeof RefuseTokenInput>["marks"][number];

/** @throws {AppError} `input.invalid` at token where it is not of these keys, or no gateway takes it anyhow */
async function refuseAtGateways(ctx: Context, { subject, token }: Intent): Promise<void> {
  const { mapping, keyManager } = subject;
  const marks: Mark[] = [{ kind: "TOKEN_DIGEST", value: tokenDigest(token.reveal()) }];
  const found = await ctx.deps.inspectToken(ctx.tenant.id, token.reveal());
  let expiresAt: Date | null = null;
  if (found.usable) {
    if (found.keyManagerId !== keyManager.id || found.consumerKey !== mapping.consumerKey) {
      throw fieldError("token", "Other keys got this token. Revoke it where they stand.");
    }
    // Only what a verified token says of itself: an id that somebody made up may be the one of another token.
    if (found.tokenId !== null) marks.push({ kind: "TOKEN_ID", value: found.tokenId });
    expiresAt = found.expiresAt;
  } else if (found.reason === "token_revoked") {
    // Gateways know. That the key manager does too is not certain.
    return;
  } else if (!open.has(found.reason)) {
    throw fieldError("token", `No gateway takes this token, so there is nothing to revoke. ${found.message}`);
  }
  await refuseToken(ctx, { id: mapping.id, marks, expiresAt });
}

const RefuseTokenInput = z.strictObject({
  id: z.uuid(),
  marks: z.array(z.strictObject({ kind: z.enum(["TOKEN_ID", "TOKEN_DIGEST"]), value: z.string() })),
  expiresAt: z.date().nullable(),
});

/** Has the gateways of every tenant refuse a token that these keys open APIs with. */
const refuseToken = defineCrossTenantVerb({
  action: "key_mapping.refuse_token",
  permission: "key_mapping:write",
  input: RefuseTokenInput,
  async run(ctx, { id, marks, expiresAt }): Promise<void> {
    const until = expiresAt ?? keptUntil(ctx.deps.clock.now());
    await revokeEverywhere(ctx, await requireRevocableKeys(ctx, id), {
      revokedOf: () => marks.map((mark) => ({ ...mark, issuedBefore: null, expiresAt: until })),
      told: () => ({ revoked: marks, keptUntil: until }),
    });
  },
});
