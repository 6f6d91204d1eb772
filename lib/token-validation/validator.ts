import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Clock } from "#lib/foundation/clock.ts";
import type { Log } from "#lib/foundation/log.ts";
import { whenThere, type Soon } from "#lib/foundation/soon.ts";
import { refuseCertificate } from "./binding.ts";
import type { CallerProof } from "./caller-proof.ts";
import { maximumTokenCharacters, readToken, type ReadToken } from "./compact-token.ts";
import { defaultDpopLimits, DpopVerifier, type DpopLimits } from "./dpop.ts";
import {
  formatSides,
  listen,
  listOf,
  ownerSides,
  servedNear,
  timeSides,
  type Explain,
  type Explanation,
} from "./explain.ts";
import type { TokenFacts } from "./facts.ts";
import { isRefused } from "./facts.ts";
import {
  defaultIntrospectionLimits,
  Introspector,
  type Introspect,
  type IntrospectionLimits,
} from "./introspection.ts";
import {
  defaultKeySetLimits,
  KeySetStore,
  type FetchKeySet,
  type KeyOrigin,
  type KeySetLimits,
} from "./key-set-store.ts";
import { judge, refuseAnchor } from "./judge.ts";
import { verifyToken } from "./signature.ts";
import type { CompiledApi, Grant, Snapshot, TrustAnchor } from "./snapshot.ts";
import { refuse, refuseForNow, type Refused, type Verdict } from "./verdict.ts";

/** What a gateway asks about: a token, and the call that it should open. */
export type ValidationRequest = {
  tenantId: string;
  /** Undefined or empty where the caller sent none. */
  token: string | undefined;
  /** HTTP method as the caller sent it: methods are compared letter for letter (RFC 9110 §9.1). */
  method: string;
  /** The API with the path inside it, or the whole path as the gateway received it. */
  target: { api: { context: string; version: string }; path: string } | { requestPath: string };
  /**
   * For a GraphQL API, each field that the call touches at its root, such as "QUERY orders" or "MUTATION addOrder", that
   * of fragments and of conditions included; undefined for others.
   */
  operations?: readonly string[] | undefined;
  /** For tokens that are bound to their holder; undefined for a plain bearer token. */
  proof?: CallerProof | undefined;
};

export type ValidatorLimits = {
  skewSeconds: number;
  /** Tokens whose facts are kept at a time, at most. */
  tokens: number;
  keySets: KeySetLimits;
  introspection: IntrospectionLimits;
  dpop: DpopLimits;
};

export const defaultLimits: ValidatorLimits = {
  skewSeconds: 60,
  tokens: 50_000,
  keySets: defaultKeySetLimits,
  introspection: defaultIntrospectionLimits,
  dpop: defaultDpopLimits,
};

/** Everything that the validator knows of the world. On the warm path it calls the first four only, and waits for none. */
export type ValidatorPorts = {
  clock: Clock;
  /** Milliseconds that have passed since some moment, whatever the clock is set to; Node's own where left out. */
  timer?: () => number;
  /** The tenant as it is now; null where it cannot be known for certain (then every call is refused). */
  snapshot: (tenantId: string) => Soon<Snapshot | null>;
  /** What a consumer key opens; null where it belongs to nobody. Rejects where that cannot be known at the moment. */
  grant: (tenantId: string, keyManagerId: string, consumerKey: string) => Soon<Grant | null>;
  /**
   * Whether the token was revoked, alone or with others; for people, also as what. `digest` is the SHA-256 of all of it,
   * base64url.
   */
  isRevoked: (
    tenantId: string,
    anchor: TrustAnchor,
    token: { facts: TokenFacts; digest: string },
  ) => Soon<boolean | RevokedAs | null>;
  fetchKeySet: FetchKeySet;
  introspect: Introspect;
  log: Log;
  limits?: ValidatorLimits;
};

export type Validator = {
  /**
   * Judges one call, at once where everything is known that it takes. Never throws or rejects for anything that a token or
   * a request may hold.
   */
  validate(request: ValidationRequest): Soon<Verdict>;
  /**
   * Tells what is true about a token that may be used at this moment, whatever it opens. What it is bound to stands in the
   * facts, and is for the asker to check. Never throws for anything that a token may hold.
   */
  inspect(tenantId: string, token: string): Promise<Inspected | Refused>;
  /**
   * Judges one call like `validate`, and tells of each check that was made. Nothing that is remembered of the token
   * shortens the way.
   */
  explain(request: ValidationRequest): Promise<Explanation>;
};

/** What a revocation names: a token by its id or its digest, or all tokens of a client or a subject. */
export type RevokedAs = "TOKEN_ID" | "TOKEN_DIGEST" | "CONSUMER_KEY" | "SUBJECT";

