import { beforeAll, describe, expect, it } from "vitest";
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
  type ValidationWorld,
} from "#tooling/testing/validation.ts";
import { checkNames, type CheckName } from "./explain.ts";
import type { ValidationRequest } from "./validator.ts";
import type { TrustAnchor } from "./snapshot.ts";

let pair: SigningPair;
let stranger: SigningPair;
let weak: SigningPair;

beforeAll(async () => {
  [pair, stranger, weak] = await Promise.all([signingPair(), signingPair(), signingPair("RS512")]);
});

type Fault = {
  /** The check that must be named. */
  check: CheckName;
  token?: TokenParts;
  signer?: () => SigningPair;
  /** What is done to the token after it was signed. */
  spoil?: (token: string) => string | undefined;
  world?: (world: ValidationWorld) => void;
  request?: Partial<ValidationRequest>;
};

const anchor = (change: Partial<TrustAnchor>) => (world: ValidationWorld) =>
  world.change({ trustAnchors: [{ ...trustAnchor, ...change }] });
const introspected = (answer: ValidationWorld["introspect"]) => (world: ValidationWorld) => {
  world.change({ trustAnchors: [{ ...trustAnchor, validation: "INTROSPECT" }] });
  world.introspect = answer;
};
const subscriptionThatIs =
  (state: "BLOCKED" | "PRODUCTION_BLOCKED" | "ON_HOLD" | "REJECTED") => (world: ValidationWorld) =>
    world.change({ subscriptions: grantData.subscriptions.map((one) => ({ ...one, state })) });
const calling = (requestPath: string, method = "GET") => ({ method, target: { requestPath } });
const past = Date.parse("2026-01-01T00:00:00Z") / 1000 - 3_600;
const future = past + 7_200;

