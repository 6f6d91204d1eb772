import { generateKeyPairSync } from "node:crypto";
import { exportSPKI, importJWK, importPKCS8, type CryptoKey } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { ConnectorError } from "#lib/foundation/connector-error.ts";
import { OutboundError } from "#lib/foundation/outbound-error.ts";
import { selfSigned } from "#tooling/testing/certificates.ts";
import {
  consumerKey,
  grantData,
  issuer,
  ordersApi,
  signingPair,
  signToken,
  trustAnchor,
  validationWorld,
  type SigningPair,
  type TokenParts,
} from "#tooling/testing/validation.ts";
import type { IntrospectionLimits } from "./introspection.ts";
import { defaultLimits } from "./validator.ts";

let pair: SigningPair;
let stranger: SigningPair;

beforeAll(async () => {
  [pair, stranger] = await Promise.all([signingPair(), signingPair()]);
});

async function world(parts: TokenParts = {}) {
  const made = validationWorld([pair.publicJwk]);
  return { made, token: await signToken(pair, parts, made.nowSeconds()) };
}

async function verdictOn(parts: TokenParts) {
  const { made, token } = await world(parts);
  return made.validate(token);
}

describe("a good token", () => {
  it("passes, with everything the gateway needs", async () => {
    const { made, token } = await world();
    expect(await made.validate(token)).toEqual({
      allowed: true,
      api: { id: "api-1", name: "Orders", context: "/orders", version: "1.0.0" },
      keyManager: { id: "km-1", name: "Shop identity" },
      consumerKey,
      keyType: "PRODUCTION",
      application: { id: "app-1", name: "Shop" },
      subscription: { id: "sub-1" },
      plan: { id: "plan-1", name: "Gold", requestsPerMinute: 600 },
      subject: "user-1",
      scopes: ["orders:read", "orders:write"],
      expiresAt: made.nowSeconds() + 300,
      claims: {},
      backendToken: null,
    });
  });

  it.each(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"])(
    "passes when signed with %s and the trust anchor names it",
    async (algorithm) => {
      const own = await signingPair(algorithm);
      const made = validationWorld([own.publicJwk]);
      made.change({ trustAnchors: [{ ...trustAnchor, algorithms: [algorithm] }] });
      expect(await made.validate(await signToken(own, {}, made.nowSeconds()))).toMatchObject({ allowed: true });
    },
  );

  it("passes where its header says that nothing is compressed, and is malformed where something is", async () => {
    expect(await verdictOn({ header: { zip: "NONE" } })).toMatchObject({ allowed: true });
    for (const zip of ["DEF", "none", ["NONE"], null]) {
      expect(await verdictOn({ header: { zip } })).toMatchObject({ reason: "token_malformed" });
    }
  });

  it("passes with a key that was configured as PEM, whatever name the token gives its key", async () => {
    const { made, token } = await world({ header: { kid: "unpublished" } });
    const pem = await exportSPKI((await importJWK(pair.publicJwk, "ES256", { extractable: true })) as CryptoKey);
    made.change({ trustAnchors: [{ ...trustAnchor, signingKeys: { kind: "pem", value: pem } }] });
    expect(await made.validate(token)).toMatchObject({ allowed: true });
    expect(made.keySetFetches).toEqual([]);
  });

  it.each([
    ["ES256", selfSigned("id.example")],
    ["RS256", selfSigned("id.example", { isRsa: true })],
  ])("passes with the %s key of a certificate that was configured as PEM, and with no other", async (alg, made) => {
    const [own, other] = [{ ...pair, algorithm: alg, privateKey: await importPKCS8(made.privateKey, alg) }, stranger];
    const place = validationWorld([]);
    place.change({ trustAnchors: [{ ...trustAnchor, signingKeys: { kind: "pem", value: made.certificate } }] });
    expect(await place.validate(await signToken(own, {}, place.nowSeconds()))).toMatchObject({ allowed: true });
    expect(await place.validate(await signToken(other, {}, place.nowSeconds()))).toMatchObject({ code: 900901 });
    expect(place.keySetFetches).toEqual([]);
  });

  it("passes a second time with every port failing: the warm path does no I/O", async () => {
    const { made, token } = await world();
    await made.validate(token);
    made.cutOff();
    expect(await made.validate(token)).toMatchObject({ allowed: true });
    expect(await made.validate(token, { target: { api: ordersApi, path: "/items/7" } })).toMatchObject({
      allowed: true,
    });
    expect(
      await made.validate(token, { method: "DELETE", target: { api: ordersApi, path: "/items/7" } }),
    ).toMatchObject({
      reason: "scope_missing",
    });
  });
});

