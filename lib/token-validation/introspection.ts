import { LRUCache } from "lru-cache";
import type { Clock } from "#lib/foundation/clock.ts";
import { withinDeadline } from "#lib/foundation/deadline.ts";
import type { Log } from "#lib/foundation/log.ts";
import { outboundLimits } from "#lib/foundation/outbound-contract.ts";
import { wasBusy } from "#lib/foundation/outbound-error.ts";
import { isAccessToken, isRefused, readFacts, type TokenFacts } from "./facts.ts";
import { member } from "./strict-json.ts";
import type { TrustAnchor } from "./snapshot.ts";
import { refuse, refuseForNow, type Refused } from "./verdict.ts";

/** An introspection answer (RFC 7662 §2.2). Times are seconds since the epoch. */
export type IntrospectionAnswer =
  | { active: false }
  | {
      active: true;
      consumerKey?: string | undefined;
      scopes: readonly string[];
      subject?: string | undefined;
      audiences: readonly string[];
      issuer?: string | undefined;
      expiresAt?: number | undefined;
      notBefore?: number | undefined;
      claims: Record<string, unknown>;
    };

/** Asks one key manager about one token. May fail, and may be slow: the deadline is kept here. */
export type Introspect = (request: {
  tenantId: string;
  anchor: TrustAnchor;
  token: string;
}) => Promise<IntrospectionAnswer>;

export type IntrospectionLimits = {
  deadlineMs: number;
  /** An active token is asked about again after this time, or when it expires. */
  activeMs: number;
  inactiveMs: number;
  /** Tokens kept at a time that may be used, and as many others. */
  answers: number;
  /** Calls under way at one key manager; more are refused at once. */
  concurrentCalls: number;
  /** After so many failures in a row, a key manager is left alone for `restMs`. */
  failuresInARow: number;
  restMs: number;
};

export const defaultIntrospectionLimits: IntrospectionLimits = {
  deadlineMs: 1_500,
  activeMs: 60_000,
  inactiveMs: 5_000,
  answers: 20_000,
  concurrentCalls: outboundLimits.validation.callsPerHost,
  failuresInARow: 5,
  restMs: 5_000,
};

/** An answer, and for how long it stands; milliseconds since the epoch. */
type Kept<Result> = { result: Result; from: number; until: number };
type Line = { calls: number; failures: number; restsUntil: number };

/** Introspection with a deadline, a cache, a shared call for equal questions, and a rest for failing servers. */
export class Introspector {
  readonly #introspect: Introspect;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limits: IntrospectionLimits;
  /** Apart from the refused ones: strangers can make as many of those as they like. */
  readonly #usable: LRUCache<string, Kept<TokenFacts>>;
  readonly #refused: LRUCache<string, Kept<Refused>>;
  readonly #underWay = new Map<string, Promise<TokenFacts | Refused>>();
  readonly #lines: LRUCache<string, Line>;

  constructor(options: { introspect: Introspect; clock: Clock; log: Log; limits: IntrospectionLimits }) {
    this.#introspect = options.introspect;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#limits = options.limits;
    this.#usable = new LRUCache({ max: options.limits.answers });
    this.#refused = new LRUCache({ max: options.limits.answers });
    this.#lines = new LRUCache({ max: 2_000 });
  }

