import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOutbound, type Outbound } from "#lib/foundation/outbound.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { keyManagerWorld, registrationOf } from "#tooling/testing/key-managers.ts";
import { testDependencies, testTenant } from "#tooling/testing/tenant.ts";
import type { Context } from "../context.ts";
import type { TestConnectionInput } from "./contract.ts";
import { discoverKeyManager } from "./discover.ts";
import { listKeyManagers } from "./list.ts";
import { registerKeyManager } from "./register.ts";
import { testConnection, testStoredConnection } from "./test-connection.ts";

const documentPath = "/.well-known/openid-configuration";

describe("discovery", () => {
  it("shows what was found, where each value comes from, and writes nothing", async () => {
    const { server, tenant } = await keyManagerWorld({ issuer: "https://as.test/realms/shop" });
    const ctx = await tenant.caller("ADMINISTRATOR");
    const found = await discoverKeyManager(ctx, { wellKnownUrl: server.issuer });
    expect(found).toMatchObject({
      sourceUrl: `${server.issuer}${documentPath}`,
      suggestedName: expect.stringMatching(/^\S+-shop$/) as unknown,
      foreignHosts: [],
      values: {
        issuer: server.issuer,
        endpoints: { ...server.endpoints, displayToken: server.endpoints.token },
        signingKeys: { kind: "jwks", url: `${server.issuer}/jwks` },
        grantTypes: ["client_credentials", "authorization_code", "refresh_token"],
      },
    });
    expect(found.reason).not.toBe("");
    const sources = Object.fromEntries(found.fields.map(({ field, source }) => [field, source]));
    expect(sources).toMatchObject({
      issuer: "discovery",
      "endpoints.token": "discovery",
      "endpoints.userinfo": "none",
      consumerKeyClaim: "connector",
    });
    expect((await listKeyManagers(ctx, {})).items.every(({ permanent }) => permanent)).toBe(true);
  });

  it("what it found can be registered as it is", async () => {
    const { server, tenant } = await keyManagerWorld();
    const ctx = await tenant.caller("ADMINISTRATOR");
    const { values, connector, suggestedName } = await discoverKeyManager(ctx, { wellKnownUrl: server.issuer });
    const view = await registerKeyManager(ctx, {
      ...values,
      name: suggestedName,
      connectorId: connector.id,
      connection: server.connectionInput,
    });
    expect(view.issuer).toBe(server.issuer);
  });

  it("names every other host that credentials would go to", async () => {
    const { server, tenant } = await keyManagerWorld({ metadata: { token_endpoint: "https://tokens.test/token" } });
    const found = await discoverKeyManager(await tenant.caller("ADMINISTRATOR"), { wellKnownUrl: server.issuer });
    expect(found.foreignHosts).toEqual([{ host: "tokens.test", fields: ["Token endpoint"] }]);
    expect(found.fields.find(({ field }) => field === "endpoints.token")?.note).toContain("tokens.test");
  });

  it.each([
    ["what is not an address", "not an address", /complete address/],
    ["a script", "javascript:alert(1)", /complete address/],
    ["a server that is not there", "https://nobody.test", /could not be reached/],
  ])("refuses %s at its field", async (_what, wellKnownUrl, message) => {
    const { tenant } = await keyManagerWorld();
    await expect(discoverKeyManager(await tenant.caller("ADMINISTRATOR"), { wellKnownUrl })).rejects.toMatchObject({
      code: "discovery.failed",
      fields: [{ path: "wellKnownUrl", message: expect.stringMatching(message) as unknown }],
    });
  });

  it("refuses what is not JSON, what fails, and another issuer, at its field", async () => {
    const { server, tenant } = await keyManagerWorld();
    const ctx = await tenant.caller("ADMINISTRATOR");
    const refusal = (message: RegExp) => ({
      code: "discovery.failed",
      fields: [{ path: "wellKnownUrl", message: expect.stringMatching(message) as unknown }],
    });
    server.fail("nonsense");
    await expect(discoverKeyManager(ctx, { wellKnownUrl: server.issuer })).rejects.toMatchObject(refusal(/not JSON/));
    server.recover();
    server.fail({ status: 500 });
    await expect(discoverKeyManager(ctx, { wellKnownUrl: server.issuer })).rejects.toMatchObject(refusal(/500/));

    const other = await keyManagerWorld({ metadata: { issuer: "https://somebody-else.test" } });
    await expect(
      discoverKeyManager(await other.tenant.caller("ADMINISTRATOR"), { wellKnownUrl: other.server.issuer }),
    ).rejects.toMatchObject(refusal(/somebody-else\.test/));
  });

  it("is refused to developers, and limited", async () => {
    const { server, tenant } = await keyManagerWorld();
    const developer = await tenant.caller("DEVELOPER");
    await expect(discoverKeyManager(developer, { wellKnownUrl: server.issuer })).rejects.toMatchObject({
      code: "auth.forbidden",
    });
    const admin = await tenant.caller("ADMINISTRATOR");
    const attempts = Array.from({ length: 21 }, () => discoverKeyManager(admin, { wellKnownUrl: server.issuer }));
    const refused = (await Promise.allSettled(attempts)).filter(({ status }) => status === "rejected");
    expect(refused).toMatchObject([
      { reason: { code: "limit.exceeded", retryAfterSeconds: expect.any(Number) as unknown } },
    ]);
  });
});