describe("refusals, each with its code", () => {
  it("900902 without a token", async () => {
    const { made } = await world();
    expect(await made.validate(undefined)).toMatchObject({ code: 900902, status: 401, reason: "token_missing" });
    expect(await made.validate("")).toMatchObject({ code: 900902 });
  });

  it("900903 for an expired token, at the limit of the clock tolerance", async () => {
    const { made, token } = await world();
    made.time += (300 + 59) * 1000;
    expect(await made.validate(token)).toMatchObject({ allowed: true });
    made.time += 1000;
    expect(await made.validate(token)).toMatchObject({ code: 900903, status: 401 });
  });

  it("900903 for a token that was good when it was cached", async () => {
    const { made, token } = await world();
    await made.validate(token);
    made.cutOff();
    made.time += 361_000;
    expect(await made.validate(token)).toMatchObject({ code: 900903 });
  });

  it("900901 before nbf and for an iat in the future, with one minute of tolerance", async () => {
    const { made } = await world();
    const at = made.nowSeconds();
    expect(await verdictOn({ claims: { nbf: at + 59 } })).toMatchObject({ allowed: true });
    expect(await verdictOn({ claims: { nbf: at + 61 } })).toMatchObject({ code: 900901, reason: "not_yet_valid" });
    expect(await verdictOn({ claims: { iat: at + 59 } })).toMatchObject({ allowed: true });
    expect(await verdictOn({ claims: { iat: at + 61 } })).toMatchObject({ code: 900901 });
  });

  it.each([undefined, "1799999999", -1, 1e300, null, [1]])("900901 or 900903 for the expiry %j", async (exp) => {
    expect(await verdictOn({ claims: { exp } })).toMatchObject({ allowed: false, status: 401 });
  });

  it("900901 for another issuer, byte for byte", async () => {
    for (const iss of [
      `${issuer}/`,
      issuer.toUpperCase(),
      `${issuer}.evil`,
      issuer.slice(0, -1),
      [issuer],
      undefined,
    ]) {
      expect(await verdictOn({ claims: { iss } })).toMatchObject({ code: 900901, reason: "issuer_unknown" });
    }
  });

  it("900901 for a disabled key manager, at once and although the token is cached", async () => {
    const { made, token } = await world();
    await made.validate(token);
    made.change({ trustAnchors: [{ ...trustAnchor, enabled: false, fingerprint: "km-1:2" }] });
    expect(await made.validate(token)).toMatchObject({ code: 900901, reason: "key_manager_disabled" });
    made.change({ trustAnchors: [{ ...trustAnchor, fingerprint: "km-1:3" }] });
    expect(await made.validate(token)).toMatchObject({ allowed: true });
  });

  it("900901 for a key manager that the API does not accept, without fetching a key", async () => {
    const { made, token } = await world();
    made.change({ apis: [{ ...ordersApi, keyManagerIds: ["km-2"] }] });
    expect(await made.validate(token)).toMatchObject({ code: 900901, reason: "key_manager_not_accepted" });
    expect(made.keySetFetches).toEqual([]);
  });

  it("900908 for a consumer key of nobody, and after the keys were removed", async () => {
    const { made, token } = await world();
    expect(await made.validate(token)).toMatchObject({ allowed: true });
    made.change({ keyMappings: [] });
    expect(await made.validate(token)).toMatchObject({ code: 900908, status: 403, reason: "consumer_key_unknown" });
  });

  it("900908 for a consumer key that another key manager knows", async () => {
    const { made, token } = await world();
    made.change({ keyMappings: grantData.keyMappings.map((mapping) => ({ ...mapping, keyManagerId: "km-2" })) });
    expect(await made.validate(token)).toMatchObject({ code: 900908 });
  });

  it.each([
    ["BLOCKED", 900907],
    ["PRODUCTION_BLOCKED", 900907],
    ["ON_HOLD", 900909],
    ["REJECTED", 900909],
  ] as const)("a subscription that is %s: %i", async (state, code) => {
    const { made, token } = await world();
    made.change({ subscriptions: grantData.subscriptions.map((subscription) => ({ ...subscription, state })) });
    expect(await made.validate(token)).toMatchObject({ code, status: 403 });
  });

  it("a subscription blocked for production lets sandbox keys pass", async () => {
    const { made, token } = await world();
    made.change({
      subscriptions: grantData.subscriptions.map((subscription) => ({
        ...subscription,
        state: "PRODUCTION_BLOCKED" as const,
      })),
      keyMappings: grantData.keyMappings.map((mapping) => ({ ...mapping, keyType: "SANDBOX" as const })),
    });
    expect(await made.validate(token)).toMatchObject({ allowed: true, keyType: "SANDBOX" });
  });

  it("900908 without a subscription; none is asked where the API does not want one", async () => {
    const { made, token } = await world();
    made.change({ subscriptions: [] });
    expect(await made.validate(token)).toMatchObject({ code: 900908, reason: "not_subscribed" });
    made.change({ subscriptions: [], keyMappings: [], apis: [{ ...ordersApi, subscriptionValidation: false }] });
    expect(await made.validate(token)).toMatchObject({ allowed: true, application: null, consumerKey });
  });

  it("900900 while what the consumer key opens cannot be read, be a subscription asked for or not", async () => {
    const { made, token } = await world();
    made.grant = () => Promise.reject(new Error("The database is away."));
    for (const subscriptionValidation of [true, false]) {
      made.change({ apis: [{ ...ordersApi, subscriptionValidation }] });
      expect(await made.validate(token)).toMatchObject({ code: 900900, status: 503 });
    }
  });

  it("900910 without any of the scopes that the resource names", async () => {
    expect(await verdictOn({ claims: { scope: "orders:write" } })).toMatchObject({
      code: 900910,
      status: 403,
      requiredScopes: ["orders:read"],
    });
    expect(await verdictOn({ claims: { scope: undefined } })).toMatchObject({ code: 900910 });
  });

  it("900914 for another audience; a text and a list both count", async () => {
    const { made } = await world();
    const ask = async (aud: unknown) => made.validate(await signToken(pair, { claims: { aud } }, made.nowSeconds()));
    made.change({ apis: [{ ...ordersApi, audiences: ["https://orders.example", "b"] }] });
    expect(await ask("https://orders.example")).toMatchObject({ allowed: true });
    expect(await ask(["x", "b"])).toMatchObject({ allowed: true });
    for (const aud of ["https://orders.example/", undefined, [], ["https://ORDERS.example"], { 0: "b" }]) {
      expect(await ask(aud)).toMatchObject({ code: 900914, status: 403 });
    }
  });

  it("900906 for an unknown API and an unknown resource", async () => {
    const { made, token } = await world();
    expect(await made.validate(token, { target: { requestPath: "/orders/2.0.0/items" } })).toMatchObject({
      code: 900906,
      status: 404,
      reason: "api_unknown",
    });
    expect(await made.validate(token, { method: "POST" })).toMatchObject({ code: 900906, reason: "resource_unknown" });
  });

  it("900900 for a suspended tenant, and for one that cannot be known", async () => {
    const { made, token } = await world();
    made.change({ suspended: true });
    expect(await made.validate(token)).toMatchObject({ code: 900900, status: 403, reason: "tenant_suspended" });
    expect(await made.validate(token, { tenantId: "tenant-b" })).toMatchObject({ code: 900900, status: 503 });
  });

  it("900901 for a revoked token of the key manager that is meant only", async () => {
    const { made, token } = await world();
    await made.validate(token);
    made.revoked.add("token-1");
    expect(await made.validate(token)).toMatchObject({ code: 900901, reason: "token_revoked" });
    made.change({ trustAnchors: [{ ...trustAnchor, revocationName: "km-1", fingerprint: "km-1:2" }] });
    expect(await made.validate(token)).toMatchObject({ allowed: true });
  });

  it("every refusal has words that may stand in a header and in a JSON text", async () => {
    const { refusals } = await import("./verdict.ts");
    for (const { code, message } of Object.values(refusals)) {
      expect(code).toBeGreaterThanOrEqual(900900);
      expect(code).toBeLessThanOrEqual(900914);
      expect(message).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
    }
  });
});