/** A token that may be used, and the key manager that it belongs to. */
export type Inspected = { facts: TokenFacts; anchor: TrustAnchor };

type CachedFacts = {
  facts: TokenFacts;
  anchor: TrustAnchor;
  origin: KeyOrigin;
  /** What tells whose token it is; null where the issuer alone does. */
  claims: Readonly<Record<string, unknown>> | null;
};
/** A token as it was presented, with the SHA-256 of all of its characters. */
type Presented = { token: string; digest: string };
/** A call whose API is found, on its way to the verdict. */
type Call = {
  request: ValidationRequest;
  snapshot: Snapshot;
  api: CompiledApi;
  /** Inside the API. */
  path: string;
  digest: string;
  now: Date;
  explain: Explain | undefined;
};
/** In front of what a token stands at this moment. */
type Presence = Pick<Call, "snapshot" | "digest" | "now"> & { explain?: Explain | undefined };
/** What decides which key managers count; of an API, or of none in particular. */
type Accepting = Pick<CompiledApi, "accepts">;

/**
 * Makes the validator of an installation.
 *
 * The order of questions is WSO2's: API, token, key manager, subscription, resource and scope, audience.
 * What is kept between calls are the verified facts of a token, under the SHA-256 of all of its characters;
 * they stand only while the key manager and its key set are the ones they were verified with. Whether the
 * facts open an API is judged on every call.
 */