describe("the connection test", () => {
  type World = Awaited<ReturnType<typeof keyManagerWorld>>;

  function formOf({ server }: World, changes: Partial<TestConnectionInput> = {}): TestConnectionInput {
    const { connectorId, wellKnownUrl, issuer, endpoints, signingKeys, connection } = registrationOf(server);
    return { part: "server", connectorId, wellKnownUrl, issuer, endpoints, signingKeys, connection, ...changes };
  }

  async function outcome(ctx: Context, input: TestConnectionInput) {
    const { results } = await testConnection(ctx, input);
    return Object.fromEntries(results.map(({ step, status }) => [step, status]));
  }

  it("passes every rung at a healthy server, before anything is saved", async () => {
    const world = await keyManagerWorld({ registration: "client_credentials" });
    const ctx = await world.tenant.caller("ADMINISTRATOR");
    expect(await outcome(ctx, formOf(world))).toEqual({ discovery: "passed", issuer: "passed", keys: "passed" });
    expect(await outcome(ctx, formOf(world, { part: "access" }))).toMatchObject({ sign_in: "passed" });
    expect((await listKeyManagers(ctx, {})).items.every(({ permanent }) => permanent)).toBe(true);
  });

  it("names the rung that fails: issuer, key set, well-known address", async () => {
    const world = await keyManagerWorld();
    const ctx = await world.tenant.caller("ADMINISTRATOR");
    const issuer = `${world.server.issuer}/`;
    expect(await outcome(ctx, formOf(world, { issuer }))).toMatchObject({ discovery: "passed", issuer: "failed" });
    const signingKeys = { kind: "jwks", url: `${world.server.issuer}/nothing` } as const;
    expect(await outcome(ctx, formOf(world, { signingKeys }))).toMatchObject({ keys: "failed" });
    const wellKnownUrl = "https://nobody.test/.well-known/openid-configuration";
    expect(await outcome(ctx, formOf(world, { wellKnownUrl }))).toMatchObject({
      discovery: "failed",
      issuer: "skipped",
    });
  });

  it("says that the administrator's secret is wrong, without repeating it", async () => {
    const world = await keyManagerWorld({ registration: "client_credentials" });
    const ctx = await world.tenant.caller("ADMINISTRATOR");
    const wrong = "wrong-canary-secret-9d1e";
    const connection = {
      registration: {
        method: "client_credentials",
        clientId: "portal",
        authentication: { method: "client_secret_basic", clientSecret: wrong },
        scopes: ["register"],
      },
      introspection: { method: "none" },
    };
    const { results, problems } = await testConnection(ctx, formOf(world, { part: "access", connection }));
    expect(problems).toMatchObject([{ path: "connection.registration.authentication.clientSecret" }]);
    const [signIn] = results;
    expect(signIn).toMatchObject({ step: "sign_in", status: "failed" });
    expect(signIn?.fix).toBeTruthy();
    expect(JSON.stringify(results)).not.toContain(wrong);
  });

  it("scrubs secrets that the server sends back", async () => {
    const world = await keyManagerWorld({ registration: "client_credentials" });
    const ctx = await world.tenant.caller("ADMINISTRATOR");
    const [canary = ""] = world.server.canaries;
    world.server.fail({ status: 401, body: { error: "invalid_client", error_description: `bad secret ${canary}` } });
    const { results } = await testConnection(ctx, formOf(world, { part: "access" }));
    expect(JSON.stringify(results)).toMatch(/bad secret/);
    for (const secret of world.server.canaries) expect(JSON.stringify(results)).not.toContain(secret);
  });

  it("takes stored secrets for blank ones, but never to a new address", async () => {
    const world = await keyManagerWorld({ registration: "client_credentials" });
    const ctx = await world.tenant.caller("ADMINISTRATOR");
    const view = await registerKeyManager(ctx, registrationOf(world.server));
    const kept = formOf(world, { part: "access", id: view.id, connection: view.connection });
    expect(await outcome(ctx, kept)).toMatchObject({ sign_in: "passed" });
    world.server.requests.length = 0;
    const endpoints = { ...world.server.endpoints, token: "https://thief.test/token" };
    await expect(testConnection(ctx, { ...kept, endpoints, confirmedHosts: ["thief.test"] })).rejects.toMatchObject({
      code: "input.invalid",
      fields: expect.arrayContaining([
        expect.objectContaining({ path: "connection.registration.authentication.clientSecret" }),
      ]) as unknown,
    });
    expect(world.server.requests).toEqual([]);
  });

  it("sends nothing to a host that nobody confirmed", async () => {
    const world = await keyManagerWorld({ registration: "client_credentials" });
    const ctx = await world.tenant.caller("ADMINISTRATOR");
    const endpoints = { ...world.server.endpoints, token: "https://elsewhere.test/token" };
    await expect(testConnection(ctx, formOf(world, { part: "access", endpoints }))).rejects.toMatchObject({
      fields: [{ path: "endpoints.token" }],
    });
    expect(world.server.requests).toEqual([]);
  });

  it("tests what is stored, and nothing of another tenant", async () => {
    const world = await keyManagerWorld({ registration: "client_credentials" });
    const ctx = await world.tenant.caller("ADMINISTRATOR");
    const view = await registerKeyManager(ctx, registrationOf(world.server));
    const results = [
      ...(await testStoredConnection(ctx, { part: "server", id: view.id })).results,
      ...(await testStoredConnection(ctx, { part: "access", id: view.id })).results,
    ];
    expect(results.filter(({ status }) => status === "failed")).toEqual([]);
    for (const secret of world.server.canaries) expect(JSON.stringify(results)).not.toContain(secret);
    const stranger = await (await testTenant(world.deps)).caller("ADMINISTRATOR");
    const missing = { code: "key_manager.not_found" };
    await expect(testStoredConnection(stranger, { part: "access", id: view.id })).rejects.toMatchObject(missing);
    await expect(testConnection(stranger, formOf(world, { id: view.id }))).rejects.toMatchObject(missing);
  });

  it("runs ten times a minute for one person, and no more", async () => {
    const world = await keyManagerWorld();
    const ctx = await world.tenant.caller("ADMINISTRATOR");
    const attempts = Array.from({ length: 11 }, () => testConnection(ctx, formOf(world)));
    const refused = (await Promise.allSettled(attempts)).filter(({ status }) => status === "rejected");
    expect(refused).toMatchObject([{ reason: { code: "limit.exceeded" } }]);
    const colleague = await world.tenant.caller("ADMINISTRATOR");
    await expect(testConnection(colleague, formOf(world))).resolves.toBeDefined();
  });
});

