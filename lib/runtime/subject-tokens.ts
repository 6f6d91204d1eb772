/** Judges the tokens of a tenant's other key managers that are to be exchanged at its own. */
import { LRUCache } from "lru-cache";
import { findConnector } from "#connectors/registry.ts";
import type { SubjectToken, VerifySubjectToken } from "#lib/authorization-server/token-exchange.ts";
import type { Database } from "#lib/data/database.ts";
import { listExchangeTrust, type KeyManagerRecord } from "#lib/data/key-managers.ts";
import { isTokenRevoked } from "#lib/data/revocations.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import { tokenDigest, type TenantId } from "#lib/foundation/ids.ts";
import type { Log } from "#lib/foundation/log.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { readToken } from "#lib/token-validation/compact-token.ts";
import { isRefused } from "#lib/token-validation/facts.ts";
import { defaultKeySetLimits, KeySetStore } from "#lib/token-validation/key-set-store.ts";
import { verifyToken } from "#lib/token-validation/signature.ts";
import { Ownership } from "#lib/token-validation/ownership.ts";
import type { Reason } from "#lib/token-validation/verdict.ts";
import { fetchKeySet, trustAnchorOf } from "./trust-anchors.ts";

export type SubjectTokenOptions = { database: Database; clock: Clock; log: Log; outbound: OutboundFetch };

/** How long a change of a key manager may go unseen. */
const rememberedMs = 2_000;
const skewSeconds = 60;

/** Why a token was refused, for the developer who sent it. */
const words: Partial<Record<Reason, string>> = {
  algorithm_refused: "the subject token is signed with an algorithm that its key manager does not use",
  claims_invalid: "the subject token's claims cannot be used",
  key_unknown: "the subject token names a signing key that its issuer does not publish",
  not_yet_valid: "the subject token is not valid yet",
  sender_constrained: "the subject token is bound to its sender and cannot be exchanged",
  signature_invalid: "the subject token's signature is wrong",
  token_expired: "the subject token has expired",
  token_malformed: "the subject token is no JWT that can be read",
  token_type_wrong: "the subject token is no access token",
};

/** Makes the judge that the authorization server asks. */
export function createSubjectTokenVerifier(options: SubjectTokenOptions): VerifySubjectToken {
  const { database, clock, log, outbound } = options;
  const keySets = new KeySetStore({
    fetchKeySet: (url) => fetchKeySet(outbound, url),
    clock,
    log,
    limits: defaultKeySetLimits,
  });
  const trusted = new LRUCache<TenantId, KeyManagerRecord[]>({
    max: 1_000,
    ttl: rememberedMs,
    fetchMethod: (tenantId) => database.inTenant(tenantId, (tx) => listExchangeTrust(tx)),
  });

  return async (tenantId, token) => {
    const read = readToken(token);
    if (read.kind !== "jwt") return { refused: "the subject token must be a JWT" };
    const candidates = (await trusted.fetch(tenantId)) ?? [];
    const anchors = candidates.flatMap((candidate) => {
      const connector = findConnector(candidate.connectorId);
      return connector ? [trustAnchorOf(candidate, connector)] : [];
    });
    const anchor = new Ownership(anchors).ofJwt(read.jwt.issuer, read.jwt.claims, () => true);
    const keyManager = isRefused(anchor) ? undefined : candidates.find(({ id }) => id === anchor.keyManagerId);
    if (isRefused(anchor) || !keyManager)
      return { refused: "no key manager here exchanges such tokens of this issuer" };
    const verified = await verifyToken(read.jwt, { anchor, keySets, now: clock.now(), skewSeconds });
    if (isRefused(verified)) {
      return { refused: words[verified.reason] ?? "the subject token could not be checked just now; try again" };
    }
    const { facts, claims } = verified;
    // The new token would be bound to nothing: whoever found the old one could shake off its binding.
    if (facts.binding) return { refused: words.sender_constrained ?? "" };
    if (keyManager.exchangeAudience === null || !facts.audiences.includes(keyManager.exchangeAudience)) {
      return { refused: "the subject token is not meant for this server: its audience is another one" };
    }
    const { tokenId, consumerKey, issuedAt } = facts;
    const known = {
      ...{ tokenId, consumerKey, subject: facts.subject, digest: tokenDigest(token) },
      issuedAt: issuedAt === null ? null : new Date(issuedAt * 1_000),
    };
    if (await database.inTenant(tenantId, (tx) => isTokenRevoked(tx, anchor.revocationName, known))) {
      return { refused: "the subject token was revoked" };
    }
    if (facts.subject === null || facts.expiresAt === null) return { refused: "the subject token names no subject" };
    const { subject, expiresAt } = facts;
    return { accepted: { issuer: anchor.issuer, subject, claims: mapped(keyManager, claims), expiresAt } };
  };
}

/** The mapped claims that the token has, under their local names. */
function mapped(
  { claimMappings }: KeyManagerRecord,
  claims: Readonly<Record<string, unknown>>,
): SubjectToken["claims"] {
  const present = claimMappings.filter(({ remote }) => Object.hasOwn(claims, remote));
  return Object.fromEntries(present.map(({ remote, local }) => [local, claims[remote]]));
}