export function createValidator(ports: ValidatorPorts): Validator {
  const limits = ports.limits ?? defaultLimits;
  const keySets = new KeySetStore({ ...ports, limits: limits.keySets });
  const introspector = new Introspector({ ...ports, limits: limits.introspection });
  const dpop = new DpopVerifier(limits.dpop, ports.timer);
  const known = new LRUCache<string, CachedFacts>({ max: limits.tokens });

  function validate(request: ValidationRequest, explain?: Explain): Soon<Verdict> {
    return whenThere(ports.snapshot(request.tenantId), (snapshot) => validateIn(snapshot, request, explain));
  }

  function validateIn(snapshot: Snapshot | null, request: ValidationRequest, explain?: Explain): Soon<Verdict> {
    if (!snapshot) return refuseForNow(1);
    if (snapshot.suspended) return refuse("tenant_suspended");
    const target = findTarget(snapshot, request);
    explain?.("api", apiSides(snapshot, request, target?.api));
    if (!target) return refuse("api_unknown");
    explain?.("token", { expected: "an access token", seen: request.token ? "one" : "none" });
    if (!request.token) return refuse("token_missing");

    const now = ports.clock.now();
    const presented = { token: request.token, digest: digestOf(request.token) };
    const call: Call = {
      request,
      snapshot,
      api: target.api,
      path: target.path,
      digest: presented.digest,
      now,
      explain,
    };
    const known = explain ? null : recall(snapshot, target.api, presented);
    const checked = known ?? check(presented, target.api, call);
    return whenThere(checked, (found) => judgeChecked(found, call));
  }

  /** The part of the way that every call goes, whether its token was seen before or not. */
  function judgeChecked(checked: Inspected | Refused, call: Call): Soon<Verdict> {
    if (isRefused(checked)) return checked;
    const refusal = refuseAtPresent(checked, call.api, call);
    return whenThere(refusal, (refused) => refused ?? judgePresent(checked, call));
  }

  function judgePresent(checked: Inspected, call: Call): Soon<Verdict> {
    const { request, digest, now, explain } = call;
    const { facts } = checked;
    if (facts.binding === null && request.proof?.dpop === undefined) return judgeGranted(checked, call);
    explain?.("binding", bindingSides(facts, request));
    const unproven = refuseUnproven(request, { facts, digest, now });
    return whenThere(unproven, (refused) => refused ?? judgeGranted(checked, call));
  }

  function judgeGranted(checked: Inspected, call: Call): Soon<Verdict> {
    const found = findGrant(call.snapshot.tenantId, checked);
    return whenThere(found, (grant) => judgeWith(grant, checked, call));
  }

  async function inspect(tenantId: string, token: string): Promise<Inspected | Refused> {
    const snapshot = await ports.snapshot(tenantId);
    if (!snapshot) return refuseForNow(1);
    if (snapshot.suspended) return refuse("tenant_suspended");
    if (!token) return refuse("token_missing");
    const now = ports.clock.now();
    const presented = { token, digest: digestOf(token) };
    const checked =
      recall(snapshot, anyKeyManager, presented) ?? (await check(presented, anyKeyManager, { snapshot, now }));
    if (isRefused(checked)) return checked;
    const { digest } = presented;
    return (await refuseAtPresent(checked, anyKeyManager, { snapshot, digest, now })) ?? checked;
  }

  /** What may have changed since the facts were learned. */
  function refuseAtPresent(
    { facts, anchor }: Inspected,
    accepting: Accepting,
    { snapshot, digest, now, explain }: Presence,
  ): Soon<Refused | null> {
    explain?.("times", timeSides(facts, now.getTime() / 1000, limits.skewSeconds));
    const untimely = refuseUntimely(facts, now);
    if (untimely) return untimely;
    const isRevoked = ports.isRevoked(snapshot.tenantId, anchor, { facts, digest });
    // Asked again of what was remembered: the key manager may have been disabled, or the API may be another one.
    return whenThere(isRevoked, (found) => refuseRevoked(found, facts, explain) ?? refuseAnchor(anchor, accepting));
  }

  /** Asked on every call: a proof belongs to one call, a certificate to one connection. */
  function refuseUnproven(
    { method, proof }: ValidationRequest,
    { facts: { binding }, digest, now }: { facts: TokenFacts; digest: string; now: Date },
  ): Soon<Refused | null> {
    const refused = binding && refuseCertificate(binding, proof);
    if (refused) return refused;
    const keyThumbprint = binding?.key ?? null;
    if (keyThumbprint === null) return proof?.dpop === undefined ? null : refuse("dpop_unbound");
    if (proof?.dpop === undefined) return refuse("dpop_required");
    return dpop.refuse(proof.dpop, { keyThumbprint, tokenDigest: digest, method }, now);
  }

  function findGrant(tenantId: string, { anchor, facts }: Inspected): Soon<Grant | Refused | null> {
    if (facts.consumerKey === null) return null;
    const found = ports.grant(tenantId, anchor.keyManagerId, facts.consumerKey);
    if (!(found instanceof Promise)) return found;
    return found.catch((error: unknown) => {
      ports.log.warn({ error, tenantId }, "what a consumer key opens could not be read");
      return refuseForNow(1);
    });
  }

  /** Facts verified earlier, where everything they rest on is still the same. */
  function recall({ anchorsById, owners }: Snapshot, { accepts }: Accepting, { digest }: Presented): Inspected | null {
    const entry = known.get(digest);
    if (!entry) return null;
    const anchor = anchorsById.get(entry.anchor.keyManagerId);
    if (anchor?.fingerprint !== entry.anchor.fingerprint) return null;
    // Where several have its issuer, whose token it is may depend on where it is presented.
    const { claims } = entry;
    const isOwner =
      owners.ownsAll(anchor) || (claims !== null && owners.ofJwt(anchor.issuer, claims, accepts) === anchor);
    if (!isOwner) return null;
    return keySets.stillTrusts(anchor, entry.origin) ? { facts: entry.facts, anchor } : null;
  }

  function check(
    { token, digest }: Presented,
    accepting: Accepting,
    { snapshot, now, explain }: Omit<Presence, "digest">,
  ): Soon<Inspected | Refused> {
    const read = readToken(token);
    explain?.("format", formatSides(read));
    if (read.kind === "malformed") return refuse("token_malformed");
    explain?.("key_manager", ownerSides(snapshot, read));
    const anchor = anchorOf(snapshot, accepting, { token, read });
    if (isRefused(anchor)) return anchor;
    explain?.("acceptance", acceptanceSides(anchor, accepting));
    // No key manager is asked, and no key fetched, for an API that would not accept it.
    const refusal = refuseAnchor(anchor, accepting);
    if (refusal) return refusal;
    if (read.kind !== "jwt" || anchor.validation === "INTROSPECT") {
      return introspector.check(snapshot.tenantId, anchor, { token, digest }).then((facts) => {
        explain?.("introspection", introspectionSides(anchor, facts));
        return isRefused(facts) ? facts : { facts, anchor };
      });
    }
    const { skewSeconds } = limits;
    const verified = verifyToken(read.jwt, { anchor, keySets, now, skewSeconds, explain });
    return whenThere(verified, (outcome) => {
      if (isRefused(outcome)) return outcome;
      const { facts, origin } = outcome;
      const claims = snapshot.owners.ownsAll(anchor) ? null : outcome.claims;
      known.set(digest, { facts, anchor, origin, claims });
      return { facts, anchor };
    });
  }

  function refuseUntimely({ expiresAt, notBefore }: TokenFacts, now: Date): Refused | null {
    const seconds = now.getTime() / 1000;
    if (expiresAt !== null && expiresAt + limits.skewSeconds <= seconds) return refuse("token_expired");
    return notBefore !== null && notBefore - limits.skewSeconds > seconds ? refuse("not_yet_valid") : null;
  }

  return {
    // A DPoP token is answered in its own scheme; a bearer token costs no step more.
    validate: (request) =>
      request.proof?.dpop === undefined ? validate(request) : whenThere(validate(request), inDpopScheme),
    inspect,
    explain: (request) => listen((explain) => validate(request, explain)),
  };
}

