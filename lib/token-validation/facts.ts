import { readBinding, type Binding } from "./binding.ts";
import { member } from "./strict-json.ts";
import type { TrustAnchor } from "./snapshot.ts";
import { refuse, type Refused } from "./verdict.ts";

/** What is true about a token whatever it is used for. Facts may be cached; verdicts may not. */
export type TokenFacts = {
  readonly consumerKey: string | null;
  readonly subject: string | null;
  readonly scopes: readonly string[];
  /** Mapped claims, under their local names: an object of this token's own. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly audiences: readonly string[];
  /** Seconds since the epoch; null only where introspection did not say. */
  readonly expiresAt: number | null;
  readonly notBefore: number | null;
  /** Seconds since the epoch; null where the token does not say. */
  readonly issuedAt: number | null;
  /** `jti`, for what is revoked. */
  readonly tokenId: string | null;
  /** What the caller must show beside the token; null for a bearer token. */
  readonly binding: Binding | null;
};

/** `typ` of the JWTs that backends get; registered by nobody else. */
export const backendTokenType = "latchkey-backend+jwt";

const maximumScopes = 256;
/** Characters that the mapped claims of a token may take up as JSON: they travel in a header. */
const maximumClaimCharacters = 4_096;
const maximumClaimLevels = 8;
const maximumTextCharacters = 1_024;

/** `typ` headers of tokens that are no access tokens, for key managers that do not name their own. */
const otherTokenTypes = new Set([
  "id_token+jwt",
  "refresh+jwt",
  "rt+jwt",
  "logout+jwt",
  "dpop+jwt",
  "secevent+jwt",
  "oauth-authz-req+jwt",
  "client-authentication+jwt",
  "token-introspection+jwt",
  "kb+jwt",
  // What backends get in place of an access token is none.
  backendTokenType,
]);

/** Claims of ID tokens, security events and proofs. */
const otherTokenClaims = ["at_hash", "c_hash", "s_hash", "events", "htm", "htu"];

/**
 * Whether a token with these claims is an access token at all. Refresh tokens, ID tokens, logout tokens,
 * security events, proofs and assertions are signed by the same keys and must never pass as one
 * (RFC 8725 §3.11, RFC 9068 §4).
 *
 * @param type the `typ` header, lower-case, without "application/"
 */
export function isAccessToken(anchor: TrustAnchor, type: string, claims: Record<string, unknown>): boolean {
  const hasOwnTypes = anchor.tokenTypes.length > 0;
  if (hasOwnTypes ? !anchor.tokenTypes.includes(type) : otherTokenTypes.has(type)) return false;
  for (const name of Object.keys(anchor.refusedClaims)) {
    if (textsOf(member(claims, name)).some((text) => anchor.refusedClaims[name]?.includes(text))) return false;
  }
  const use = member(claims, "token_use");
  if (use !== undefined && use !== "access" && use !== "access_token") return false;
  if (type !== "at+jwt" && Object.hasOwn(claims, "nonce")) return false;
  return !otherTokenClaims.some((name) => Object.hasOwn(claims, name));
}

/**
 * Takes the facts out of claims that are known to be true.
 *
 * @param claims of a verified token, or of an introspection answer
 */
export function readFacts(anchor: TrustAnchor, claims: Record<string, unknown>): TokenFacts | Refused {
  const isBound = Object.hasOwn(claims, "cnf");
  const binding = isBound ? readBinding(claims["cnf"]) : null;
  if (isBound && !binding) return refuse("sender_constrained");
  const consumerKey = readConsumerKey(anchor, claims);
  if (isRefused(consumerKey)) return consumerKey;
  const scopes = readScopes(anchor, claims);
  const subject = optionalText(member(claims, "sub"));
  const tokenId = optionalText(member(claims, "jti"));
  if (!scopes || subject === undefined || tokenId === undefined) return refuse("claims_invalid");
  return {
    consumerKey,
    subject,
    scopes,
    claims: readMappedClaims(anchor, claims),
    audiences: textsOf(member(claims, "aud")),
    expiresAt: optionalNumber(member(claims, "exp")),
    notBefore: optionalNumber(member(claims, "nbf")),
    issuedAt: optionalNumber(member(claims, "iat")),
    tokenId,
    binding,
  };
}

export function isRefused(value: unknown): value is Refused {
  return typeof value === "object" && value !== null && "allowed" in value && value.allowed === false;
}

/**
 * The client that the token was issued to. The administrator's claim, where one is chosen, must be there;
 * every claim in which this kind of server names the client must agree with it: a claim that a client can
 * fill for itself then gains nothing.
 */
function readConsumerKey(anchor: TrustAnchor, claims: Record<string, unknown>): string | null | Refused {
  const chosen = anchor.consumerKeyClaim;
  if (chosen !== null && firstText(member(claims, chosen)) === null) return refuse("claims_invalid");
  let consumerKey: string | null = null;
  for (const name of chosen === null ? anchor.consumerKeyClaims : [chosen, ...anchor.consumerKeyClaims]) {
    const value = member(claims, name);
    if (value === undefined) continue;
    const text = firstText(value);
    if (text === null) return refuse("claims_invalid");
    if (consumerKey !== null && text !== consumerKey) return refuse("consumer_key_disagreement");
    consumerKey = text;
  }
  return consumerKey;
}

/** A text, or the first item of an array of texts. */
function firstText(value: unknown): string | null {
  const text: unknown = Array.isArray(value) ? value[0] : value;
  return typeof text === "string" && text !== "" && text.length <= maximumTextCharacters ? text : null;
}

/**
 * Scopes of the first claim that is there: a text split at spaces (RFC 6749 §3.3; no other white space
 * separates), or an array of texts, each of which is one scope. Null where they are not usable.
 */
function readScopes({ scopesClaims }: TrustAnchor, claims: Record<string, unknown>): readonly string[] | null {
  const name = scopesClaims.find((claim) => Object.hasOwn(claims, claim));
  if (name === undefined) return [];
  const value = claims[name];
  const listed: readonly unknown[] | null =
    typeof value === "string" ? value.split(" ").filter(Boolean) : Array.isArray(value) ? (value as unknown[]) : null;
  if (!listed || listed.length > maximumScopes) return null;
  return listed.every((scope) => typeof scope === "string")
    ? listed.filter((scope, at) => listed.indexOf(scope) === at)
    : null;
}

/** The mapped claims that the token has; one that is nested too deep or finds no room is left out. */
function readMappedClaims({ claimMappings }: TrustAnchor, claims: Record<string, unknown>): Record<string, unknown> {
  const mapped: [name: string, value: unknown][] = [];
  let room = maximumClaimCharacters;
  for (const { remote, local } of claimMappings) {
    const value = member(claims, remote);
    if (value === undefined || !isShallow(value, maximumClaimLevels)) continue;
    const characters = JSON.stringify([local, value]).length;
    if (characters > room) continue;
    room -= characters;
    mapped.push([local, value]);
  }
  // Not by assignment: a name such as __proto__ would not become a member.
  return Object.fromEntries(mapped);
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

/** Undefined where there is a value that is no usable text. */
function optionalText(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return null;
  return typeof value === "string" && value.length <= maximumTextCharacters ? value : undefined;
}

function optionalNumber(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
