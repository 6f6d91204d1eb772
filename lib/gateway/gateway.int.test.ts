import { hash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installationDb, tenantDb } from "#lib/data/database.ts";
import {
  deleteExpiredRevocations,
  insertRevocations,
  readRevocations,
  readRevocationsSince,
  revokeOwnTokens,
  type RevocationPage,
  type RevocationQuery,
  type RevocationRecord,
} from "#lib/data/revocations.ts";
import { revokeGatewayCredential } from "#lib/features/gateway-credentials/revoke.ts";
import { listGatewayCredentials } from "#lib/features/gateway-credentials/list.ts";
import { gatewayTenant, keySetOutbound, serveValidationPlane, within5Seconds } from "#tooling/testing/gateway.ts";
import { testDependencies } from "#tooling/testing/tenant.ts";
import { consumerKey, signingPair, signToken, type SigningPair, type TokenParts } from "#tooling/testing/validation.ts";

let pair: SigningPair;
let plane: Awaited<ReturnType<typeof serveValidationPlane>>;
const deps = testDependencies({ outbound: keySetOutbound(() => [pair.publicJwk]) });

beforeAll(async () => {
  pair = await signingPair();
  plane = await serveValidationPlane(deps);
});
afterAll(() => plane.stop());

type Tenant = Awaited<ReturnType<typeof gatewayTenant>>;
const token = (parts: TokenParts = {}) => signToken(pair, parts, Math.floor(Date.now() / 1000));