describe("who signed it", () => {
  it("is never taken from the token: jwk, jku, x5u and x5c in the header change nothing", async () => {
    const made = validationWorld([pair.publicJwk]);
    for (const header of [
      { jwk: stranger.publicJwk },
      { jku: "https://evil.example/keys" },
      { x5u: "https://evil.example/cert" },
      { x5c: ["MIIB"] },
    ]) {
      const token = await signToken(stranger, { header }, made.nowSeconds());
      expect(await made.validate(token)).toMatchObject({ code: 900901, reason: "signature_invalid" });
    }
    expect(made.keySetFetches).toEqual([trustAnchor.signingKeys.kind === "jwks" ? trustAnchor.signingKeys.url : ""]);
  });

  it("must be a key of this key manager, by its exact name", async () => {
    for (const kid of ["KEY-1", "../key-1", "key-1\u0000", "__proto__", "key-1' OR '1'='1", "https://evil.example/k"]) {
      expect(await verdictOn({ header: { kid } })).toMatchObject({ allowed: false, code: 900901 });
    }
    for (const kid of [1, {}, "", "k".repeat(20_000)]) {
      expect(await verdictOn({ header: { kid } })).toMatchObject({ reason: "token_malformed" });
    }
  });

  it("may go unnamed only where a single key fits", async () => {
    const { made, token } = await world({ header: { kid: undefined } });
    expect(await made.validate(token)).toMatchObject({ allowed: true });
    const two = validationWorld([pair.publicJwk, { ...stranger.publicJwk, kid: "key-2" }]);
    expect(await two.validate(token)).toMatchObject({ reason: "key_unknown" });
  });

  it("is nobody where two keys have the same name", async () => {
    const { token } = await world();
    const made = validationWorld([pair.publicJwk, stranger.publicJwk]);
    expect(await made.validate(token)).toMatchObject({ reason: "key_unknown" });
  });

  it("cannot be a symmetric, private, undersized, encryption or foreign-curve key", async () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
    const secret = { kty: "oct", k: Buffer.from("x".repeat(32)).toString("base64url"), kid: "key-1", alg: "HS256" };
    const { token } = await world();
    for (const key of [
      secret,
      { ...rsa, kid: "key-1", alg: "RS256" },
      { ...pair.publicJwk, d: "AA" },
      { ...pair.publicJwk, use: "enc" },
      { ...pair.publicJwk, key_ops: ["sign"] },
      { ...pair.publicJwk, crv: "secp256k1" },
    ]) {
      expect(await validationWorld([key as never]).validate(token)).toMatchObject({ allowed: false });
    }
  });
});