describe("over real HTTP", () => {
  let server: Server;
  let port: number;
  const doors: Outbound[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      const issuer = `http://127.0.0.1:${String(port)}`;
      if (request.url !== documentPath) return void response.writeHead(404).end();
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ issuer, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(async () => {
    await Promise.all(doors.map((door) => door.close()));
    await new Promise((resolve) => server.close(resolve));
  });

  async function callerWith(allow: string[]): Promise<Context> {
    const outbound = createOutbound({ allow, log: silentLog });
    doors.push(outbound);
    return (await testTenant(testDependencies({ outbound }))).caller("ADMINISTRATOR");
  }

  it("reaches a private address that the operator allows, host and port", async () => {
    const ctx = await callerWith([`127.0.0.1:${String(port)}`]);
    const found = await discoverKeyManager(ctx, { wellKnownUrl: `http://127.0.0.1:${String(port)}` });
    expect(found.values.issuer).toBe(`http://127.0.0.1:${String(port)}`);
  });

  it.each([
    ["a private address", () => `http://127.0.0.1:${String(port)}`],
    ["a metadata address", () => "http://169.254.169.254/latest/meta-data"],
    ["a private network", () => "https://10.0.0.1"],
    ["a private address in another notation", () => `http://0x7f000001:${String(port)}`],
    ["a private IPv6 address", () => `http://[::1]:${String(port)}`],
  ])("refuses %s that nobody allowed, at its field", async (_what, wellKnownUrl) => {
    const ctx = await callerWith([]);
    await expect(discoverKeyManager(ctx, { wellKnownUrl: wellKnownUrl() })).rejects.toMatchObject({
      code: "discovery.failed",
      fields: [{ path: "wellKnownUrl" }],
    });
  });
});
