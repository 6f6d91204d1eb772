import { supportedAlgorithms } from "#lib/protocol/verification-key.ts";
import { signedPart, type ReadToken } from "./compact-token.ts";
import { isAccessToken, isRefused, readFacts, type TokenFacts } from "./facts.ts";
import type { KeySetStore } from "./key-set-store.ts";
import type { TrustAnchor } from "./snapshot.ts";
import { hasExpired, isEarly, readTimes } from "./times.ts";
import { refuse, refuseForNow, type Refused } from "./verdict.ts";

export type VerifiedToken = { facts: TokenFacts; claims: Readonly<Record<string, unknown>>; generation: number };

/**
 * Verifies a JWT against the trust anchor of its issuer: algorithm, key, signature, issuer, times and kind.
 * Everything that decides comes from the anchor; the token only says what it claims to be.
 *
 * @param now in which `exp`, `nbf` and `iat` are judged
 * @param skewSeconds tolerance for clocks that differ
 */
export async function verifyToken(
  token: string,
  read: ReadToken & { kind: "jwt" },
  { anchor, keySets, now, skewSeconds }: { anchor: TrustAnchor; keySets: KeySetStore; now: Date; skewSeconds: number },
): Promise<VerifiedToken | Refused> {
  const { algorithm } = read;
  if (!anchor.algorithms.includes(algorithm) || !supportedAlgorithms.has(algorithm)) return refuse("algorithm_refused");
  const found = await keySets.find(anchor, read.keyId, algorithm);
  if (found.found === "unavailable") return refuseForNow(found.retryAfterSeconds);
  if (found.found === "nothing") return refuse("key_unknown");

  const { claims } = read;
  if (!found.key.verifies(algorithm, signedPart(token), read.signature)) return refuse("signature_invalid");
  if (read.issuer !== anchor.issuer) return refuse("claims_invalid");
  const untimely = refuseTimes(claims, now.getTime() / 1000, skewSeconds);
  if (untimely) return untimely;
  if (!isAccessToken(anchor, read.type, claims)) return refuse("token_type_wrong");
  const facts = readFacts(anchor, claims);
  if (isRefused(facts)) return facts;
  if (read.type !== "at+jwt" && looksLikeIdToken(anchor, claims, facts)) return refuse("token_type_wrong");
  return { facts, claims, generation: found.generation };
}

/** An ID token is made for its client (OpenID Connect Core §2) and speaks of no scopes; an access token is not. */
function looksLikeIdToken({ scopesClaims }: TrustAnchor, claims: Record<string, unknown>, facts: TokenFacts): boolean {
  if (scopesClaims.some((name) => Object.hasOwn(claims, name))) return false;
  return facts.audiences.length === 1 && facts.audiences[0] === facts.consumerKey;
}

/** A token says when it expires, and was issued in the past. */
function refuseTimes(claims: Record<string, unknown>, now: number, skewSeconds: number): Refused | null {
  const times = readTimes(claims);
  if (!times || times.expiresAt === null) return refuse("claims_invalid");
  if (hasExpired(times, now, skewSeconds)) return refuse("token_expired");
  if (isEarly(times, now, skewSeconds)) return refuse("not_yet_valid");
  return (times.issuedAt ?? 0) - skewSeconds > now ? refuse("claims_invalid") : null;
}