const anyKeyManager: Accepting = { accepts: () => true };

function digestOf(token: string): string {
  // Longer tokens are refused unread; hashing them first would only be work for an attacker.
  return token.length > maximumTokenCharacters ? "" : hash("sha256", token, "base64url");
}

function findTarget(snapshot: Snapshot, { target }: ValidationRequest): { api: CompiledApi; path: string } | null {
  if ("requestPath" in target) return snapshot.route(target.requestPath);
  const api = snapshot.findApi(target.api.context, target.api.version);
  return api && { api, path: target.path };
}

function refuseRevoked(
  revoked: boolean | RevokedAs | null,
  facts: TokenFacts,
  explain: Explain | undefined,
): Refused | null {
  explain?.("revocation", {
    expected: "neither the token nor its consumer key nor its subject is revoked",
    seen: revoked ? revokedWords(revoked, facts) : "none is",
  });
  return revoked ? refuse("token_revoked") : null;
}

function revokedWords(revoked: true | RevokedAs, { tokenId, consumerKey, subject }: TokenFacts): string {
  switch (revoked) {
    case true:
      return "one of them is";
    case "TOKEN_ID":
      return `the token is, by its id ${tokenId ?? ""}`;
    case "TOKEN_DIGEST":
      return "the token is, by its digest";
    case "CONSUMER_KEY":
      return `all earlier tokens of the consumer key ${consumerKey ?? ""} are`;
    case "SUBJECT":
      return `all earlier tokens of the subject ${subject ?? ""} are`;
  }
}

function judgeWith(
  grant: Grant | Refused | null,
  { facts, anchor }: Inspected,
  { request: { method, operations }, snapshot, api, path, explain }: Call,
): Verdict {
  if (isRefused(grant)) {
    explain?.("application", unreadSides(facts));
    return grant;
  }
  return judge({ snapshot, anchor, facts, grant, api, method, path, operations }, explain);
}

function inDpopScheme(verdict: Verdict): Verdict {
  return verdict.allowed ? verdict : { ...verdict, scheme: "DPoP" };
}

function introspectionSides({ name }: TrustAnchor, facts: TokenFacts | Refused) {
  return {
    expected: `${name} says that the token is active, and its own`,
    seen: isRefused(facts) ? facts.message : `active, consumer key ${facts.consumerKey ?? "none"}`,
  };
}

function apiSides(snapshot: Snapshot, { method, target }: ValidationRequest, api: CompiledApi | undefined) {
  const called = "requestPath" in target ? target.requestPath : `${target.api.context}/${target.api.version}`;
  const found = api ? `${api.view.name} ${api.view.version}` : servedNear(snapshot, called);
  return { expected: "the address of a published API", seen: `${method} ${called}${found && `: ${found}`}` };
}

function unreadSides({ consumerKey }: TokenFacts) {
  return {
    expected: "a consumer key that belongs to an application here",
    seen: `${consumerKey ?? "none"}, of which nothing can be read at the moment`,
  };
}

function acceptanceSides({ keyManagerId, name, enabled }: TrustAnchor, { accepts }: Accepting) {
  const accepted = accepts(keyManagerId) ? "accepted by the API" : "not accepted by the API";
  return {
    expected: "a key manager that is enabled, and that the API accepts",
    seen: `${name}: ${enabled ? "enabled" : "disabled"}, ${accepted}`,
  };
}

function bindingSides({ binding }: TokenFacts, { proof }: ValidationRequest) {
  const asked = [
    ...(binding?.certificate ? [`the client certificate with the thumbprint ${binding.certificate}`] : []),
    ...(binding?.key ? [`a DPoP proof by the key with the thumbprint ${binding.key}`] : []),
  ];
  const shown = [
    ...(proof?.certificate ? ["a client certificate"] : []),
    ...(proof?.dpop === undefined ? [] : [`a DPoP ${proof.dpop.proof ? "proof" : "token without a proof"}`]),
  ];
  return { expected: listOf(asked, "a plain bearer token"), seen: listOf(shown, "neither certificate nor proof") };
}

/** Whose token it may be. One that is encrypted is as opaque as others, but without an introspection nobody can read it. */
function anchorOf(
  { owners }: Snapshot,
  { accepts }: Accepting,
  { token, read }: { token: string; read: Exclude<ReadToken, { kind: "malformed" }> },
): TrustAnchor | Refused {
  if (read.kind === "jwt") return owners.ofJwt(read.jwt.issuer, read.jwt.claims, accepts);
  const anchor = owners.ofOpaque(token, accepts);
  return read.kind === "encrypted" && isRefused(anchor) ? refuse("token_malformed") : anchor;
}