describe("which kind of token it is", () => {
  it.each([
    { header: { typ: "refresh+jwt" } },
    { header: { typ: "dpop+jwt" } },
    { header: { typ: "logout+jwt" } },
    { header: { typ: undefined } },
    { claims: { typ: "Refresh" } },
    { claims: { typ: "ID" } },
    { claims: { token_use: "id" } },
    { claims: { events: {} } },
    { claims: { at_hash: "x" } },
    { header: { typ: "JWT" }, claims: { nonce: "n" } },
    { header: { typ: "JWT" }, claims: { aud: consumerKey, scope: undefined } },
  ])("900905 for %j", async (parts) => {
    expect(await verdictOn(parts)).toMatchObject({ code: 900905, reason: "token_type_wrong" });
  });

  it("is read without case and with the long form of the media type", async () => {
    for (const typ of ["AT+JWT", "application/at+jwt", "JWT"]) {
      expect(await verdictOn({ header: { typ } })).toMatchObject({ allowed: true });
    }
  });

  it("is refused where the token is bound to a key of its holder", async () => {
    expect(await verdictOn({ claims: { cnf: { jkt: "x" } } })).toMatchObject({ reason: "sender_constrained" });
  });
});

describe("who the consumer is", () => {
  it("is refused where claims disagree", async () => {
    expect(await verdictOn({ claims: { azp: "victim" } })).toMatchObject({ reason: "consumer_key_disagreement" });
    expect(await verdictOn({ claims: { azp: consumerKey } })).toMatchObject({ allowed: true });
  });

  it("comes from the administrator's claim, as a text or the first of a list, and must agree with the others", async () => {
    const made = validationWorld([pair.publicJwk]);
    made.change({ trustAnchors: [{ ...trustAnchor, consumerKeyClaim: "cid" }] });
    const ask = async (claims: Record<string, unknown>) =>
      made.validate(await signToken(pair, { claims }, made.nowSeconds()));
    expect(await ask({ cid: consumerKey, client_id: undefined })).toMatchObject({ allowed: true });
    expect(await ask({ cid: [consumerKey, "other"], client_id: undefined })).toMatchObject({ allowed: true });
    expect(await ask({ cid: "victim" })).toMatchObject({ reason: "consumer_key_disagreement" });
    expect(await ask({})).toMatchObject({ reason: "claims_invalid" });
    expect(await ask({ cid: { a: 1 }, client_id: undefined })).toMatchObject({ reason: "claims_invalid" });
  });

  it("is never an inherited member", async () => {
    const made = validationWorld([pair.publicJwk]);
    made.change({ trustAnchors: [{ ...trustAnchor, consumerKeyClaim: "constructor", scopesClaims: ["toString"] }] });
    const token = await signToken(pair, {}, made.nowSeconds());
    expect(await made.validate(token)).toMatchObject({ reason: "claims_invalid" });
  });
});

