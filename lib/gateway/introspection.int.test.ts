import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gatewayTenant, keySetOutbound, serveValidationPlane } from "#tooling/testing/gateway.ts";
import { testDependencies } from "#tooling/testing/tenant.ts";
import {
  consumerKey,
  issuer,
  signingPair,
  signToken,
  type SigningPair,
  type TokenParts,
} from "#tooling/testing/validation.ts";

let pair: SigningPair;
let stranger: SigningPair;
let plane: Awaited<ReturnType<typeof serveValidationPlane>>;
let tenant: Awaited<ReturnType<typeof gatewayTenant>>;
const deps = testDependencies({ outbound: keySetOutbound(() => [pair.publicJwk]) });

beforeAll(async () => {
  [pair, stranger] = await Promise.all([signingPair(), signingPair()]);
  plane = await serveValidationPlane(deps);
  tenant = await gatewayTenant(deps);
});
afterAll(() => plane.stop());

const token = (parts: TokenParts = {}, by = pair) => signToken(by, parts, Math.floor(Date.now() / 1000));
const bearer = () => ({ Authorization: `Bearer ${tenant.credential}` });

async function ask(form: Record<string, string> | string[][], headers: Record<string, string> = bearer()) {
  const response = await fetch(`http://${plane.address}/gateway/v1/introspect`, {
    method: "POST",
    headers,
    body: new URLSearchParams(form),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

describe("introspection (RFC 7662)", () => {
  it("tells what is true about a token", async () => {
    const { status, headers, body } = await ask({ token: await token(), token_type_hint: "access_token" });
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body).toEqual({
      active: true,
      iss: issuer,
      client_id: consumerKey,
      sub: "user-1",
      scope: "orders:read orders:write",
      aud: "https://orders.example",
      exp: expect.any(Number),
      iat: expect.any(Number),
      jti: "token-1",
      token_type: "Bearer",
    });
  });

  it("leaves out what the token does not say, and names all of several audiences", async () => {
    const { body } = await ask({
      token: await token({ claims: { sub: undefined, scope: undefined, aud: ["a", "b"] } }),
    });
    expect(body).toMatchObject({ active: true, aud: ["a", "b"] });
    expect(Object.keys(body)).not.toEqual(expect.arrayContaining(["sub"]));
    expect("scope" in body).toBe(false);
  });

  it("says no more than that a token is not active", async () => {
    const good = await token();
    const bad = [
      await token({ claims: { exp: Math.floor(Date.now() / 1000) - 3_600 } }),
      await token({}, stranger),
      await token({ claims: { iss: "https://other.example" } }),
      `${good.slice(0, -2)}AA`,
      "opaque",
    ];
    for (const one of bad) expect(await ask({ token: one })).toMatchObject({ status: 200, body: { active: false } });
    expect(Object.keys((await ask({ token: "opaque" })).body)).toEqual(["active"]);
  });

  it("hands on what a token is bound to", async () => {
    const jkt = "A".repeat(43);
    const { body } = await ask({ token: await token({ claims: { cnf: { jkt } } }) });
    expect(body).toMatchObject({ active: true, token_type: "DPoP", cnf: { jkt } });
  });

  it("takes the gateway credential as bearer token, as password and in its own header, and nothing else", async () => {
    const form = { token: await token() };
    const basic = (pair: string) => ({ Authorization: `Basic ${Buffer.from(pair).toString("base64")}` });
    const { credential } = tenant;
    for (const headers of [bearer(), basic(`gateway:${credential}`), { "X-Latchkey-Gateway": credential }]) {
      expect(await ask(form, headers)).toMatchObject({ status: 200, body: { active: true } });
    }
    for (const headers of [{}, basic(`${credential}:`), basic("gateway:lkg_wrong"), { Authorization: "Basic ?" }]) {
      const refused = await ask(form, headers);
      expect(refused).toMatchObject({ status: 401, body: { error: "invalid_client" } });
      expect(refused.headers.get("www-authenticate")).toMatch(/^Basic realm=/);
    }
  });

  it("refuses a request that is none, and says which parameter is wrong", async () => {
    const good = await token();
    for (const [form, word] of [
      [{}, "token"],
      [{ token: "" }, "token"],
      [
        [
          ["token", good],
          ["token", good],
        ],
        "token",
      ],
      [{ token: good, method: "GET" }, "path"],
      [{ token: good, path: "/orders" }, "method"],
      [{ token: good, path: "orders", method: "GET" }, "path"],
      [{ token: good, path: "/orders", method: "G T" }, "method"],
    ] as const) {
      const { status, body } = await ask(form as Record<string, string>);
      expect({ status, body }).toMatchObject({ status: 400, body: { error: "invalid_request" } });
      expect(body.error_description).toContain(word);
    }
    expect((await ask({ token: "x".repeat(70_000) })).status).toBe(413);
    const got = await fetch(`http://${plane.address}/gateway/v1/introspect`, { headers: bearer() });
    expect(got.status).toBe(405);
  });

  it("judges a call where the request names one", async () => {
    const call = { method: "GET", path: "/orders/1.0.0/items/7" };
    const { body } = await ask({ token: await token(), ...call });
    expect(body).toMatchObject({
      active: true,
      client_id: consumerKey,
      latchkey: {
        api: { id: tenant.ids.api, name: "Orders" },
        application: { id: tenant.ids.application },
        plan: { name: "Gold", requestsPerMinute: 600 },
        keyType: "PRODUCTION",
      },
    });
    const refused = [
      { ...call, method: "DELETE" },
      { ...call, path: "/nowhere" },
      { ...call, path: `${call.path}?access_token=x` },
    ];
    for (const one of refused) expect((await ask({ token: await token(), ...one })).body).toEqual({ active: false });
    // Here, nobody can show what the token is bound to.
    const bound = await token({ claims: { cnf: { jkt: "A".repeat(43) } } });
    expect((await ask({ token: bound, ...call })).body).toEqual({ active: false });
  });

  it("says 503, not inactive, while there is no way to tell", async () => {
    const blind = testDependencies({ outbound: () => Promise.reject(new Error("down")) });
    const other = await serveValidationPlane(blind);
    try {
      const response = await fetch(`http://${other.address}/gateway/v1/introspect`, {
        method: "POST",
        headers: bearer(),
        body: new URLSearchParams({ token: await token() }),
      });
      expect(response.status).toBe(503);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({ error: "temporarily_unavailable" });
    } finally {
      await other.stop();
    }
  });
});
