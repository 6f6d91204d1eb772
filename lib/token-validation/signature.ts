import { errors, jwtVerify } from "jose";
import { supportedAlgorithms } from "#lib/protocol/verification-key.ts";
import type { ReadToken } from "./compact-token.ts";
import { isAccessToken, isRefused, readFacts, type TokenFacts } from "./facts.ts";
import type { KeySetStore } from "./key-set-store.ts";
import type { TrustAnchor } from "./snapshot.ts";
import { refuse, refuseForNow, type Refused } from "./verdict.ts";

/** Latest time that a claim may name: the year 9999. */
const latestSeconds = 253_402_300_799;

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

  let claims: Record<string, unknown>;
  try {
    const result = await jwtVerify(token, await found.key.importFor(algorithm), {
      algorithms: [algorithm],
      issuer: anchor.issuer,
      requiredClaims: ["iss", "exp"],
      clockTolerance: skewSeconds,
      currentDate: now,
    });
    claims = result.payload;
  } catch (error) {
    return refusalOf(error);
  }
  if (!hasUsableTimes(claims, now.getTime() / 1000 + skewSeconds)) return refuse("claims_invalid");
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

/** jose's codes are its interface; its messages are not. */
function refusalOf(error: unknown): Refused {
  if (error instanceof errors.JWTExpired) return refuse("token_expired");
  if (error instanceof errors.JWTClaimValidationFailed) {
    return refuse(error.claim === "nbf" && error.reason === "check_failed" ? "not_yet_valid" : "claims_invalid");
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return refuse("signature_invalid");
  // A key that does not import, or a structure that jose alone refuses: the token proves nothing.
  return refuse("token_malformed");
}

/** `exp` was demanded by jose; here, all three are numbers of this age of the world, and `iat` is past. */
function hasUsableTimes(claims: Record<string, unknown>, latestIssue: number): boolean {
  const times = ["exp", "nbf", "iat"].map((name) => claims[name]);
  if (!times.every((time) => time === undefined || (typeof time === "number" && time >= 0 && time <= latestSeconds))) {
    return false;
  }
  return typeof claims["iat"] !== "number" || claims["iat"] <= latestIssue;
}