describe("scopes", () => {
  const pass = { allowed: true };
  const missing = { reason: "scope_missing" };
  it.each([
    [{ scope: ["orders:read"] }, pass],
    [{ scope: undefined, scp: "orders:read" }, pass],
    [{ scope: "orders:read orders:read" }, pass],
    [{ scope: "ORDERS:READ" }, missing],
    [{ scope: "orders:*" }, missing],
    [{ scope: ".*" }, missing],
    [{ scope: "orders:read\u00a0" }, missing],
    [{ scope: "a\u2003orders:read" }, missing],
    [{ scope: "a\torders:read" }, missing],
    [{ scope: ["a orders:read"] }, missing],
    [{ scope: "", scp: "orders:read" }, missing],
    [{ scope: { "orders:read": true } }, { reason: "claims_invalid" }],
    [{ scope: ["orders:read", ["x"]] }, { reason: "claims_invalid" }],
    [{ scope: Array.from({ length: 10_000 }, (_, at) => `s${at}`).slice(0, 1_500) }, { allowed: false }],
  ])("%j", async (claims, expected) => {
    expect(await verdictOn({ claims })).toMatchObject(expected);
  });
});

describe("the key set", () => {
  const minute = 60_000;

  it("denies for the moment, never as invalid, while it was never read", async () => {
    const { made, token } = await world();
    for (const broken of [() => Promise.reject(new Error("down")), () => "<html>", () => ({ keys: [] }), () => null]) {
      made.keySet = broken;
      made.time += minute;
      expect(await made.validate(token)).toMatchObject({ code: 900900, status: 503, retryAfterSeconds: 30 });
    }
  });

  it("keeps serving while its server fails, and denies once it is too stale", async () => {
    const { made } = await world();
    const fresh = () => signToken(pair, {}, made.nowSeconds());
    expect(await made.validate(await fresh())).toMatchObject({ allowed: true });
    made.keySet = () => Promise.reject(new Error("down"));
    made.time += 23 * 60 * minute;
    expect(await made.validate(await fresh())).toMatchObject({ allowed: true });
    made.time += 2 * 60 * minute;
    expect(await made.validate(await fresh())).toMatchObject({ code: 900900, status: 503 });
  });

  it("is asked at most once in thirty seconds, however many unknown keys are named", async () => {
    const { made } = await world();
    const ask = async (kid: string) => made.validate(await signToken(stranger, { header: { kid } }, made.nowSeconds()));
    await Promise.all(Array.from({ length: 200 }, (_, at) => ask(`random-${at}`)));
    expect(made.keySetFetches).toHaveLength(1);
    made.keySet = () => Promise.reject(new Error("down"));
    made.time += 31_000;
    await Promise.all(Array.from({ length: 200 }, (_, at) => ask(`random-${at}`)));
    expect(made.keySetFetches).toHaveLength(2);
  });

  it("shows a new key after the cool-down, and lets go of the tokens of a removed one", async () => {
    const { made, token } = await world();
    const next = await signingPair("ES256", "key-2");
    await made.validate(token);
    made.keySet = () => ({ keys: [next.publicJwk] });
    made.time += 31_000;
    const renewed = await signToken(next, {}, made.nowSeconds());
    expect(await made.validate(renewed)).toMatchObject({ allowed: true });
    expect(await made.validate(token)).toMatchObject({ reason: "key_unknown" });
  });

  it("is fetched again in the background past its age; cached tokens pass meanwhile", async () => {
    const { made } = await world();
    const token = await signToken(pair, { claims: { exp: made.nowSeconds() + 3600 } }, made.nowSeconds());
    await made.validate(token);
    made.time += 11 * minute;
    expect(await made.validate(token)).toMatchObject({ allowed: true });
    expect(made.keySetFetches).toHaveLength(2);
  });
});

