import { describe, expect, it } from "vitest";
import { describeConnector, simulated } from "#lib/connector-kit/conformance.ts";
import { managing, type ClientSpec } from "#lib/connector-kit/contract.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { clientCertificateHeader } from "#lib/connector-kit/simulator.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { selfSigned } from "#tooling/testing/certificates.ts";
import { client, connection } from "./config.ts";
import { wso2is7 } from "./index.ts";
import { openWso2Is7, type Wso2Is7Options } from "./simulator.ts";
import { applicationNameOf } from "./wire.ts";

const origin = "https://wso2is7.test";
const nameAtServer = applicationNameOf;
const basic = { signIn: { method: "basic", username: "admin", password: "canary-admin-password-7" } };

describe("signed in as a client", () => {
  describeConnector(wso2is7, { start: async () => simulated(await openWso2Is7({ origin })), nameAtServer });
});

describe("signed in as an administrator of a tenant", () => {
  describeConnector(wso2is7, {
    nameAtServer,
    async start() {
      const server = await openWso2Is7({ origin }, { tenant: "/t/shop.example" });
      const settings = { ...server.settings, connection: connection.parse(basic) };
      const refused = { signIn: { ...basic.signIn, password: "not-the-password" } };
      return { ...simulated(server), settings, connectionInput: basic, refusedConnectionInput: refused };
    },
  });
});

async function world(options: Wso2Is7Options = {}, input: Record<string, unknown> = {}) {
  const server = await openWso2Is7({ origin }, options);
  const settings = { ...server.settings, connection: connection.parse({ ...server.connectionInput, ...input }) };
  const adapter = managing(wso2is7.open(settings, { fetch: server.fetch, clock: systemClock, log: silentLog }));
  return { server, adapter };
}

function specOf(changes: Partial<ClientSpec> = {}): ClientSpec {
  const marker = `latchkey-${crypto.randomUUID()}`;
  const settings = client.parse({});
  return { name: "App", marker, grantTypes: ["client_credentials"], redirectUris: [], settings, ...changes };
}

async function failureOf(call: Promise<unknown> | undefined) {
  try {
    await call;
  } catch (error) {
    if (isConnectorError(error)) return error;
    throw error;
  }
  throw new Error("It did not fail.");
}