async function post(credential: string | undefined, body: unknown) {
  const response = await fetch(`http://${plane.address}/gateway/v1/validate`, {
    method: "POST",
    headers: credential === undefined ? {} : { Authorization: `Bearer ${credential}` },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

async function ask(tenant: Tenant, question: object) {
  return (await post(tenant.credential, { method: "GET", requestPath: "/orders/1.0.0/items/7", ...question })).body;
}

describe("the JSON face", () => {
  it("answers with the verdict, by whole path or by API and path", async () => {
    const tenant = await gatewayTenant(deps);
    const expected = {
      allowed: true,
      application: { id: tenant.ids.application, name: "Läden & Co" },
      api: { id: tenant.ids.api, name: "Orders" },
      plan: { name: "Gold", requestsPerMinute: 600 },
      keyType: "PRODUCTION",
      consumerKey,
      keyManager: { id: tenant.ids.keyManager },
    };
    expect(await ask(tenant, { token: await token() })).toMatchObject(expected);
    const { status, headers, body } = await post(tenant.credential, {
      token: await token(),
      method: "GET",
      api: { context: "/orders", version: "1.0.0" },
      path: "/items/7",
    });
    expect({ status, body }).toMatchObject({ status: 200, body: expected });
    expect(headers.get("cache-control")).toBe("no-store");
  });

  it("answers a refusal with status 200, its code and the challenge for the caller", async () => {
    const tenant = await gatewayTenant(deps);
    expect(await ask(tenant, {})).toMatchObject({
      allowed: false,
      code: 900902,
      wwwAuthenticate: 'Bearer realm="latchkey"',
    });
    expect(await ask(tenant, { token: await token({ claims: { scope: "x" } }) })).toMatchObject({
      code: 900910,
      wwwAuthenticate: expect.stringContaining('error="insufficient_scope"'),
    });
  });

  it("says 503 and when to try again while the keys cannot be had", async () => {
    const blind = testDependencies({ outbound: () => Promise.reject(new Error("down")) });
    const other = await serveValidationPlane(blind);
    try {
      const tenant = await gatewayTenant(blind);
      const response = await fetch(`http://${other.address}/gateway/v1/validate`, {
        method: "POST",
        headers: { "X-Latchkey-Gateway": tenant.credential },
        body: JSON.stringify({ token: await token(), method: "GET", requestPath: "/orders/1.0.0/items/7" }),
      });
      expect(response.status).toBe(503);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({ allowed: false, code: 900900 });
    } finally {
      await other.stop();
    }
  });

  it("refuses strangers with 401, whatever they ask", async () => {
    const tenant = await gatewayTenant(deps);
    for (const credential of [undefined, "", "lkg_short", `lkg_${"x".repeat(43)}`, `${tenant.credential}x`]) {
      const { status, headers, body } = await post(credential, { token: await token() });
      expect({ status, body }).toMatchObject({ status: 401, body: { code: "auth.failed" } });
      expect(headers.get("www-authenticate")).toContain("Bearer");
    }
  });

  it("refuses questions that are none, naming the field", async () => {
    const tenant = await gatewayTenant(deps);
    const good = { method: "GET", requestPath: "/orders/1.0.0/items/7" };
    for (const [question, path] of [
      ["no json", ""],
      [[], ""],
      [{ ...good, method: 7 }, "method"],
      [{ ...good, method: "GET /" }, "method"],
      [{ ...good, surplus: 1 }, ""],
      [{ method: "GET" }, ""],
      [{ ...good, api: { context: "/orders", version: "1" }, path: "/x" }, ""],
      [{ ...good, requestPath: "orders" }, "requestPath"],
    ] as const) {
      const { status, body } = await post(tenant.credential, question);
      expect({ status, body }).toMatchObject({ status: 400, body: { code: "input.invalid", fields: [{ path }] } });
    }
    expect((await post(tenant.credential, { ...good, token: "x".repeat(70_000) })).status).toBe(413);
    const got = await fetch(`http://${plane.address}/gateway/v1/validate`);
    expect(got.status).toBe(405);
  });

  it("refuses tokens in the query string", async () => {
    const tenant = await gatewayTenant(deps);
    const requestPath = `/orders/1.0.0/items/7?access_token=${await token()}`;
    expect(await ask(tenant, { token: await token(), requestPath })).toMatchObject({ reason: "token_in_query" });
  });
});

describe("a gateway", () => {
  it("sees its own tenant only: the same token at another tenant's gateway is nobody's", async () => {
    const [here, there] = [await gatewayTenant(deps), await gatewayTenant(deps)];
    await deps.database.inTenant(there.tenantId, (tx) => tenantDb(tx).keyMapping.deleteMany());
    const good = await token();
    expect(await ask(here, { token: good })).toMatchObject({ allowed: true });
    expect(await ask(there, { token: good })).toMatchObject({ code: 900908 });
    expect(await ask(here, { token: good })).toMatchObject({ allowed: true });
  });

  it("is refused within five seconds of its credential's revocation", async () => {
    const tenant = await gatewayTenant(deps);
    await ask(tenant, { token: await token() });
    await revokeGatewayCredential(tenant.administrator, { id: tenant.ids.credential });
    const answer = await within5Seconds(
      () => post(tenant.credential, {}),
      ({ status }) => status === 401,
    );
    expect(answer.status).toBe(401);
  });

  it("leaves a note of when it was last seen", async () => {
    const own = await serveValidationPlane(deps);
    const tenant = await gatewayTenant(deps);
    await fetch(`http://${own.address}/gateway/nginx/auth`, { headers: { "X-Latchkey-Gateway": tenant.credential } });
    await own.stop();
    const { items } = await listGatewayCredentials(tenant.administrator, {});
    expect(Date.now() - Date.parse(items[0]?.lastUsedAt ?? "")).toBeLessThan(60_000);
  });
});

describe("a change takes effect within five seconds, for a token that has passed before", () => {
  type Rows = ReturnType<typeof tenantDb>;
  const changes: [string, (db: Rows, tenant: Tenant) => Promise<unknown>, object][] = [
    [
      "key manager disabled",
      (db, { ids }) => db.keyManager.update({ where: { id: ids.keyManager }, data: { enabled: false } }),
      { code: 900901, reason: "key_manager_disabled" },
    ],
    [
      "key manager no longer accepted",
      (db, { ids }) => db.api.update({ where: { id: ids.api }, data: { acceptAllKeyManagers: false } }),
      { code: 900901, reason: "key_manager_not_accepted" },
    ],
    ["keys removed", (db) => db.keyMapping.deleteMany(), { code: 900908, reason: "consumer_key_unknown" }],
    ["unsubscribed", (db) => db.subscription.deleteMany(), { code: 900908, reason: "not_subscribed" }],
    ["subscription blocked", (db) => db.subscription.updateMany({ data: { state: "BLOCKED" } }), { code: 900907 }],
    ["API retired", (db) => db.api.updateMany({ data: { status: "RETIRED" } }), { code: 900906 }],
    ["scopes changed", (db) => db.apiResource.updateMany({ data: { scopes: ["other"] } }), { code: 900910 }],
  ];

  it.each(changes)("%s", async (_name, change, refusal) => {
    const tenant = await gatewayTenant(deps);
    const good = await token();
    expect(await ask(tenant, { token: good })).toMatchObject({ allowed: true });
    await deps.database.inTenant(tenant.tenantId, (tx) => change(tenantDb(tx), tenant));
    const verdict = await within5Seconds(
      () => ask(tenant, { token: good }),
      ({ allowed }) => allowed === false,
    );
    expect(verdict).toMatchObject({ allowed: false, ...refusal });
  });

  it("tenant suspended, and active again", async () => {
    const tenant = await gatewayTenant(deps);
    const good = await token();
    expect(await ask(tenant, { token: good })).toMatchObject({ allowed: true });
    const setStatus = (status: "ACTIVE" | "SUSPENDED") =>
      deps.database.inInstallation((tx) =>
        installationDb(tx).tenant.update({ where: { id: tenant.tenantId }, data: { status } }),
      );
    await setStatus("SUSPENDED");
    const refused = await within5Seconds(
      () => ask(tenant, { token: good }),
      ({ allowed }) => allowed === false,
    );
    expect(refused).toMatchObject({ code: 900900, reason: "tenant_suspended" });
    await setStatus("ACTIVE");
    const again = await within5Seconds(
      () => ask(tenant, { token: good }),
      ({ allowed }) => allowed === true,
    );
    expect(again).toMatchObject({ allowed: true });
  });
});

describe("revocations", () => {
  const inAMinute = () => new Date(Date.now() + 60_000);
  const issuedSoFar = () => new Date(Date.now() + 1_000);
  const since = (at: Date) => ({ at, id: "00000000-0000-0000-0000-000000000000" });

  it("are known to the first reading and to the comparison that follows it, in their own tenant only", async () => {
    const [here, there] = [await gatewayTenant(deps), await gatewayTenant(deps)];
    const before = new Date(Date.now() - 1_000);
    const expiresAt = inAMinute();
    await deps.database.inTenant(here.tenantId, (tx) => revokeOwnTokens(tx, [{ tokenId: "revoked-1", expiresAt }]));
    const expected = {
      ...{ tenantId: here.tenantId, keyManager: "", kind: "TOKEN_ID", value: "revoked-1" },
      ...{ issuedBefore: null, expiresAt },
    };
    await deps.database.inInstallation(async (tx) => {
      const page = { after: since(new Date(0)), now: new Date(), limit: 10 };
      const all = { revocations: [expected], next: null };
      const none = { revocations: [], next: null };
      expect(await readRevocations(tx, { tenantId: here.tenantId, ...page })).toEqual(all);
      expect(await readRevocations(tx, { tenantId: here.tenantId, ...page, after: since(before) })).toEqual(all);
      expect(await readRevocations(tx, { tenantId: here.tenantId, ...page, after: since(inAMinute()) })).toEqual(none);
      expect(await readRevocations(tx, { tenantId: there.tenantId, ...page })).toEqual(none);
      const both = { tenantIds: [here.tenantId, there.tenantId], since: before, limit: 1 };
      expect(await readRevocationsSince(tx, both)).toEqual([expected]);
      expect(await readRevocationsSince(tx, { ...both, limit: 0 })).toBeNull();
      expect(await readRevocationsSince(tx, { ...both, tenantIds: [there.tenantId] })).toEqual([]);
    });
  });

  it("are read page by page, each once and of every kind, and deleted when they have expired", async () => {
    const { tenantId } = await gatewayTenant(deps);
    const kinds = ["TOKEN_ID", "TOKEN_DIGEST", "CONSUMER_KEY", "SUBJECT"] as const;
    const rows = kinds.flatMap((kind) =>
      Array.from({ length: 7 }, (_, index): RevocationRecord => {
        const issuedBefore = kind === "TOKEN_ID" || kind === "TOKEN_DIGEST" ? null : issuedSoFar();
        // Some have just expired: clocks that differ let their tokens pass a little longer.
        const expiresAt = index === 0 ? new Date(Date.now() - 60_000) : inAMinute();
        return { keyManager: "km", kind, value: `${kind} ${index}`, issuedBefore, expiresAt };
      }),
    );
    await deps.database.inTenant(tenantId, async (tx) => {
      await insertRevocations(tx, rows);
      await revokeOwnTokens(tx, [{ tokenId: "expired", expiresAt: new Date("2020-01-01T00:00:00Z") }]);
    });
    const seen: string[] = [];
    await deps.database.inInstallation(async (tx) => {
      let after: RevocationQuery["after"] | null = since(new Date(0));
      while (after) {
        const page: RevocationPage = await readRevocations(tx, { tenantId, after, now: new Date(), limit: 3 });
        seen.push(...page.revocations.map(({ value }) => value));
        after = page.next;
      }
      expect(await deleteExpiredRevocations(tx, new Date("2020-01-02T00:00:00Z"))).toBeGreaterThan(0);
    });
    expect(seen.sort()).toEqual(rows.map(({ value }) => value).sort());
  });

  it("never let anything in again when they are repeated with earlier moments", async () => {
    const { tenantId } = await gatewayTenant(deps);
    const revocation = { keyManager: "km", kind: "SUBJECT", value: "user-1" } as const;
    const moments = { issuedBefore: new Date("2030-01-01T00:00:00Z"), expiresAt: new Date("2030-02-01T00:00:00Z") };
    const earlier = { issuedBefore: new Date("2029-01-01T00:00:00Z"), expiresAt: new Date("2029-02-01T00:00:00Z") };
    const insert = (row: RevocationRecord) => deps.database.inTenant(tenantId, (tx) => insertRevocations(tx, [row]));
    await insert({ ...revocation, ...moments });
    await insert({ ...revocation, ...earlier });
    const page = { tenantId, after: since(new Date(0)), now: new Date(), limit: 10 };
    const { revocations } = await deps.database.inInstallation((tx) => readRevocations(tx, page));
    expect(revocations).toMatchObject([moments]);
  });

  type Revoke = (digest: string) => Pick<RevocationRecord, "kind" | "value" | "issuedBefore">;
  it.each<[string, Revoke]>([
    ["of the token's id", () => ({ kind: "TOKEN_ID", value: "token-1", issuedBefore: null })],
    ["of the whole token", (digest: string) => ({ kind: "TOKEN_DIGEST", value: digest, issuedBefore: null })],
    ["of its client", () => ({ kind: "CONSUMER_KEY", value: consumerKey, issuedBefore: issuedSoFar() })],
    ["of its subject", () => ({ kind: "SUBJECT", value: "user-1", issuedBefore: issuedSoFar() })],
  ])("%s refuse a token that has passed before, within five seconds", async (_case, revoke) => {
    const tenant = await gatewayTenant(deps);
    const [passed, later] = [await token(), await token({ claims: { jti: "later", iat: Date.now() / 1000 + 30 } })];
    expect(await ask(tenant, { token: passed })).toMatchObject({ allowed: true });
    const revocation = revoke(hash("sha256", passed, "base64url"));
    await deps.database.inTenant(tenant.tenantId, (tx) =>
      insertRevocations(tx, [{ ...revocation, keyManager: tenant.ids.keyManager, expiresAt: inAMinute() }]),
    );
    const refused = await within5Seconds(
      () => ask(tenant, { token: passed }),
      ({ allowed }) => allowed === false,
    );
    expect(refused).toMatchObject({ code: 900901, reason: "token_revoked" });
    expect(await ask(tenant, { token: later })).toMatchObject({ allowed: true });
  });
});