describe("introspection", () => {
  /** As connectors hand it on. */
  const busyError = new ConnectorError("unreachable", "Too many calls.", { cause: new OutboundError("busy") });
  const opaque = "2YotnFZFEjr1zCsicMWpAA";
  const introspecting = { ...trustAnchor, validation: "INTROSPECT" as const };
  function active(made: ReturnType<typeof validationWorld>, extra: object = {}) {
    return {
      active: true as const,
      consumerKey,
      scopes: ["orders:read"],
      subject: "user-1",
      audiences: [],
      expiresAt: made.nowSeconds() + 300,
      claims: {},
      ...extra,
    };
  }
  function opaqueWorld(limits: Partial<IntrospectionLimits> = {}) {
    const made = validationWorld([pair.publicJwk], {
      ...defaultLimits,
      introspection: { ...defaultLimits.introspection, deadlineMs: 50, ...limits },
    });
    made.change({ trustAnchors: [introspecting] });
    made.introspect = () => active(made);
    return made;
  }

  it("opens an API to an opaque token, and is asked once a minute", async () => {
    const made = opaqueWorld();
    await Promise.all([made.validate(opaque), made.validate(opaque)]);
    expect(await made.validate(opaque)).toMatchObject({ allowed: true, consumerKey, scopes: ["orders:read"] });
    expect(made.introspections).toHaveLength(1);
    made.time += 60_000;
    await made.validate(opaque);
    expect(made.introspections).toHaveLength(2);
  });

  it("never outlives the token's expiry, and remembers a refusal for five seconds only", async () => {
    const made = opaqueWorld();
    made.introspect = () => active(made, { expiresAt: made.nowSeconds() + 10 });
    await made.validate(opaque);
    made.introspect = () => ({ active: false });
    made.time += 10_000;
    expect(await made.validate(opaque)).toMatchObject({ code: 900901, reason: "token_revoked" });
    made.introspect = () => active(made);
    made.time += 4_000;
    expect(await made.validate(opaque)).toMatchObject({ allowed: false });
    made.time += 1_000;
    expect(await made.validate(opaque)).toMatchObject({ allowed: true });
  });

  it("remembers good tokens however many others are asked about, and of the others as many", async () => {
    const made = opaqueWorld({ answers: 10 });
    made.introspect = (token) => (token.startsWith("good") ? active(made) : { active: false });
    const good = Array.from({ length: 10 }, (_, at) => `good${at}`);
    const bad = Array.from({ length: 100 }, (_, at) => `bad${at}`);
    for (const token of [...good, ...bad]) await made.validate(token);
    for (const token of good) expect(await made.validate(token)).toMatchObject({ allowed: true });
    expect(await made.validate("bad99")).toMatchObject({ reason: "token_revoked" });
    expect(made.introspections).toHaveLength(110);
    expect(await made.validate("bad0")).toMatchObject({ reason: "token_revoked" });
    expect(made.introspections).toHaveLength(111);
  });

  it("shows a token to one key manager, and to none where several could own it", async () => {
    const made = opaqueWorld();
    const second = { ...introspecting, keyManagerId: "km-2", issuer: "https://other.example", fingerprint: "km-2:1" };
    made.change({ trustAnchors: [introspecting, second] });
    expect(await made.validate(opaque)).toMatchObject({ reason: "key_manager_ambiguous" });
    expect(made.introspections).toEqual([]);
    made.change({ trustAnchors: [introspecting, second], apis: [{ ...ordersApi, keyManagerIds: ["km-1"] }] });
    expect(await made.validate(opaque)).toMatchObject({ allowed: true });
    expect(made.introspections).toEqual([{ keyManagerId: "km-1", token: opaque }]);
  });

  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const header = { alg: "RSA-OAEP", enc: "A256GCM" };

  it.each([`${encode(header)}.AA.AA.AA.AA`, `${encode({ ...header, alg: "dir", zip: "DEF" })}..AA.AA.AA`])(
    "takes the encrypted token %s to the one key manager that may be asked, and refuses it where there is none or two",
    async (jwe) => {
      const made = opaqueWorld();
      expect(await made.validate(jwe)).toMatchObject({ allowed: true, consumerKey });
      expect(made.introspections).toEqual([{ keyManagerId: "km-1", token: jwe }]);
      const second = { ...introspecting, keyManagerId: "km-2", issuer: "https://other.example", fingerprint: "km-2:1" };
      for (const trustAnchors of [[trustAnchor], [introspecting, second], [{ ...introspecting, enabled: false }]]) {
        made.change({ trustAnchors });
        expect(await made.validate(jwe)).toMatchObject({ code: 900901, reason: "token_malformed" });
      }
      expect(made.introspections).toHaveLength(1);
    },
  );

  it("asks nobody about five parts that are no encrypted token", async () => {
    const made = opaqueWorld();
    for (const token of [
      `${encode({ alg: "RSA-OAEP" })}.AA.AA.AA.AA`,
      `${encode({ ...header, enc: 1 })}.AA.AA.AA.AA`,
      `${Buffer.from('{"alg":"dir","alg":"dir","enc":"A256GCM"}').toString("base64url")}..AA.AA.AA`,
      `${encode(header)}.AB.AA.AA.AA`,
      `${encode(header)}.AA.AA..AA`,
      `${encode(header)}.AA.AA.AA`,
      `${encode(header)}.AA.AA.AA.AA.AA`,
    ]) {
      expect(await made.validate(token)).toMatchObject({ reason: "token_malformed" });
    }
    expect(made.introspections).toEqual([]);
  });

  it("takes the JWTs of a key manager that introspects to it, by their issuer", async () => {
    const made = opaqueWorld();
    const token = await signToken(stranger, {}, made.nowSeconds());
    expect(await made.validate(token)).toMatchObject({ allowed: true });
    expect(made.introspections).toEqual([{ keyManagerId: "km-1", token }]);
    expect(made.keySetFetches).toEqual([]);
  });

  it("refuses answers about another issuer, another kind of token, or two consumers", async () => {
    for (const [extra, reason] of [
      [{ issuer: "https://other.example" }, "issuer_unknown"],
      [{ claims: { token_use: "refresh" } }, "token_type_wrong"],
      [{ claims: { azp: "victim" } }, "consumer_key_disagreement"],
      [{ claims: { cnf: {} } }, "sender_constrained"],
    ] as const) {
      const made = opaqueWorld();
      made.introspect = () => active(made, extra);
      expect(await made.validate(opaque)).toMatchObject({ allowed: false, reason });
    }
  });

  it("reads scopes from the claim that the administrator chose, and from that one alone", async () => {
    const chosen = { ...introspecting, scopesClaims: ["permissions"], scopesClaimChosen: true };
    for (const [extra, expected] of [
      [
        { scopes: [], claims: { permissions: ["orders:read"] } },
        { allowed: true, scopes: ["orders:read"] },
      ],
      [
        { scopes: [], claims: { permissions: "a orders:read" } },
        { allowed: true, scopes: ["a", "orders:read"] },
      ],
      [{ claims: { scope: "orders:read", permissions: "orders:list" } }, { reason: "scope_missing" }],
      [{ claims: { scope: "orders:read" } }, { reason: "scope_missing" }],
      [{ claims: { permissions: { "orders:read": true } } }, { reason: "claims_invalid" }],
    ] as const) {
      const made = opaqueWorld();
      made.change({ trustAnchors: [chosen] });
      made.introspect = () => active(made, extra);
      expect(await made.validate(opaque)).toMatchObject(expected);
    }
    const made = opaqueWorld();
    made.introspect = () => active(made, { claims: { scp: "orders:list" } });
    expect(await made.validate(opaque)).toMatchObject({ allowed: true, scopes: ["orders:read"] });
  });

  it("denies for the moment where the key manager fails or is slow, and leaves a failing one alone", async () => {
    const made = opaqueWorld();
    made.introspect = () => new Promise(() => {});
    expect(await made.validate(opaque)).toMatchObject({ code: 900900, status: 503 });
    made.introspect = () => Promise.reject(new Error("500"));
    for (let call = 0; call < 20; call++) {
      expect(await made.validate(`${opaque}${call}`)).toMatchObject({
        status: 503,
        retryAfterSeconds: expect.any(Number),
      });
    }
    expect(made.introspections).toHaveLength(6);
    made.time += 5_001;
    made.introspect = () => active(made);
    expect(await made.validate(`${opaque}x`)).toMatchObject({ allowed: true });
  });

  it("goes on at once after more calls than the way out takes, which say nothing about the key manager", async () => {
    const made = opaqueWorld();
    made.introspect = () => Promise.reject(busyError);
    for (let call = 0; call < 20; call++) {
      expect(await made.validate(`${opaque}${call}`)).toMatchObject({ status: 503, retryAfterSeconds: 1 });
    }
    expect(made.introspections).toHaveLength(20);
    made.introspect = () => active(made);
    expect(await made.validate(`${opaque}x`)).toMatchObject({ allowed: true });
  });

  it("ends no row of failures with a call that was never sent", async () => {
    const made = opaqueWorld();
    for (let call = 0; call < 10; call++) {
      made.introspect = () => Promise.reject(call % 2 === 0 ? new Error("500") : busyError);
      await made.validate(`${opaque}${call}`);
    }
    expect(made.introspections).toHaveLength(9);
  });

  it("does nothing for an API that accepts no introspecting key manager", async () => {
    const made = validationWorld([pair.publicJwk]);
    expect(await made.validate(opaque)).toMatchObject({ reason: "issuer_unknown" });
    expect(made.introspections).toEqual([]);
  });
});