const faults: Record<string, Fault> = {
  "an address that no API has": { check: "api", request: calling("/nothing/1.0.0/items") },
  "another version": { check: "api", request: calling("/orders/2.0.0/items") },
  "a context in other letters": { check: "api", request: calling("/Orders/1.0.0/items") },
  "no token": { check: "token", spoil: () => undefined },
  "an empty token": { check: "token", spoil: () => "" },
  "a token cut short": { check: "format", spoil: (token) => token.slice(0, token.lastIndexOf(".")) },
  "a token in quotation marks": { check: "format", spoil: (token) => `"${token}"` },
  "a token with a part too many": { check: "format", spoil: (token) => `${token}.e30` },
  "a compressed token": { check: "format", token: { header: { zip: "DEF" } } },
  "another issuer": { check: "key_manager", token: { claims: { iss: "https://elsewhere.example" } } },
  "an issuer with a slash more": { check: "key_manager", token: { claims: { iss: `${issuer}/` } } },
  "no issuer": { check: "key_manager", token: { claims: { iss: undefined } } },
  "an opaque token that nobody takes": { check: "key_manager", spoil: () => "opaque-token" },
  "claims that no rule matches": {
    check: "key_manager",
    world: anchor({ handling: { kind: "JWT", claims: [{ claim: "realm", pattern: "shop" }] } }),
  },
  "a disabled key manager": { check: "acceptance", world: anchor({ enabled: false }) },
  "a key manager that the API does not accept": {
    check: "acceptance",
    world: (world) => world.change({ apis: [{ ...ordersApi, keyManagerIds: ["km-2"] }] }),
  },
  "an algorithm that the key manager does not use": { check: "algorithm", signer: () => weak },
  "a key that is not published": { check: "key", token: { header: { kid: "key-9" } } },
  "a key set that cannot be read": {
    check: "key",
    world: (world) => {
      world.keySet = () => {
        throw new Error("away");
      };
    },
  },
  "a key set without keys": { check: "key", world: (world) => (world.keySet = () => ({ keys: [] })) },
  "a stranger's signature": { check: "signature", signer: () => stranger },
  "a changed signature": {
    check: "signature",
    spoil: (token) => `${token.slice(0, -10)}${token.slice(-10).split("").reverse().join("").replace(/.$/, "A")}`,
  },
  "changed claims": {
    check: "signature",
    spoil(token) {
      const [header = "", claims = "", signature = ""] = token.split(".");
      const more = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>;
      const changed = Buffer.from(JSON.stringify({ ...more, scope: "orders:read orders:admin" })).toString("base64url");
      return `${header}.${changed}.${signature}`;
    },
  },
  "an expired token": { check: "times", token: { claims: { exp: past } } },
  "a token without an expiry": { check: "times", token: { claims: { exp: undefined } } },
  "a token that is not valid yet": { check: "times", token: { claims: { nbf: future } } },
  "a token from the future": { check: "times", token: { claims: { iat: future } } },
  "an ID token by its type": { check: "kind", token: { header: { typ: "id_token+jwt" } } },
  "an ID token by its hash": { check: "kind", token: { claims: { at_hash: "x" } } },
  "an ID token by its audience": {
    check: "kind",
    token: { claims: { aud: consumerKey, scope: undefined }, header: { typ: "jwt" } },
  },
  "a refresh token": { check: "kind", token: { claims: { typ: "Refresh" } } },
  "two consumer keys": { check: "claims", token: { claims: { azp: "somebody-else" } } },
  "no consumer key where one is asked for": { check: "claims", world: anchor({ consumerKeyClaim: "appid" }) },
  "scopes that are no text": { check: "claims", token: { claims: { scope: 7 } } },
  "a binding that nobody can check": { check: "claims", token: { claims: { cnf: { kid: "1" } } } },
  "a token that its key manager does not know": {
    check: "introspection",
    world: introspected(() => ({ active: false })),
  },
  "a key manager that does not answer": {
    check: "introspection",
    world: introspected(() => Promise.reject(new Error("away"))),
  },
  "an introspected token that has expired": {
    check: "times",
    world: introspected(() => ({
      ...{ active: true as const, consumerKey, scopes: ["orders:read"], audiences: [], claims: {}, expiresAt: past },
    })),
  },
  "a revoked token": { check: "revocation", world: (world) => world.revoked.add("token-1") },
  "a certificate that is not shown": { check: "binding", token: { claims: { cnf: { "x5t#S256": "a".repeat(43) } } } },
  "a DPoP token sent as Bearer": { check: "binding", token: { claims: { cnf: { jkt: "a".repeat(43) } } } },
  "a client of nobody": { check: "application", token: { claims: { client_id: "unknown-client" } } },
  "keys that were removed": { check: "application", world: (world) => world.change({ keyMappings: [] }) },
  "a consumer key of which nothing can be read": {
    check: "application",
    world: (world) => (world.grant = () => Promise.reject(new Error("away"))),
  },
  "no subscription": { check: "subscription", world: (world) => world.change({ subscriptions: [] }) },
  "a blocked subscription": { check: "subscription", world: subscriptionThatIs("BLOCKED") },
  "a subscription blocked for production": { check: "subscription", world: subscriptionThatIs("PRODUCTION_BLOCKED") },
  "a subscription on hold": { check: "subscription", world: subscriptionThatIs("ON_HOLD") },
  "a rejected subscription": { check: "subscription", world: subscriptionThatIs("REJECTED") },
  "a method that no resource has": { check: "resource", request: calling("/orders/1.0.0/items", "PATCH") },
  "a path that no resource has": { check: "resource", request: calling("/orders/1.0.0/parcels") },
  "a path in other letters": { check: "resource", request: calling("/orders/1.0.0/Items") },
  "GraphQL without its operations": {
    check: "resource",
    world: (world) => world.change({ apis: [{ ...ordersApi, kind: "GRAPHQL" }] }),
    request: calling("/orders/1.0.0", "POST"),
  },
  "a scope that the token lacks": { check: "scopes", request: calling("/orders/1.0.0/items/7", "DELETE") },
  "no scope at all": { check: "scopes", token: { claims: { scope: undefined } } },
  "another audience": {
    check: "audience",
    world: (world) => world.change({ apis: [{ ...ordersApi, audiences: ["https://elsewhere.example"] }] }),
  },
};

