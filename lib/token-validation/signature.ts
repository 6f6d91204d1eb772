import { whenThere, type Soon } from "#lib/foundation/soon.ts";
import { supportedAlgorithms } from "#lib/protocol/verification-key.ts";
import type { ReadJwt } from "./compact-token.ts";
import { claimSides, listOf, momentOf, timeSides, type Explain } from "./explain.ts";
import { isAccessToken, isRefused, readFacts, type TokenFacts } from "./facts.ts";
import type { FoundKey, KeyOrigin, KeySetStore } from "./key-set-store.ts";
import type { TrustAnchor } from "./snapshot.ts";
import { hasExpired, isEarly, readTimes } from "./times.ts";
import { refuse, refuseForNow, type Refused } from "./verdict.ts";

export type VerifiedToken = { facts: TokenFacts; claims: Readonly<Record<string, unknown>>; origin: KeyOrigin };

export type Verification = {
  anchor: TrustAnchor;
  keySets: KeySetStore;
  /** In which `exp`, `nbf` and `iat` are judged. */
  now: Date;
  /** Tolerance for clocks that differ. */
  skewSeconds: number;
  explain?: Explain | undefined;
};

/**
 * Verifies a JWT against the trust anchor of its issuer: algorithm, key, signature, issuer, times and kind.
 * Everything that decides comes from the anchor; the token only says what it claims to be.
 */
export function verifyToken(jwt: ReadJwt, verification: Verification): Soon<VerifiedToken | Refused> {
  const { anchor, keySets, explain } = verification;
  const { algorithm, keyId } = jwt;
  explain?.("algorithm", { expected: listOf(anchor.algorithms, "none"), seen: algorithm });
  if (!anchor.algorithms.includes(algorithm) || !supportedAlgorithms.has(algorithm)) return refuse("algorithm_refused");
  const found = keySets.find(anchor, keyId, algorithm);
  return whenThere(found, (key) => verifyWith(key, jwt, verification));
}

/** The rest of the way, with what was found in the key set. */
function verifyWith(
  found: FoundKey,
  jwt: ReadJwt,
  { anchor, keySets, now, skewSeconds, explain }: Verification,
): VerifiedToken | Refused {
  explain?.("key", keySides(jwt, found, keySets.names(anchor)));
  if (found.found === "unavailable") return refuseForNow(found.retryAfterSeconds);
  if (found.found === "nothing") return refuse("key_unknown");

  const { algorithm, issuer, type, claims, signed, signature } = jwt;
  const isSigned = found.key.verifies(algorithm, signed, signature);
  explain?.("signature", {
    expected: "made with that key, over this header and these claims",
    seen: isSigned ? "it is" : "it is not: another key signed it, or something was changed since",
  });
  if (!isSigned) return refuse("signature_invalid");
  if (issuer !== anchor.issuer) return refuse("claims_invalid");
  explain?.("times", tokenTimeSides(claims, now.getTime() / 1000, skewSeconds));
  const untimely = refuseTimes(claims, now.getTime() / 1000, skewSeconds);
  if (untimely) return untimely;
  explain?.("kind", kindSides(anchor, jwt));
  if (!isAccessToken(anchor, type, claims)) return refuse("token_type_wrong");
  explain?.("claims", claimSides(anchor, claims));
  const facts = readFacts(anchor, claims);
  if (isRefused(facts)) return facts;
  if (type !== "at+jwt" && looksLikeIdToken(anchor, claims, facts)) {
    explain?.("kind", {
      expected: kindSides(anchor, jwt).expected,
      seen: "it is made for its client alone: an ID token",
    });
    return refuse("token_type_wrong");
  }
  return { facts, claims, origin: found.origin };
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

function keySides({ keyId, algorithm }: ReadJwt, { found }: FoundKey, names: readonly string[]) {
  const named = keyId === undefined ? "" : ` with the id ${keyId}`;
  const published = `published are ${listOf(names, "none")}`;
  return {
    expected: `one key for ${algorithm}${named} in the key manager's key set`,
    seen: { key: "found", nothing: `none; ${published}`, unavailable: "the key set cannot be read at the moment" }[
      found
    ],
  };
}

function tokenTimeSides(claims: Record<string, unknown>, now: number, skewSeconds: number) {
  const times = readTimes(claims);
  if (!times) return { expected: "exp, nbf and iat in seconds since 1970", seen: "something else" };
  const { expected, seen } = timeSides(times, now, skewSeconds);
  return { expected, seen: times.issuedAt === null ? seen : `${seen}, iat ${momentOf(times.issuedAt)}` };
}

function kindSides({ tokenTypes }: TrustAnchor, { type }: ReadJwt) {
  const types = tokenTypes.length === 0 ? "" : `, typ ${tokenTypes.join(" or ")}`;
  return {
    expected: `an access token${types}; no ID token, refresh token, proof or event`,
    seen: `typ ${type === "" ? "none" : type}`,
  };
}