  /** @param digest of the whole token */
  async check(tenantId: string, anchor: TrustAnchor, { token, digest }: { token: string; digest: string }) {
    const key = `${anchor.fingerprint} ${digest}`;
    const now = this.#clock.now().getTime();
    const known = standing(this.#usable.get(key), now) ?? standing(this.#refused.get(key), now);
    if (known) return known;
    let call = this.#underWay.get(key);
    if (!call) {
      const line = this.#line(anchor.keyManagerId);
      const refusal = this.#refuseBusy(line);
      if (refusal) return refusal;
      call = this.#ask(line, { tenantId, anchor, token }, key).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, call);
    }
    // An answer that comes too late for this caller still serves the next. Nothing else is thrown.
    return withinDeadline(call, this.#limits.deadlineMs).catch(() => refuseForNow(1));
  }

  #line(keyManagerId: string): Line {
    let line = this.#lines.get(keyManagerId);
    if (!line) this.#lines.set(keyManagerId, (line = { calls: 0, failures: 0, restsUntil: 0 }));
    return line;
  }

  #refuseBusy(line: Line): Refused | null {
    const restMs = line.restsUntil - this.#clock.now().getTime();
    // More than that is a clock that was set back.
    if (restMs > 0 && restMs <= this.#limits.restMs) return refuseForNow(restMs / 1000);
    return line.calls >= this.#limits.concurrentCalls ? refuseForNow(1) : null;
  }

  async #ask(line: Line, request: Parameters<Introspect>[0], key: string): Promise<TokenFacts | Refused> {
    line.calls++;
    try {
      const result = judge(request.anchor, await this.#introspect(request));
      line.failures = 0;
      this.#remember(key, result);
      return result;
    } catch (error) {
      // The key manager was not asked: it did not fail.
      if (wasBusy(error)) return refuseForNow(1);
      line.failures++;
      if (line.failures >= this.#limits.failuresInARow)
        line.restsUntil = this.#clock.now().getTime() + this.#limits.restMs;
      this.#log.warn(
        { keyManagerId: request.anchor.keyManagerId, error },
        "a key manager did not answer an introspection",
      );
      return refuseForNow(1);
    } finally {
      line.calls--;
    }
  }

  #remember(key: string, result: TokenFacts | Refused): void {
    const now = this.#clock.now().getTime();
    if (isRefused(result)) {
      this.#usable.delete(key);
      this.#refused.set(key, { result, from: now, until: now + this.#limits.inactiveMs });
      return;
    }
    this.#refused.delete(key);
    const expires = result.expiresAt === null ? Infinity : result.expiresAt * 1000;
    this.#usable.set(key, { result, from: now, until: Math.min(now + this.#limits.activeMs, expires) });
  }
}

/** A clock that was set back does not make an answer last longer. */
function standing<Result>(kept: Kept<Result> | undefined, now: number): Result | undefined {
  return kept && kept.from <= now && now < kept.until ? kept.result : undefined;
}

/** An answer about another issuer's token, or about no access token, is no answer for us. */
function judge(anchor: TrustAnchor, answer: IntrospectionAnswer): TokenFacts | Refused {
  if (!answer.active) return refuse("token_revoked");
  if (answer.issuer !== undefined && answer.issuer !== anchor.issuer) return refuse("issuer_unknown");
  const claims = { ...answer.claims };
  // The header is not known here, and answers may legitimately carry a nonce.
  delete claims["nonce"];
  if (!isAccessToken({ ...anchor, tokenTypes: [] }, "", claims) || !isAnswerAboutAccessToken(anchor, claims)) {
    return refuse("token_type_wrong");
  }
  // An answer has a place of its own for scopes (RFC 7662 §2.2), which the connector has read.
  const facts = readFacts(anchor.scopesClaimChosen ? anchor : { ...anchor, scopesClaims: [] }, claims);
  if (isRefused(facts)) return facts;
  // RFC 9449 §6.2: such a token is bound to a key, which the answer must then name.
  if (tokenTypeOf(claims) === "dpop" && (facts.binding?.key ?? null) === null) return refuse("sender_constrained");
  const { consumerKey } = answer;
  if (consumerKey !== undefined && facts.consumerKey !== null && consumerKey !== facts.consumerKey) {
    return refuse("consumer_key_disagreement");
  }
  return {
    consumerKey: facts.consumerKey ?? consumerKey ?? null,
    subject: answer.subject ?? facts.subject,
    scopes: anchor.scopesClaimChosen ? facts.scopes : answer.scopes.slice(0, 256),
    claims: facts.claims,
    audiences: answer.audiences,
    expiresAt: answer.expiresAt ?? null,
    notBefore: answer.notBefore ?? null,
    issuedAt: facts.issuedAt,
    tokenId: optionalTokenId(claims),
    binding: facts.binding,
  };
}

/**
 * How access tokens are used (RFC 6750, RFC 9449 §5), lower-case; Duende IdentityServer and Ory Hydra before 1.9 say there
 * that it is an access token. Of a refresh token, servers say so there or nothing at all.
 */
const accessTokenTypes: readonly unknown[] = ["bearer", "dpop", "access_token"];

function isAnswerAboutAccessToken({ introspectedMembers = [] }: TrustAnchor, claims: Record<string, unknown>): boolean {
  if (introspectedMembers.some((name) => member(claims, name) === undefined)) return false;
  const type = tokenTypeOf(claims);
  return type === undefined || accessTokenTypes.includes(type);
}

/** `token_type` (RFC 7662 §2.2), whose case means nothing (RFC 6749 §7.1). */
function tokenTypeOf(claims: Record<string, unknown>): unknown {
  const type = member(claims, "token_type");
  return typeof type === "string" ? type.toLowerCase() : type;
}

function optionalTokenId(claims: Record<string, unknown>): string | null {
  const tokenId = member(claims, "jti");
  return typeof tokenId === "string" ? tokenId : null;
}
