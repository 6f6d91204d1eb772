/**
 * How the validator explains itself: it tells of each check, as it makes it, what it asks for and what it sees. The
 * same code judges calls of gateways; nobody listens there, and nothing is put into words.
 */
import type { Soon } from "#lib/foundation/soon.ts";
import type { TokenFacts } from "./facts.ts";
import type { ReadToken } from "./compact-token.ts";
import { takesOpaque } from "./ownership.ts";
import type { Snapshot, TrustAnchor } from "./snapshot.ts";
import type { Verdict } from "./verdict.ts";

/** Every check, in the order in which they are made. */
export const checkNames = [
  "api",
  "token",
  "format",
  "key_manager",
  "acceptance",
  "algorithm",
  "key",
  "signature",
  "kind",
  "claims",
  "introspection",
  "times",
  "revocation",
  "binding",
  "application",
  "subscription",
  "resource",
  "scopes",
  "audience",
] as const;
export type CheckName = (typeof checkNames)[number];

/** Listens to the checks of one call. One that is told of twice was made in two steps: the later words count. */
export type Explain = (check: CheckName, sides: { expected: string; seen: string }) => void;

export type ExplainedCheck = {
  name: CheckName;
  /** Of a refused call, the last check that was made is the one that failed. */
  outcome: "passed" | "failed";
  /** In words for people; never the token, nor a secret. */
  expected: string;
  seen: string;
};

/** A verdict, and how it came about. Checks that were not reached are missing. */
export type Explanation = { verdict: Verdict; checks: ExplainedCheck[] };

/** Collects what one judgement tells. */
export async function listen(judge: (explain: Explain) => Soon<Verdict>): Promise<Explanation> {
  const told = new Map<CheckName, { expected: string; seen: string }>();
  let last: CheckName | undefined;
  const verdict = await judge((check, sides) => {
    last = check;
    told.set(check, { expected: brief(sides.expected), seen: brief(sides.seen) });
  });
  const checks = checkNames.flatMap((name): ExplainedCheck[] => {
    const sides = told.get(name);
    if (!sides) return [];
    return [{ name, outcome: !verdict.allowed && name === last ? "failed" : "passed", ...sides }];
  });
  return { verdict, checks };
}

const maximumCharacters = 400;

/** What stands in a token may be long. */
function brief(text: string): string {
  return text.length <= maximumCharacters ? text : `${text.slice(0, maximumCharacters)}…`;
}

/** A moment as people read it. @param seconds since the epoch */
export function momentOf(seconds: number | null): string {
  const date = seconds === null ? null : new Date(seconds * 1000);
  return date && !Number.isNaN(date.getTime()) ? date.toISOString().replace(".000Z", "Z") : "none";
}

/** A list of texts, or what stands for none. */
export function listOf(texts: readonly string[], none: string): string {
  return texts.length === 0 ? none : texts.join(", ");
}

/** The same as a part of a sentence: "GET, PUT and DELETE". */
export function allOf(texts: readonly string[]): string {
  const last = texts.at(-1) ?? "";
  return texts.length < 2 ? last : `${texts.slice(0, -1).join(", ")} and ${last}`;
}

/**
 * Under which addresses the APIs are served that a call to none of them may have meant: in other letters, or under another
 * version.
 *
 * @returns an empty text where none comes near
 */
export function servedNear({ published }: Snapshot, address: string): string {
  const [path = ""] = address.toLowerCase().split(/[?#]/);
  const beginsWith = (prefix: string) => `${path}/`.startsWith(`${prefix.toLowerCase()}/`);
  const inOtherLetters = published.filter(({ context, version }) => beginsWith(`${context}/${version}`));
  if (inOtherLetters.length > 0) return `${servedAt(inOtherLetters)}, where capital and small letters count`;
  const ofContext = published.filter(({ context }) => beginsWith(context));
  const longest = Math.max(...ofContext.map(({ context }) => context.length));
  return servedAt(ofContext.filter(({ context }) => context.length === longest));
}

function servedAt(apis: Snapshot["published"]): string {
  const names = [...new Set(apis.map(({ name }) => name))];
  const addressesOf = (name: string) =>
    apis.filter((api) => api.name === name).map(({ context, version }) => `${context}/${version}`);
  return allOf(names.map((name) => `${name} is served under ${allOf(addressesOf(name))}`));
}

const kinds: Record<ReadToken["kind"], string> = {
  jwt: "a signed JWT",
  opaque: "an opaque token",
  encrypted: "an encrypted JWT, opaque to everybody but its key manager",
  malformed: "neither: a part is missing, or is not written as the format has it",
};

export function formatSides(read: ReadToken): { expected: string; seen: string } {
  return { expected: "a signed JWT in compact form, or an opaque token", seen: kinds[read.kind] };
}

/** Whom a token could belong to, and what it says of that. */
export function ownerSides({ anchorsById }: Snapshot, read: ReadToken): { expected: string; seen: string } {
  const anchors = [...anchorsById.values()];
  if (read.kind === "jwt") {
    const issuers = [...new Set(anchors.map(({ issuer }) => issuer))];
    return {
      expected: `one key manager with the token's issuer and claims; known issuers: ${listOf(issuers, "none")}`,
      seen: `iss ${read.jwt.issuer ?? "none"}`,
    };
  }
  const takers = anchors.filter(takesOpaque).map(({ name }) => name);
  return {
    expected: `one key manager that takes opaque tokens; there are: ${listOf(takers, "none")}`,
    seen: kinds[read.kind],
  };
}

/** What the anchor reads a client and scopes from, and what stands there. */
export function claimSides(anchor: TrustAnchor, claims: Record<string, unknown>): { expected: string; seen: string } {
  const clients = anchor.consumerKeyClaim === null ? anchor.consumerKeyClaims : [anchor.consumerKeyClaim];
  const names = [...new Set([...clients, ...anchor.consumerKeyClaims, ...anchor.scopesClaims, "sub", "cnf"])];
  const present = names.filter((name) => Object.hasOwn(claims, name));
  return {
    expected: `one consumer key in ${listOf(clients, "no claim")}, scopes in ${listOf(anchor.scopesClaims, "no claim")}`,
    seen: listOf(
      present.map((name) => `${name} ${JSON.stringify(claims[name])}`),
      "none of them",
    ),
  };
}

/** @param now seconds since the epoch */
export function timeSides(
  { expiresAt, notBefore }: Pick<TokenFacts, "expiresAt" | "notBefore">,
  now: number,
  skewSeconds: number,
): { expected: string; seen: string } {
  const named = notBefore === null ? "" : `, nbf ${momentOf(notBefore)}`;
  return {
    expected: `an expiry after, and a beginning before ${momentOf(Math.floor(now))}, ${String(skewSeconds)} s of tolerance`,
    seen: `exp ${momentOf(expiresAt)}${named}`,
  };
}
