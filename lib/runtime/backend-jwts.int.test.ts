import { createPublicKey } from "node:crypto";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectors } from "#connectors/registry.ts";
import { callerCheck } from "#docs/gateways/backend-jwt/verify.ts";
import { createAuthorizationServer } from "#lib/authorization-server/server.ts";
import { publishAheadSeconds, rotateKeySet } from "#lib/authorization-server/signing.ts";
import { installationDb, tenantDb } from "#lib/data/database.ts";
import { defaultBackendJwt, type BackendJwtInput } from "#lib/features/backend-jwt/contract.ts";
import { updateBackendJwt } from "#lib/features/backend-jwt/update.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import { gatewayTenant, keySetOutbound, serveValidationPlane, within5Seconds } from "#tooling/testing/gateway.ts";
import { testDependencies } from "#tooling/testing/tenant.ts";
import { issuer, signingPair, signToken, type SigningPair } from "#tooling/testing/validation.ts";

type Tenant = Awaited<ReturnType<typeof gatewayTenant>>;

let pair: SigningPair;
let plane: Awaited<ReturnType<typeof serveValidationPlane>>;
let tenant: Tenant;
/** How far the clock of the plane is ahead. */
let offsetMs = 0;
const clock = { now: () => new Date(systemClock.now().getTime() + offsetMs) };
const deps = testDependencies({ clock, outbound: keySetOutbound(() => [pair.publicJwk]) });

beforeAll(async () => {
  pair = await signingPair();
  plane = await serveValidationPlane(deps);
});
afterAll(() => plane.stop());

beforeEach(async () => {
  offsetMs = 0;
  tenant = await gatewayTenant(deps);
});

const accessToken = (claims: Record<string, unknown> = {}) =>
  signToken(pair, { claims: { dept: "North", ...claims } }, Math.floor(Date.now() / 1000));

const settle = (changes: Partial<BackendJwtInput> = {}) =>
  updateBackendJwt(tenant.administrator, { ...defaultBackendJwt, enabled: true, ...changes });

async function ask(
  token: string,
): Promise<Record<string, unknown> & { backendToken?: { header: string; token: string } | null }> {
  const response = await fetch(`http://${plane.address}/gateway/v1/validate`, {
    method: "POST",
    headers: { "X-Latchkey-Gateway": tenant.credential },
    body: JSON.stringify({ token, method: "GET", requestPath: "/orders/1.0.0/items/7" }),
  });
  return (await response.json()) as Awaited<ReturnType<typeof ask>>;
}

/** The JWT that comes with a call, once it is as the settings want it. */
async function jwtFor(token: string, fits: (jwt: string) => boolean = () => true): Promise<string> {
  const jwtOf = (verdict: Awaited<ReturnType<typeof ask>>) => verdict.backendToken?.token ?? "";
  const verdict = await within5Seconds(
    () => ask(token),
    (answer) => jwtOf(answer) !== "" && fits(jwtOf(answer)),
  );
  return jwtOf(verdict);
}

const keySetAddress = () => `http://${plane.address}/t/${tenant.administrator.tenant.slug}/gateway/keys`;
const backend = () =>
  callerCheck({
    issuer: `${deps.origin}/t/${tenant.administrator.tenant.slug}/gateway`,
    audience: "/orders/1.0.0",
    keySet: keySetAddress(),
  });
const publishedKeys = async () =>
  ((await (await fetch(keySetAddress())).json()) as { keys: (Record<string, unknown> & { kid: string })[] }).keys;