describe("signing in", () => {
  it("by certificate shows it at every call, for introspection too, and names the user to act as", async () => {
    const { certificate, privateKey } = selfSigned("portal");
    const signIn = { method: "mutual_tls", identityUser: "admin", certificate, privateKey };
    const { server, adapter } = await world({ trustedCertificate: certificate.trim() }, { signIn });
    const { ref } = await adapter.registerClient(specOf());
    const token = await adapter.issueToken?.(ref, { scopes: [] });
    if (!token) throw new Error("No token was issued.");
    expect(await adapter.introspectToken?.(token.accessToken)).toMatchObject({ active: true });
    for (const { url, headers } of server.requests.filter(({ url: at }) => !at.endsWith("/oauth2/token"))) {
      expect(headers[clientCertificateHeader], url).toBeDefined();
      expect(headers).toMatchObject({ "wso2-identity-user": "admin" });
      expect(headers).not.toHaveProperty("authorization");
    }
    // The application's own calls are not the portal's.
    const own = server.requests.find(({ url }) => url.endsWith("/oauth2/token"));
    expect(own?.headers).not.toHaveProperty(clientCertificateHeader);
  });

  it("by a certificate that the server does not trust is refused, and the connection test says what to check", async () => {
    const { certificate, privateKey } = selfSigned("stranger");
    const signIn = { method: "mutual_tls", identityUser: "admin", certificate, privateKey };
    const { adapter } = await world({ trustedCertificate: selfSigned("portal").certificate }, { signIn });
    expect(await adapter.checkAccess?.()).toMatchObject([
      { step: "sign_in", status: "failed", fix: expect.stringContaining("trusts the certificate") },
    ]);
  });

  it("as a client happens once for many calls, and once more when the session has ended", async () => {
    const { server, adapter } = await world();
    const signIns = () => server.requests.filter(({ body }) => body.includes("internal_api_resource_view")).length;
    const { ref } = await adapter.registerClient(specOf());
    await Promise.all([adapter.readClient(ref), adapter.readClient(ref)]);
    expect(signIns()).toBe(1);
    server.pass(3601);
    expect(await adapter.readClient(ref)).not.toBeNull();
    expect(signIns()).toBe(2);
  });

  it("with a key sends an assertion and no secret", async () => {
    const { privateKey } = selfSigned("portal", { isRsa: true });
    const signIn = { method: "private_key_jwt", clientId: "portal_client_0000000007", privateKey };
    const { server, adapter } = await world({}, { signIn });
    await failureOf(adapter.registerClient(specOf()));
    const form = new URLSearchParams(server.requests[0]?.body);
    expect(form.get("client_assertion_type")).toBe("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    expect(form.has("client_secret")).toBe(false);
  });

  it("finds the server from its issuer, or from the address where the issuer was changed", async () => {
    const { server } = await world();
    const dependencies = { fetch: server.fetch, clock: systemClock, log: silentLog };
    const { connectionInput, settings } = server;
    const renamed = { ...settings, connection: connection.parse(connectionInput), issuer: "https://login.example/" };
    expect(() => wso2is7.open(renamed, dependencies)).toThrow(/server address/);
    const input = { ...connectionInput, serverUrl: `${origin}/` };
    const adapter = managing(wso2is7.open({ ...renamed, connection: connection.parse(input) }, dependencies));
    expect((await adapter.registerClient(specOf())).ref.consumerKey).not.toBe("");
  });
});

describe("what the portal's application is not authorised for", () => {
  it("is named by its scope where it is met", async () => {
    const cases: [string, (adapter: Awaited<ReturnType<typeof world>>["adapter"]) => Promise<unknown> | undefined][] = [
      ["internal_application_mgt_create", (adapter) => adapter.registerClient(specOf())],
      ["internal_api_resource_view", (adapter) => adapter.scopes?.list()],
      ["internal_api_resource_create", (adapter) => adapter.scopes?.save({ name: "orders", description: "" })],
    ];
    for (const [scope, call] of cases) {
      const { adapter } = await world({ withheld: [scope] });
      const error = await failureOf(call(adapter));
      expect(error.kind).toBe("credentials_refused");
      expect(error.message).toContain(scope);
    }
    const scope = "internal_application_mgt_client_secret_create";
    const { adapter } = await world({ withheld: [scope] });
    const { ref } = await adapter.registerClient(specOf());
    expect((await failureOf(adapter.secrets?.add(ref, {}))).message).toContain(scope);
  });

  it("shows in the connection test, which changes nothing", async () => {
    const { server, adapter } = await world({ withheld: ["internal_api_resource_view"] });
    expect((await adapter.checkAccess?.())?.map(({ status }) => status)).toEqual(["passed", "passed", "warning"]);
    expect(server.requests.filter(({ method, url }) => method !== "GET" && !url.endsWith("/token"))).toEqual([]);
    const blind = await world({ withheld: ["internal_application_mgt_view"] });
    const [signedIn, clients] = (await blind.adapter.checkAccess?.()) ?? [];
    expect(signedIn?.status).toBe("passed");
    expect(clients).toMatchObject({ status: "failed", fix: expect.stringContaining("Application Management API") });
  });
});

describe("a client", () => {
  it("is found by its client id where the application's id is unknown or another's, and only by the whole id", async () => {
    const { server, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    const { consumerKey } = ref;
    const foreign = server.application((await server.createClient()).clientId);
    for (const vendorId of [undefined, foreign.id, crypto.randomUUID()]) {
      const found = await adapter.readClient({ consumerKey, ...(vendorId !== undefined && { vendorId }) });
      expect(found?.ref).toMatchObject({ consumerKey, vendorId: ref.vendorId });
    }
    expect(await adapter.readClient({ consumerKey: consumerKey.slice(0, -1) })).toBeNull();
    // Would be read as part of the filter.
    expect(await adapter.readClient({ consumerKey: `${consumerKey} or name co a` })).toBeNull();
    await adapter.deleteClient({ consumerKey, vendorId: foreign.id });
    expect(server.applications.has(foreign.id)).toBe(true);
    expect(server.applications.has(ref.vendorId ?? "")).toBe(false);
  });

  it("is not another one that the list holds without saying its client id", async () => {
    const { server, adapter } = await world();
    const { id } = server.application((await server.createClient()).clientId);
    server.fail({ status: 200, body: { applications: [{ id }] } }, { path: /\/applications$/ });
    expect(await adapter.readClient({ consumerKey: "nobody_nobody_nobody" })).toBeNull();
  });

  it("counts as gone only where the list says so: a wrong address proves nothing", async () => {
    const { server, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    server.fail({ status: 404, body: "<html>" }, { path: /\/api\// });
    expect((await failureOf(adapter.readClient(ref))).kind).toBe("not_found");
    expect((await failureOf(adapter.deleteClient(ref))).kind).toBe("not_found");
  });

  it("keeps at an update what others have set: members that we do not know, secret, tokens", async () => {
    const { server, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    const stored = server.application(ref.consumerKey);
    stored.oidc["scopeValidators"] = ["Role based scope validator"];
    stored.oidc["accessToken"] = { ...(stored.oidc["accessToken"] as object), bindingType: "certificate" };
    const token = await adapter.issueToken?.(ref, { scopes: [] });
    const updated = await adapter.updateClient(ref, specOf());
    expect(updated.ref.consumerSecret?.reveal()).toBe(ref.consumerSecret?.reveal());
    expect(server.application(ref.consumerKey).oidc).toMatchObject({
      scopeValidators: ["Role based scope validator"],
      accessToken: { bindingType: "certificate" },
    });
    if (!token) throw new Error("No token was issued.");
    expect(await adapter.introspectToken?.(token.accessToken)).toMatchObject({ active: true });
  });

  it("gets every setting, and loses it again", async () => {
    const { adapter } = await world();
    const settings = client.parse({
      tokenType: "Default",
      proofKey: "optional",
      plainProofKey: true,
      applicationTokenLifetime: 60,
      userTokenLifetime: 120,
      refreshTokenLifetime: 180,
      renewRefreshToken: false,
      idTokenLifetime: 240,
      webOrigins: ["https://app.example"],
    });
    const made = await adapter.registerClient(specOf({ settings }));
    expect(made.state.settings).toEqual(settings);
    expect(await adapter.issueToken?.(made.ref, { scopes: [] })).toMatchObject({ expiresInSeconds: 60 });
    expect((await adapter.updateClient(made.ref, specOf())).state.settings).toEqual(client.parse({}));
  });

  it("has several redirect addresses as one pattern, and gives them back one by one", async () => {
    const { server, adapter } = await world();
    const redirectUris = ["https://a.example/cb?x=1", "https://b.example/cb"];
    const { ref, state } = await adapter.registerClient(specOf({ grantTypes: ["authorization_code"], redirectUris }));
    expect(server.application(ref.consumerKey).oidc["callbackURLs"]).toEqual([
      "regexp=(https://a.example/cb\\?x=1|https://b.example/cb)",
    ]);
    expect(state.redirectUris).toEqual(redirectUris);
    expect((await adapter.updateClient(ref, specOf())).state.redirectUris).toEqual([]);
  });

  it.each([
    [{ method: "none" }],
    [{ method: "private_key_jwt", jwksUri: "https://app.example/jwks" }],
    [{ method: "tls_client_auth", subject: "CN=app,O=Example" }],
  ])("has no secret with %j, and gets one back", async (authentication) => {
    const { server, adapter } = await world();
    const asked = { grantTypes: ["authorization_code"], redirectUris: ["https://a.example/cb"] };
    const made = await adapter.registerClient(specOf({ ...asked, settings: client.parse({ authentication }) }));
    expect(made.ref.consumerSecret).toBeUndefined();
    expect(made.state.settings).toMatchObject({ authentication });
    const proof = adapter.proveClient?.({ ...made.ref, consumerSecret: new Secret("anything") });
    expect((await failureOf(proof)).kind).toBe("unsupported");
    const changed = await adapter.updateClient(made.ref, specOf(asked));
    expect(changed.state.settings).toMatchObject({ authentication: { method: "client_secret" } });
    expect(changed.ref.consumerSecret).toBeDefined();
    expect(server.application(made.ref.consumerKey).certificate?.value ?? "").toBe("");
  });

  it.each([/\/applications\/[^/]+$/, /\/inbound-protocols\/oidc$/])(
    "that was made but could not be read at %s does not stay behind",
    async (path) => {
      const { server, adapter } = await world();
      const before = server.applications.size;
      server.fail({ status: 500 }, { method: "GET", path });
      expect((await failureOf(adapter.registerClient(specOf()))).kind).toBe("unreachable");
      expect(server.applications.size).toBe(before);
    },
  );

  it("whose name is taken is a conflict in the server's words", async () => {
    const { adapter } = await world();
    const spec = specOf();
    await adapter.registerClient(spec);
    expect(await failureOf(adapter.registerClient(spec))).toMatchObject({
      kind: "conflict",
      reason: `An application with name: ${applicationNameOf(spec)} already exists`,
    });
  });

  it.each(["client_secret_basic", "client_secret_post"])(
    "that may authenticate by %s only gets tokens",
    async (only) => {
      const { server, adapter } = await world();
      const { clientId, clientSecret } = await server.createClient();
      server.application(clientId).oidc["clientAuthentication"] = { tokenEndpointAuthMethod: only };
      const ref = { consumerKey: clientId, consumerSecret: new Secret(clientSecret) };
      const token = await adapter.issueToken?.(ref, { scopes: [] });
      if (!token) throw new Error("No token was issued.");
      await adapter.revokeToken?.(ref, token.accessToken, "access_token");
      expect(await adapter.introspectToken?.(token.accessToken)).toEqual({ active: false });
    },
  );

  it("keeps the secret that is known where the server shows only its hash, and can be proven and changed", async () => {
    const { server, adapter } = await world({ isHashing: true });
    const { clientId, clientSecret } = await server.createClient();
    const known = { consumerKey: clientId, consumerSecret: new Secret(clientSecret) };
    expect((await adapter.readClient(known))?.ref.consumerSecret?.reveal()).toBe(clientSecret);
    expect((await adapter.readClient({ consumerKey: clientId }))?.ref.consumerSecret).toBeUndefined();
    expect((await adapter.proveClient?.(known))?.ref.consumerSecret?.reveal()).toBe(clientSecret);
    const wrong = { ...known, consumerSecret: new Secret("wrong") };
    expect((await failureOf(adapter.proveClient?.(wrong))).kind).toBe("credentials_refused");
    expect((await adapter.updateClient(known, specOf())).ref.consumerSecret?.reveal()).toBe(clientSecret);
  });
});

describe("secrets", () => {
  it("that are replaced end the client's tokens too", async () => {
    const { adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    const token = await adapter.issueToken?.(ref, { scopes: [] });
    await adapter.secrets?.add(ref, {});
    await adapter.rotateSecret?.(ref);
    if (!token) throw new Error("No token was issued.");
    expect(await adapter.introspectToken?.(token.accessToken)).toEqual({ active: false });
    expect(await adapter.secrets?.list(ref)).toHaveLength(1);
  });

  it("can be replaced in 7.0, which keeps one for each client and says so", async () => {
    const { adapter } = await world({ hasOneSecret: true });
    const { ref } = await adapter.registerClient(specOf());
    const rotated = await adapter.rotateSecret?.(ref);
    expect(rotated?.ref.consumerSecret?.reveal()).not.toBe(ref.consumerSecret?.reveal());
    for (const call of [adapter.secrets?.list(ref), adapter.secrets?.add(ref, {}), adapter.secrets?.remove(ref, "x")]) {
      expect(await failureOf(call)).toMatchObject({
        kind: "unsupported",
        message: expect.stringContaining("one secret for each client"),
      });
    }
  });

  it("end when they are told to, and the list tells who lives", async () => {
    const { server, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    const expiresAt = new Date(Date.now() + 3_600_000);
    const added = await adapter.secrets?.add(ref, { expiresAt });
    if (!added) throw new Error("The connector has no secrets.");
    expect(Math.abs((added.secret.expiresAt?.getTime() ?? 0) - expiresAt.getTime())).toBeLessThan(1_000);
    expect(added.secret.hint).toBe(`…${added.client.ref.consumerSecret?.reveal().slice(-4) ?? ""}`);
    server.pass(3_700);
    const list = await adapter.secrets?.list(ref);
    expect(list?.find(({ id }) => id === added.secret.id)).toMatchObject({ isActive: false });
    expect((await failureOf(adapter.issueToken?.(added.client.ref, { scopes: [] }))).kind).toBe("credentials_refused");
    expect((await failureOf(adapter.secrets?.add(ref, { expiresAt: new Date(0) }))).message).toContain("future");
  });

  it("of which the newest is the last cannot all be ended, in the server's words", async () => {
    const { adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    const [only] = (await adapter.secrets?.list(ref)) ?? [];
    expect(await failureOf(adapter.secrets?.remove(ref, only?.id ?? ""))).toMatchObject({
      kind: "conflict",
      reason: "The latest active secret cannot be deleted.",
    });
  });
});

describe("tokens", () => {
  it("have no scope that was not granted, though the server's answer is silent about it", async () => {
    const { adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    expect((await adapter.issueToken?.(ref, { scopes: ["orders"] }))?.scopes).toEqual([]);
  });

  it("that refresh others are never taken for access tokens", async () => {
    const { server, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    const token = new Secret(server.refreshToken(ref.consumerKey));
    expect(await adapter.introspectToken?.(token)).toEqual({ active: false });
  });

  it("of another issuer are exchanged for those of this server, and only where the server trusts it", async () => {
    const { server, adapter } = await world();
    const grantTypes = ["urn:ietf:params:oauth:grant-type:token-exchange"];
    const { ref } = await adapter.registerClient(specOf({ grantTypes }));
    const subjectTokenType = "urn:ietf:params:oauth:token-type:jwt";
    const exchange = (text: string) =>
      adapter.exchangeToken?.(ref, { subjectToken: new Secret(text), subjectTokenType, scopes: [] });
    expect(await exchange(await server.partnerToken())).toMatchObject({ tokenType: "Bearer" });
    expect(await failureOf(exchange("eyJ.other.token"))).toMatchObject({
      kind: "rejected",
      reason: expect.stringContaining("No Registered IDP"),
    });
  });
});

describe("scopes", () => {
  const roles = { scopeAccess: { method: "roles", roles: ["subscribers"], createRoles: true } };
  const policyOf = async (input: Record<string, unknown>) => {
    const { server, adapter } = await world({}, input);
    const { ref } = await adapter.registerClient(specOf());
    await adapter.scopes?.save({ name: "orders", description: "" });
    await adapter.scopes?.grant(ref, ["orders"]);
    expect((await adapter.issueToken?.(ref, { scopes: ["orders"] }))?.scopes).toEqual(["orders"]);
    return [...server.application(ref.consumerKey).authorizedApis.values()].map((one) => one.policyIdentifier);
  };

  it("are granted without roles unless the connection says otherwise, and reach machines either way", async () => {
    expect(await policyOf({})).toEqual(["NO POLICY"]);
    expect(await policyOf(roles)).toEqual(["RBAC"]);
  });

  it("are granted and taken one by one, and other API resources are left alone", async () => {
    const { server, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    for (const name of ["one", "two", "three/é"]) await adapter.scopes?.save({ name, description: "" });
    const theirs = { id: crypto.randomUUID(), name: "Theirs", identifier: "theirs", scopes: [] };
    server.resources.set(theirs.id, theirs);
    const { authorizedApis } = server.application(ref.consumerKey);
    authorizedApis.set(theirs.id, { policyIdentifier: "RBAC", scopes: ["theirs"] });
    const held = () => [...authorizedApis.values()].map(({ scopes }) => [...scopes].sort());
    await adapter.scopes?.grant(ref, ["one", "two"]);
    expect(held()).toEqual([["theirs"], ["one", "two"]]);
    await adapter.scopes?.grant(ref, ["two", "three/é"]);
    expect(held()).toEqual([["theirs"], ["three/é", "two"]]);
    await adapter.scopes?.grant(ref, []);
    expect(held()).toEqual([["theirs"]]);
    const written = () => server.requests.filter(({ method }) => method !== "GET").length;
    const before = written();
    await adapter.scopes?.grant(ref, []);
    expect(written()).toBe(before);
    expect((await failureOf(adapter.scopes?.grant(ref, ["theirs"]))).kind).toBe("not_found");
  });

  it("of another API resource are not ours to save, list or remove", async () => {
    const { server, adapter } = await world();
    const theirs = {
      id: crypto.randomUUID(),
      name: "Theirs",
      identifier: "theirs",
      scopes: [{ name: "orders", description: "theirs" }],
    };
    server.resources.set(theirs.id, theirs);
    expect(await failureOf(adapter.scopes?.save({ name: "orders", description: "ours" }))).toMatchObject({
      kind: "conflict",
      reason: "Scope orders already exists",
    });
    expect(await adapter.scopes?.list()).toEqual([]);
    await adapter.scopes?.remove("orders");
    expect(theirs.scopes).toEqual([{ name: "orders", description: "theirs" }]);
  });

  it("are added to the roles of the connection, which are made only where that is wished", async () => {
    const { server, adapter } = await world({}, roles);
    for (const name of ["one", "two", "two"]) await adapter.scopes?.save({ name, description: "" });
    expect([...server.roles.values()]).toMatchObject([
      { displayName: "subscribers", permissions: [{ value: "one" }, { value: "two" }] },
    ]);
    const careful = await world({}, { scopeAccess: { ...roles.scopeAccess, createRoles: false } });
    const error = await failureOf(careful.adapter.scopes?.save({ name: "one", description: "" }));
    expect(error).toMatchObject({ kind: "not_found", message: expect.stringContaining("no such role") });
    expect(careful.server.roles.size).toBe(0);
  });

  it("are read however a version spells its list of API resources", async () => {
    const { server, adapter } = await world();
    await adapter.scopes?.save({ name: "orders", description: "Orders" });
    const [resource] = [...server.resources.values()];
    const body = { links: [], apiResources: [{ id: resource?.id, identifier: "latchkey" }] };
    server.fail({ status: 200, body }, { path: /\/api-resources$/ });
    expect(await adapter.scopes?.list()).toEqual([{ name: "orders", description: "Orders" }]);
  });
});

describe("recognising a server", () => {
  const metadata = { issuer: `${origin}/oauth2/token`, token_endpoint: `${origin}/oauth2/token` };
  it("goes by the issuer and by what came with version 7", () => {
    const endpoint = `${origin}/oauth2/par`;
    expect(wso2is7.recognise?.({ ...metadata, pushed_authorization_request_endpoint: endpoint })).toContain(
      "version 7",
    );
    expect(wso2is7.recognise?.(metadata)).toBeNull();
    expect(wso2is7.recognise?.({})).toBeNull();
  });
});