describe("an explanation", () => {
  it("tells every check of a good call, in order", async () => {
    const world = validationWorld([pair.publicJwk]);
    const { verdict, checks } = await world.explain(await signToken(pair, {}, world.nowSeconds()));
    expect(verdict).toMatchObject({ allowed: true });
    expect(checks.every(({ outcome }) => outcome === "passed")).toBe(true);
    const names = checks.map(({ name }) => name);
    expect(names).toEqual(checkNames.filter((name) => name !== "introspection" && name !== "binding"));
    expect(checks.find(({ name }) => name === "scopes")).toMatchObject({
      expected: "any of orders:read",
      seen: "orders:read, orders:write",
    });
  });

  it("is told anew although the token is known", async () => {
    const world = validationWorld([pair.publicJwk]);
    const token = await signToken(pair, {}, world.nowSeconds());
    await world.validate(token);
    expect((await world.explain(token)).checks.map(({ name }) => name)).toContain("signature");
  });

  it("knows enough ways of being wrong", () => expect(Object.keys(faults).length).toBeGreaterThanOrEqual(40));

  it.each(Object.entries(faults))("names what is wrong with %s", async (_name, fault) => {
    const world = validationWorld([pair.publicJwk]);
    fault.world?.(world);
    const signed = await signToken(fault.signer?.() ?? pair, fault.token ?? {}, world.nowSeconds());
    const token = fault.spoil ? fault.spoil(signed) : signed;
    const { verdict, checks } = await world.explain(token, fault.request);
    expect(verdict).toMatchObject({ allowed: false });
    expect(checks.filter(({ outcome }) => outcome === "failed").map(({ name }) => name)).toEqual([fault.check]);
    // The way to the verdict is the one of gateways.
    expect(await world.validate(token, fault.request)).toEqual(verdict);
    if (token) expect(JSON.stringify(checks)).not.toContain(token);
  });

  it.each<[string, string, string, string]>([
    [
      "PATCH",
      "/orders/1.0.0/items/7",
      "resource",
      "PATCH /items/7, which is none: this path exists, with GET and DELETE",
    ],
    [
      "GET",
      "/orders/1.0.0/Items/7",
      "resource",
      "which is none: it differs from /items/{id} in capital and small letters",
    ],
    ["POST", "/orders/1.0.0/status?x=1", "resource", "POST /status, which is none: this path exists, with GET"],
    ["GET", "/orders/1.0.0/parcels", "resource", "GET /parcels, which is none"],
    ["GET", "/orders/1.0.0/items//7", "resource", "GET /items//7, which is none"],
    ["GET", "/orders/1.1.0/items", "api", "Orders is served under /orders/1.0.0 and /orders/2.0.0"],
    ["GET", "/orders/items?version=1.0.0", "api", ": Orders is served under /orders/1.0.0 and /orders/2.0.0"],
    ["GET", "/orders", "api", "GET /orders: Orders is served under /orders/1.0.0 and /orders/2.0.0"],
    ["GET", "/orders/archive/2/items", "api", "items: Archive is served under /orders/archive/1"],
    [
      "GET",
      "/Orders/1.0.0/items",
      "api",
      "Orders is served under /orders/1.0.0, where capital and small letters count",
    ],
    ["GET", "/order/1.0.0/items", "api", "GET /order/1.0.0/items"],
  ])("says of %s %s what comes near", async (method, requestPath, check, seen) => {
    const world = validationWorld([pair.publicJwk]);
    world.change({
      apis: [
        ordersApi,
        { ...ordersApi, id: "api-2", version: "2.0.0" },
        { ...ordersApi, id: "api-3", name: "Archive", context: "/orders/archive", version: "1" },
      ],
    });
    const { checks } = await world.explain(await signToken(pair, {}, world.nowSeconds()), calling(requestPath, method));
    const failed = checks.find(({ outcome }) => outcome === "failed");
    expect(failed?.name).toBe(check);
    expect(failed?.seen.endsWith(seen)).toBe(true);
  });

  it("cuts what a token says at length", async () => {
    const world = validationWorld([pair.publicJwk]);
    const token = await signToken(pair, { claims: { iss: `https://${"x".repeat(5_000)}` } }, world.nowSeconds());
    for (const { seen } of (await world.explain(token)).checks) expect(seen.length).toBeLessThan(410);
  });
});
