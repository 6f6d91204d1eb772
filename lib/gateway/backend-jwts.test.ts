import { beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "#lib/foundation/log.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { Allowed } from "#lib/token-validation/verdict.ts";
import { allowedVerdict } from "#tooling/testing/validation.ts";
import { BackendJwts, type BackendJwtPorts } from "./backend-jwts.ts";
import type { BackendJwtConfiguration } from "./backend-jwt.ts";

const tenantId = "tenant-a" as TenantId;
const start = Date.parse("2026-01-01T00:00:00Z");

const configured: BackendJwtConfiguration = {
  issuer: "https://latchkey.example/t/shop/gateway",
  algorithm: "ES256",
  header: "X-JWT-Assertion",
  ttlSeconds: 900,
  dialect: "LATCHKEY",
  omittedClaims: [],
  keys: [],
};

let time: number;
let configuration: BackendJwtConfiguration | null;
let signed: Record<string, unknown>[];
let sign: BackendJwtPorts["sign"];
let jwts: BackendJwts;
let verdict: Allowed;

const make = (maximumCharacters?: number) =>
  new BackendJwts({
    clock: { now: () => new Date(time) },
    log: silentLog,
    tenant: () => ({ backendJwt: configuration }),
    sign: (...asked) => sign(...asked),
    ...(maximumCharacters === undefined ? {} : { maximumCharacters }),
  });

beforeEach(() => {
  time = start;
  configuration = configured;
  signed = [];
  sign = async (_tenant, _configuration, claims) => `jwt-${String(signed.push({ ...claims }))}`;
  jwts = make();
  verdict = { ...allowedVerdict, claims: { department: ["North"] }, expiresAt: start / 1000 + 3_600 };
});

/** What the backend gets; a refusal comes as it is. */
async function tokenFor(call: Allowed): Promise<unknown> {
  const completed = await jwts.complete(tenantId, call);
  return completed.allowed ? completed.backendToken : completed;
}

describe("a backend JWT", () => {
  it("is none where the tenant wants none: the verdict stays the same object", () => {
    configuration = null;
    expect(jwts.complete(tenantId, verdict)).toBe(verdict);
  });

  it("is made once for a token at an API; afterwards it is there at once", async () => {
    expect(await tokenFor(verdict)).toEqual({ header: "X-JWT-Assertion", token: "jwt-1" });
    const again = jwts.complete(tenantId, { ...verdict });
    expect(again).not.toBeInstanceOf(Promise);
    expect(again).toMatchObject({ allowed: true, backendToken: { token: "jwt-1" } });
    expect(await tokenFor({ ...verdict, api: { ...verdict.api, id: "api-2" } })).toMatchObject({ token: "jwt-2" });
    expect(await tokenFor({ ...verdict, claims: { department: ["North"] } })).toMatchObject({ token: "jwt-3" });
  });

  it("is shared by callers that come while it is made", async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => tokenFor({ ...verdict })));
    expect(new Set(tokens.map((token) => JSON.stringify(token))).size).toBe(1);
    expect(signed).toHaveLength(1);
  });

  it("lives as long as the tenant says, and never longer than the token it was made for", async () => {
    await tokenFor(verdict);
    expect(signed[0]).toMatchObject({ iat: start / 1000, exp: start / 1000 + 900 });
    const short = { ...verdict, claims: {}, expiresAt: start / 1000 + 300.9 };
    await tokenFor(short);
    expect(signed[1]).toMatchObject({ exp: start / 1000 + 300 });
    await tokenFor({ ...verdict, claims: {}, expiresAt: null });
    expect(signed[2]).toMatchObject({ exp: start / 1000 + 900 });
    // In its last seconds, and in those that clocks may differ, nothing better can be made.
    for (const seconds of [290, 299, 330]) {
      time = start + seconds * 1000;
      await tokenFor(short);
    }
    expect(signed).toHaveLength(3);
  });

  it("is replaced before it can expire on the way", async () => {
    await tokenFor(verdict);
    time = start + 869_000;
    expect(await tokenFor(verdict)).toMatchObject({ token: "jwt-1" });
    time = start + 870_000;
    expect(await tokenFor(verdict)).toMatchObject({ token: "jwt-2" });
    expect(signed[1]).toMatchObject({ iat: time / 1000, exp: time / 1000 + 900 });
  });

  it.each<[string, () => void]>([
    ["the subscription", () => (verdict = { ...verdict, subscription: { id: "sub-2" } })],
    ["the plan", () => (verdict = { ...verdict, plan: { id: "plan-1", name: "Silver", requestsPerMinute: 1 } })],
    ["the application", () => (verdict = { ...verdict, application: { id: "app-1", name: "Renamed" } })],
    ["the key type", () => (verdict = { ...verdict, keyType: "SANDBOX" })],
    ["the name of the key manager", () => (verdict = { ...verdict, keyManager: { id: "km-1", name: "Renamed" } })],
    ["the API", () => (verdict = { ...verdict, api: { ...verdict.api, name: "Renamed" } })],
    ["the algorithm", () => (configuration = { ...configured, algorithm: "RS256" })],
    ["the life", () => (configuration = { ...configured, ttlSeconds: 60 })],
    ["the names of claims", () => (configuration = { ...configured, dialect: "WSO2" })],
    ["the claims left out", () => (configuration = { ...configured, omittedClaims: ["sub"] })],
  ])("is another one once %s changed", async (_what, change) => {
    await tokenFor(verdict);
    change();
    expect(await tokenFor(verdict)).toMatchObject({ token: "jwt-2" });
  });

  it("stays where everything was loaded anew and says the same, under the header of now", async () => {
    await tokenFor(verdict);
    configuration = { ...configured, header: "X-Caller", keys: [] };
    verdict = { ...verdict, application: { id: "app-1", name: "Läden & Co" }, subscription: { id: "sub-1" } };
    expect(await tokenFor(verdict)).toEqual({ header: "X-Caller", token: "jwt-1" });
    expect(signed).toHaveLength(1);
  });

  it("that cannot be signed refuses the call for now, and is tried again with the next", async () => {
    const able = sign;
    sign = () => Promise.reject(new Error("The vault is closed."));
    expect(await tokenFor(verdict)).toMatchObject({ allowed: false, code: 900900, status: 503, retryAfterSeconds: 1 });
    sign = able;
    expect(await tokenFor(verdict)).toMatchObject({ token: "jwt-1" });
  });

  it("is refused for now where the tenant cannot be known for certain", async () => {
    const blind = new BackendJwts({
      clock: { now: () => new Date(time) },
      log: silentLog,
      tenant: async () => null,
      sign,
    });
    expect(await blind.complete(tenantId, verdict)).toMatchObject({ allowed: false, status: 503 });
  });

  it("is kept for as many tokens as there is room for, those used least forgotten first", async () => {
    jwts = make(5_000);
    const calls = Array.from({ length: 50 }, (_, at) => ({ ...verdict, claims: {}, subject: `user-${String(at)}` }));
    for (const call of calls) await tokenFor(call);
    expect(signed).toHaveLength(50);
    await tokenFor(calls[49] ?? verdict);
    expect(signed).toHaveLength(50);
    await tokenFor(calls[0] ?? verdict);
    expect(signed).toHaveLength(51);
  });
});