describe("backend JWTs", () => {
  it("are none until the administrator wants them, and within five seconds none again", async () => {
    const token = await accessToken();
    expect(await ask(token)).toMatchObject({ allowed: true, backendToken: null });
    expect(await publishedKeys()).toEqual([]);
    await settle();
    expect(await jwtFor(token)).not.toBe("");
    await settle({ enabled: false });
    const verdict = await within5Seconds(
      () => ask(token),
      ({ backendToken }) => backendToken === null,
    );
    expect(verdict).toMatchObject({ allowed: true, backendToken: null });
    // Those of before may still be on their way.
    expect(await within5Seconds(publishedKeys, (keys) => keys.length > 0)).toHaveLength(2);
  });

  it.each(["ES256", "RS256"] as const)(
    "are verified by a backend with nothing but the published keys (%s)",
    async (algorithm) => {
      await deps.database.inTenant(tenant.tenantId, (tx) =>
        tenantDb(tx).keyManager.update({
          where: { id: tenant.ids.keyManager },
          data: { claimMappings: [{ remote: "dept", local: "department" }] },
        }),
      );
      await settle({ algorithm });
      const jwt = await jwtFor(await accessToken());
      expect(decodeProtectedHeader(jwt)).toMatchObject({ alg: algorithm, typ: "latchkey-backend+jwt" });
      expect(await backend()(jwt)).toMatchObject({
        sub: "user-1",
        department: "North",
        scopes: ["orders:read", "orders:write"],
        application: { id: tenant.ids.application, name: "Läden & Co" },
        subscription: { id: tenant.ids.subscription },
        plan: { id: tenant.ids.plan, name: "Gold" },
        api: { id: tenant.ids.api, name: "Orders" },
        key_type: "PRODUCTION",
        key_manager: { id: tenant.ids.keyManager, name: "Shop identity" },
      });
      // The access token lives for five minutes, so the other does not live for fifteen.
      const { iat = 0, exp = 0 } = decodeJwt(jwt);
      expect(exp - iat).toBeLessThanOrEqual(300);

      const [head, , signature] = jwt.split(".");
      const forged = Buffer.from(JSON.stringify({ ...decodeJwt(jwt), sub: "root" })).toString("base64url");
      await expect(backend()(`${head ?? ""}.${forged}.${signature ?? ""}`)).rejects.toThrow("signature");
      await expect(backend()(await accessToken({ iss: decodeJwt(jwt).iss }))).rejects.toThrow();
    },
  );

  it("have a key set of their own, public parts alone, which no key of the authorization server stands in", async () => {
    await settle();
    const response = await fetch(keySetAddress());
    expect(response.headers.get("cache-control")).toBe("public, max-age=60");
    const keys = await publishedKeys();
    expect(keys.map(({ alg }) => alg).sort()).toEqual(["ES256", "RS256"]);
    for (const key of keys) for (const secret of ["d", "p", "q", "k"]) expect(key).not.toHaveProperty(secret);

    const connectorIds = connectors.filter(({ permanent }) => permanent).map(({ id }) => id);
    const server = createAuthorizationServer({ ...deps, connectorIds });
    const own = await server.publicKeys(tenant.tenantId);
    expect(own).not.toEqual([]);
    expect(own.filter(({ kid }) => keys.some((key) => key.kid === kid))).toEqual([]);
    // Nor can a key manager be made of it: in this process nothing answers there.
    const { slug } = tenant.administrator.tenant;
    expect((await server.fetch(`${deps.origin}/t/${slug}/gateway/keys`)).status).toBe(404);
  });

  it("stand at no address of a tenant that does not exist or is suspended, and are only read", async () => {
    const address = `http://${plane.address}/t/nobody-is-here/gateway/keys`;
    expect((await fetch(address)).status).toBe(404);
    expect((await fetch(address, { method: "POST" })).status).toBe(405);
    await deps.database.inInstallation((tx) =>
      installationDb(tx).tenant.update({ where: { id: tenant.tenantId }, data: { status: "SUSPENDED" } }),
    );
    expect((await fetch(keySetAddress())).status).toBe(404);
  });

  it("are no access tokens: neither for a gateway nor for the authorization server", async () => {
    await settle();
    const jwt = await jwtFor(await accessToken());
    expect(await ask(jwt)).toMatchObject({ allowed: false, code: 900901, reason: "issuer_unknown" });
    // Not even where somebody made a key manager of their issuer and their keys.
    const [key] = (await publishedKeys()).filter(({ kid }) => kid === decodeProtectedHeader(jwt).kid);
    const { iss = "" } = decodeJwt(jwt);
    await deps.database.inTenant(tenant.tenantId, async (tx) => {
      const db = tenantDb(tx);
      const pem = { kind: "pem", value: toPem(key ?? {}) };
      await db.keyManager.update({ where: { id: tenant.ids.keyManager }, data: { issuer: iss, signingKeys: pem } });
    });
    const verdict = await within5Seconds(
      () => ask(jwt),
      ({ reason }) => reason !== "issuer_unknown",
    );
    expect(verdict).toMatchObject({ allowed: false, code: 900905, reason: "token_type_wrong" });

    const connectorIds = connectors.filter(({ permanent }) => permanent).map(({ id }) => id);
    const server = createAuthorizationServer({ ...deps, connectorIds });
    const { slug } = tenant.administrator.tenant;
    const userinfo = await server.fetch(`${deps.origin}/t/${slug}/oidc/me`, {
      headers: { authorization: `Bearer ${jwt}` },
    });
    expect(userinfo.status).toBe(401);
  });

  it("are verified all through a rotation, under each key in its time", async () => {
    await settle();
    const token = await accessToken();
    const before = await jwtFor(token);
    const check = backend();
    await check(before);

    await rotateKeySet(deps, { tenantId: tenant.tenantId, purpose: "BACKEND_JWT" });
    const published = await within5Seconds(publishedKeys, (keys) => keys.length === 4);
    expect(published).toHaveLength(4);
    const kidOf = (jwt: string) => decodeProtectedHeader(jwt).kid;
    // The new key is known before it signs: another token of this moment still gets the old one.
    const meanwhile = await jwtFor(await accessToken({ jti: "meanwhile" }));
    expect(kidOf(meanwhile)).toBe(kidOf(before));

    offsetMs = (publishAheadSeconds + 1) * 1000;
    const after = await jwtFor(await accessToken({ jti: "after" }));
    expect(kidOf(after)).not.toBe(kidOf(before));
    for (const jwt of [before, meanwhile, after]) await backend()(jwt);
    // What was made before is still handed out, and still good.
    expect(await jwtFor(token)).toBe(before);
  });

  it("come under the header and the names that the administrator chose", async () => {
    await settle({ header: "X-Caller", dialect: "WSO2", omittedClaims: ["sub"], ttlSeconds: 60 });
    const token = await accessToken();
    await jwtFor(token);
    const response = await fetch(`http://${plane.address}/gateway/nginx/auth`, {
      headers: {
        "X-Latchkey-Gateway": tenant.credential,
        "X-Original-Method": "GET",
        "X-Original-URI": "/orders/1.0.0/items/7",
        Authorization: `Bearer ${token}`,
      },
    });
    const payload = await backend()(response.headers.get("x-caller") ?? "");
    expect(payload).toMatchObject({
      "http://wso2.org/claims/applicationname": "Läden & Co",
      "http://wso2.org/claims/tier": "Gold",
      "http://wso2.org/claims/apicontext": "/orders/1.0.0",
    });
    expect(payload).not.toHaveProperty("sub");
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
  });

  it("say what is true now: a change reaches the next call within five seconds", async () => {
    await settle();
    const token = await accessToken();
    await jwtFor(token);
    await deps.database.inTenant(tenant.tenantId, (tx) =>
      tenantDb(tx).plan.update({ where: { id: tenant.ids.plan }, data: { name: "Silver" } }),
    );
    const named = (jwt: string) => (decodeJwt(jwt)["plan"] as { name: string }).name;
    expect(named(await jwtFor(token, (jwt) => named(jwt) === "Silver"))).toBe("Silver");
    await deps.database.inTenant(tenant.tenantId, (tx) =>
      tenantDb(tx).keyManager.update({
        where: { id: tenant.ids.keyManager },
        data: { claimMappings: [{ remote: "dept", local: "team" }] },
      }),
    );
    const team = (jwt: string) => decodeJwt(jwt)["team"];
    expect(team(await jwtFor(token, (jwt) => team(jwt) === "North"))).toBe("North");
    expect(decodeJwt(token).iss).toBe(issuer);
  });
});

function toPem(jwk: Record<string, unknown>): string {
  return createPublicKey({ key: jwk, format: "jwk" }).export({ format: "pem", type: "spki" }).toString();
}
