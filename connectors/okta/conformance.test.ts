import { generateKeyPairSync } from "node:crypto";
import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import { describeConnector, simulated } from "#lib/connector-kit/conformance.ts";
import { managing, type ClientSpec } from "#lib/connector-kit/contract.ts";
import { describeFields } from "#lib/connector-kit/descriptors.ts";
import { fixedProblems } from "#lib/connector-kit/fixed-fields.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import type { Fault, FaultScope } from "#lib/connector-kit/simulator.ts";
import { systemClock, type Clock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { signedAssertion } from "#lib/protocol/client-authentication.ts";
import { client, connection } from "./config.ts";
import { okta } from "./index.ts";
import { openOkta, simulator, type SimulatedOkta } from "./simulator.ts";

const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const accessTokenType = "urn:ietf:params:oauth:token-type:access_token";

describeConnector(okta, {
  start: async () => simulated(await simulator.open({ origin: "https://okta.test" })),
  growth: { grantTypes: ["client_credentials", tokenExchange], redirectUris: [] },
});

describe("with lifetimes of its own", () => {
  describeConnector(okta, {
    start: async () => simulated(await simulator.open({ origin: "https://okta.test" })),
    client: { accessTokenMinutes: 15, refreshTokenIdleMinutes: 60 },
    growth: { grantTypes: ["client_credentials", tokenExchange], redirectUris: [] },
  });
});

type Opening = { input?: Record<string, unknown>; issuer?: string; fetch?: OutboundFetch; clock?: Clock };

const start = () => openOkta({ origin: "https://okta.test" });

function opened(vendor: SimulatedOkta, { input, issuer, fetch = vendor.fetch, clock = systemClock }: Opening = {}) {
  const settings = {
    ...vendor.settings,
    ...(issuer !== undefined && { issuer }),
    connection: connection.parse(input ?? vendor.connectionInput),
  };
  const adapter = managing(okta.open(settings, { fetch, clock, log: silentLog }));
  const { secrets, scopes, checkAccess, findClients, proveClient, rotateSecret } = adapter;
  const { issueToken, exchangeToken, revokeToken, introspectToken } = adapter;
  if (!secrets || !scopes || !checkAccess || !findClients || !proveClient || !rotateSecret) throw new Error("Lost.");
  if (!issueToken || !exchangeToken || !revokeToken || !introspectToken) throw new Error("Lost.");
  const { registerClient, readClient, updateClient, deleteClient } = adapter;
  const rest = { issueToken, exchangeToken, revokeToken, introspectToken };
  const lifecycle = { registerClient, readClient, updateClient, deleteClient };
  return { secrets, scopes, checkAccess, findClients, proveClient, rotateSecret, ...lifecycle, ...rest };
}

function specOf(changes: Partial<ClientSpec> = {}): ClientSpec {
  const marker = `latchkey-${crypto.randomUUID()}`;
  const settings = client.parse({});
  return { name: "App", marker, grantTypes: ["client_credentials"], redirectUris: [], settings, ...changes };
}

async function failureOf(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    if (isConnectorError(error)) return error;
    throw error;
  }
  throw new Error("It did not fail.");
}

const sent = (vendor: SimulatedOkta) => vendor.requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`);
const namesOf = (vendor: SimulatedOkta) => vendor.server.policies.map(({ name }) => name);
const noDefaults = (vendor: SimulatedOkta) => ({ ...vendor.connectionInput, defaultScopes: [] });

function policyOf(vendor: SimulatedOkta, clientId: string) {
  const found = vendor.server.policies.find(({ name }) => name === `Latchkey ${clientId}`);
  if (!found) throw new Error("There is no such policy.");
  return found;
}

function appOf(vendor: SimulatedOkta, clientId: string) {
  const found = vendor.apps.byClientId(clientId);
  if (!found) throw new Error("There is no such application.");
  return found;
}

describe("the issuer", () => {
  it.each(["https://okta.test", "https://okta.test/", "https://okta.test/oauth2/default/", "https://okta.test/x/y"])(
    "%s is refused: only custom authorization servers issue tokens that others may check",
    async (issuer) => {
      const vendor = await start();
      expect(() => opened(vendor, { issuer })).toThrow(/custom authorization server, such as https:\/\/okta\.test/);
    },
  );

  it("gives Okta away, the org's own server too, so that it can be told why that one is no use", async () => {
    const vendor = await start();
    for (const document of ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]) {
      const metadata: unknown = await (await vendor.fetch(`${vendor.settings.issuer}${document}`)).json();
      expect(okta.recognise?.(metadata as Record<string, unknown>)).toContain("custom authorization server");
    }
    const org: unknown = await (await vendor.fetch("https://okta.test/.well-known/openid-configuration")).json();
    expect(okta.recognise?.(org as Record<string, unknown>)).toContain("org");
    const issuer = "https://idp.test/oauth2/shop";
    expect(okta.recognise?.({ issuer, token_endpoint: `${issuer}/token` })).toBeNull();
    expect(okta.recognise?.({ token_endpoint: "undefined/v1/token" })).toBeNull();
  });

  it("may have a domain of its own: then the org's address is where credentials go", async () => {
    const vendor = await start();
    const issuer = vendor.settings.issuer.replace("okta.test", "login.shop.test");
    const input = { ...vendor.connectionInput, orgUrl: "https://okta.test/" };
    await opened(vendor, { issuer, input }).registerClient(specOf());
    expect(new Set(vendor.requests.map(({ url }) => new URL(url).host))).toEqual(new Set(["okta.test"]));
  });
});

describe("a service app", () => {
  it("signs in with its key at the org's server, once for many calls, and again when its token has run out", async () => {
    const vendor = await start();
    let late = 0;
    const clock = { now: () => new Date(Date.now() + late) };
    const adapter = opened(vendor, { input: vendor.serviceApp.input, clock });
    const { ref } = await adapter.registerClient(specOf());
    await Promise.all([adapter.readClient(ref), adapter.readClient(ref)]);
    const signIns = () => vendor.requests.filter(({ url }) => url === "https://okta.test/oauth2/v1/token");
    expect(signIns()).toHaveLength(1);
    const form = new URLSearchParams(signIns()[0]?.body);
    expect(form.get("scope")).toBe(
      "okta.apps.read okta.apps.manage okta.authorizationServers.read okta.authorizationServers.manage",
    );
    expect(form.has("client_secret")).toBe(false);
    late = 3_601_000;
    vendor.pass(3_601);
    expect(await adapter.readClient(ref)).not.toBeNull();
    expect(signIns()).toHaveLength(2);
  });

  it("asks about tokens itself", async () => {
    const vendor = await start();
    const adapter = opened(vendor, { input: vendor.serviceApp.input });
    const { ref } = await adapter.registerClient(specOf());
    const { accessToken } = await adapter.issueToken(ref, { scopes: [] });
    expect(await adapter.introspectToken(accessToken)).toMatchObject({ active: true, consumerKey: ref.consumerKey });
    expect((await adapter.checkAccess()).map(({ status }) => status)).not.toContain("failed");
  });

  it("is refused with another key, and the connection test says what to compare", async () => {
    const vendor = await start();
    const adapter = opened(vendor, { input: vendor.serviceApp.refusedInput });
    expect((await failureOf(adapter.registerClient(specOf()))).kind).toBe("credentials_refused");
    expect(await adapter.checkAccess()).toMatchObject([
      { step: "sign_in", status: "failed", fix: expect.stringContaining("public key") },
    ]);
  });

  it("hears which scopes of Okta's API are to be granted: none are, some are missing, one is needed", async () => {
    const vendor = await start();
    const { input } = vendor.serviceApp;
    vendor.grantedScopes.clear();
    const none = await failureOf(opened(vendor, { input }).registerClient(specOf()));
    expect(none).toMatchObject({ kind: "credentials_refused", message: expect.stringContaining("okta.apps.manage") });
    vendor.grantedScopes.add("okta.apps.read");
    const adapter = opened(vendor, { input });
    const [signIn] = await adapter.checkAccess();
    expect(signIn?.summary).toContain("not granted okta.apps.manage, okta.authorizationServers.read");
    const one = await failureOf(adapter.registerClient(specOf()));
    expect(one).toMatchObject({ kind: "credentials_refused", message: expect.stringContaining("okta.apps.manage") });
    vendor.grantedScopes.add("okta.apps.manage");
    const other = await failureOf(opened(vendor, { input }).scopes.list());
    expect(other.message).toContain("okta.authorizationServers.read");
  });

  it("that wants proofs of possession is told where to switch them off", async () => {
    const vendor = await start();
    const body = { error: "invalid_dpop_proof", error_description: "The DPoP proof JWT header is missing." };
    vendor.fail({ status: 400, body }, { path: /^\/oauth2\/v1\/token$/ });
    const error = await failureOf(opened(vendor, { input: vendor.serviceApp.input }).registerClient(specOf()));
    expect(error.message).toContain("Require DPoP header");
  });
});

describe("an API token", () => {
  it("that has ended is to be replaced, not tried again", async () => {
    const vendor = await start();
    const adapter = opened(vendor, { input: vendor.refusedConnectionInput });
    const error = await failureOf(adapter.registerClient(specOf()));
    expect(error).toMatchObject({ kind: "credentials_refused", message: expect.stringContaining("enter a new one") });
    expect(vendor.requests).toHaveLength(1);
  });

  it("cannot ask about tokens, and the portal says so instead of calling them dead", async () => {
    const vendor = await start();
    const signIn = { ...(vendor.connectionInput["signIn"] as object), introspection: { method: "none" } };
    const adapter = opened(vendor, { input: { ...vendor.connectionInput, signIn } });
    const error = await failureOf(adapter.introspectToken(new Secret("whatever")));
    expect(error).toMatchObject({ kind: "unsupported", message: expect.stringContaining("Asking about tokens") });
  });
});

describe("the client that asks about tokens", () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();

  it.each(["client_secret_post", "client_secret_jwt", "private_key_jwt"] as const)(
    "authenticates by %s",
    async (method) => {
      const vendor = await start();
      const { asker } = vendor;
      const [secret] = asker.secrets;
      asker.body.credentials.oauthClient.token_endpoint_auth_method = method;
      const { n, e } = publicKey.export({ format: "jwk" });
      asker.body.settings.oauthClient.jwks = { keys: [{ kty: "RSA", n, e, status: "ACTIVE" }] };
      const proof = method === "private_key_jwt" ? { privateKey: pem } : { clientSecret: secret?.value };
      const asking = (introspection: object) =>
        opened(vendor, {
          input: {
            ...vendor.connectionInput,
            signIn: { ...(vendor.connectionInput["signIn"] as object), introspection },
          },
        });
      const adapter = asking({ method, clientId: asker.clientId, ...proof });
      const { ref } = await adapter.registerClient(specOf());
      const { accessToken } = await adapter.issueToken(ref, { scopes: [] });
      expect(await adapter.introspectToken(accessToken)).toMatchObject({ active: true, consumerKey: ref.consumerKey });
      const isSent = vendor.requests.at(-1)?.body.includes(secret?.value ?? "") ?? false;
      expect(isSent).toBe(method === "client_secret_post");
      const stranger = asking({ method, clientId: ref.consumerKey, ...proof });
      expect((await failureOf(stranger.introspectToken(accessToken))).kind).toBe("credentials_refused");
    },
  );
});

describe("the connection test", () => {
  it("changes nothing", async () => {
    const vendor = await start();
    await opened(vendor).checkAccess();
    expect(new Set(vendor.requests.map(({ method }) => method))).toEqual(new Set(["GET"]));
  });

  it("says that an org lacks API Access Management", async () => {
    const vendor = await start();
    vendor.features.apiAccessManagement = false;
    const failed = (await opened(vendor).checkAccess()).filter(({ status }) => status === "failed");
    expect(failed[0]?.summary).toContain("API Access Management");
    expect((await failureOf(opened(vendor).scopes.list())).kind).toBe("unsupported");
  });

  it("says that the authorization server is another one, or not active", async () => {
    const vendor = await start();
    const absent = await opened(vendor, { issuer: "https://okta.test/oauth2/default" }).checkAccess();
    expect(absent.at(-1)).toMatchObject({ status: "failed", fix: expect.stringContaining("issuer") });
    const { issuer } = vendor.settings;
    vendor.fail({ status: 200, body: { id: "x", issuer, status: "INACTIVE" } }, { path: /authorizationServers\/\w+$/ });
    expect((await opened(vendor).checkAccess()).at(-1)?.summary).toContain("not active");
  });

  it("names default scopes that do not exist", async () => {
    const vendor = await start();
    const probes = await opened(vendor, {
      input: { ...vendor.connectionInput, defaultScopes: ["latchkey", "nowhere"] },
    }).checkAccess();
    expect(probes).toContainEqual(
      expect.objectContaining({ status: "failed", summary: expect.stringContaining("“nowhere”") as string }),
    );
  });

  it("warns where no policy covers new clients, and where one lets everybody have everything", async () => {
    const vendor = await start();
    const last = async (input?: Record<string, unknown>) =>
      (await opened(vendor, { ...(input && { input }) }).checkAccess()).at(-1);
    expect(await last()).toMatchObject({ status: "passed" });
    expect(await last(noDefaults(vendor))).toMatchObject({ status: "warning", fix: expect.stringMatching(/default/) });
    vendor.server.addPolicy(["ALL_CLIENTS"], ["latchkey"]);
    expect(await last(noDefaults(vendor))).toMatchObject({ status: "passed" });
    vendor.server.addPolicy(["ALL_CLIENTS"], ["*"]);
    expect(await last()).toMatchObject({ status: "warning", summary: expect.stringContaining("“By hand”") });
  });
});

describe("a client", () => {
  it("carries our marker as its id, apart from Okta's own, and hands out bearer tokens that name it", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const asked = specOf();
    const { ref } = await adapter.registerClient(asked);
    expect(ref.consumerKey).toBe(asked.marker);
    expect(ref.vendorId).toMatch(/^0oa/);
    expect(appOf(vendor, asked.marker).body).toMatchObject({
      profile: { latchkeyManaged: true },
      settings: { oauthClient: { dpop_bound_access_tokens: false, response_types: [] } },
    });
    const { accessToken } = await adapter.issueToken(ref, { scopes: [] });
    expect(decodeJwt(accessToken.reveal())).toMatchObject({ cid: asked.marker, scp: ["latchkey"], aud: "api://shop" });
  });

  it.each([
    ["service", ["client_credentials"], [], {}],
    ["service", ["client_credentials", tokenExchange], [], {}],
    ["web", ["client_credentials", "authorization_code"], ["https://a.test/cb"], {}],
    ["browser", ["authorization_code"], ["https://a.test/cb"], { authentication: { method: "none" } }],
    ["native", ["authorization_code"], ["app.test:/cb"], { authentication: { method: "none" } }],
    ["native", ["authorization_code", "password"], ["https://a.test"], { authentication: { method: "none" } }],
    ["web", ["authorization_code", "implicit"], ["https://a.test/cb"], { applicationType: "web" }],
  ] as const)("becomes a %s application for %j to %j", async (type, grantTypes, redirectUris, settings) => {
    const vendor = await start();
    const made = await opened(vendor).registerClient(
      specOf({ grantTypes: [...grantTypes], redirectUris: [...redirectUris], settings: client.parse(settings) }),
    );
    expect(made.state.settings).toMatchObject({ applicationType: type });
    expect(made.state.grantTypes).toEqual(grantTypes);
  });

  it("stays the kind of application that it is, and says so before Okta is asked", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const { ref, state } = await adapter.registerClient(specOf());
    const settings = client.parse({ applicationType: "web" });
    // The form shows it, and refuses another, at its field.
    const changedTo = (after: Record<string, unknown>) =>
      fixedProblems(describeFields(client), { before: state.settings, after, prefix: "settings" });
    expect(changedTo(client.parse(state.settings))).toEqual([]);
    expect(changedTo(settings)).toMatchObject([
      { path: "settings.applicationType", message: expect.stringContaining("stays “service”") },
    ]);
    const error = await failureOf(adapter.updateClient(ref, specOf({ settings })));
    expect(error).toMatchObject({ kind: "rejected", message: expect.stringContaining("stays “service”") });
    const grown = specOf({ grantTypes: ["authorization_code"], redirectUris: ["https://a.test/cb"] });
    expect(await failureOf(adapter.updateClient(ref, grown))).toMatchObject({
      kind: "rejected",
      reason: expect.stringContaining("'authorization_code' is not valid for application_type 'service'"),
    });
  });

  it("gets every setting of its form, and gives it back", async () => {
    const vendor = await start();
    const settings = client.parse({
      applicationType: "web",
      authentication: { method: "private_key_jwt", jwksUri: "https://a.test/jwks" },
      pkceRequired: false,
      consentRequired: true,
      responseTypes: ["code", "id_token", "token"],
      refreshTokenRotation: "ROTATE",
      refreshTokenLeeway: 10,
      postLogoutRedirectUris: ["https://a.test/bye"],
      initiateLoginUri: "https://a.test/in",
      clientUri: "https://a.test",
      logoUri: "https://a.test/logo.png",
      tosUri: "https://a.test/tos",
      policyUri: "https://a.test/privacy",
    });
    const adapter = opened(vendor);
    const asked = specOf({
      grantTypes: ["authorization_code", "implicit", "refresh_token"],
      redirectUris: ["https://*.a.test/cb"],
      settings,
    });
    const made = await adapter.registerClient(asked);
    expect(made.state.settings).toEqual(settings);
    expect(made.ref.consumerSecret).toBeUndefined();
    const plain = client.parse({ applicationType: "web", pkceRequired: false });
    const bare = await adapter.updateClient(made.ref, {
      ...asked,
      grantTypes: ["authorization_code"],
      settings: plain,
    });
    expect(bare.state.settings).toEqual(plain);
    // It needs a secret from now on, so the answer brings one.
    expect(bare.ref.consumerSecret?.reveal()).toBe(appOf(vendor, asked.marker).secrets[0]?.value);
  });

  it("has no secret where it is public, and cannot go without PKCE there", async () => {
    const vendor = await start();
    const authentication = { method: "none" };
    const asked = { grantTypes: ["authorization_code"], redirectUris: ["https://a.test/cb"] };
    const adapter = opened(vendor);
    const made = await adapter.registerClient(specOf({ ...asked, settings: client.parse({ authentication }) }));
    expect(made.ref.consumerSecret).toBeUndefined();
    expect((await failureOf(adapter.rotateSecret(made.ref))).kind).toBe("unsupported");
    expect(await adapter.secrets.list(made.ref)).toEqual([]);
    const settings = client.parse({ authentication, pkceRequired: false });
    const error = await failureOf(adapter.registerClient(specOf({ ...asked, settings })));
    expect(error).toMatchObject({ kind: "rejected", reason: expect.stringContaining("pkce_required") });
  });

  it("keeps at an update what others have set in Okta", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const { ref } = await adapter.registerClient(specOf());
    const { body } = appOf(vendor, ref.consumerKey);
    body.settings.notes = { admin: "Ask Ann", enduser: null };
    body.profile = { ...body.profile, team: "blue" };
    body.settings.oauthClient.idp_initiated_login = { mode: "DISABLED", default_scope: ["x"] };
    await adapter.updateClient(ref, specOf({ marker: ref.consumerKey, name: "Renamed" }));
    expect(appOf(vendor, ref.consumerKey).body).toMatchObject({
      label: "Renamed",
      profile: { team: "blue", latchkeyManaged: true },
      settings: { notes: { admin: "Ask Ann" }, oauthClient: { idp_initiated_login: { default_scope: ["x"] } } },
    });
  });

  it("is found by exactly its client id, on whichever page of the org it stands", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    for (let count = 0; count < 205; count += 1) await vendor.createClient();
    const { ref } = await adapter.registerClient(specOf());
    const { clientId: foreign } = await vendor.createClient();
    const { consumerKey } = ref;
    for (const vendorId of [undefined, foreign]) {
      const found = await adapter.readClient({ consumerKey, ...(vendorId !== undefined && { vendorId }) });
      expect(found?.ref).toMatchObject({ consumerKey, vendorId: ref.vendorId });
    }
    expect(await adapter.readClient({ consumerKey: consumerKey.slice(0, -1) })).toBeNull();
    expect(await adapter.findClients(consumerKey.slice(0, -1))).toEqual([]);
    await adapter.deleteClient({ consumerKey, vendorId: foreign });
    expect(vendor.apps.byClientId(consumerKey)).toBeUndefined();
    expect(appOf(vendor, foreign).isActive).toBe(true);
  });

  it("whose creation was never answered is found with its secret", async () => {
    const vendor = await start();
    const asked = specOf();
    vendor.fail("error-after-write", { method: "POST", path: /\/apps$/ });
    expect((await failureOf(opened(vendor).registerClient(asked))).kind).toBe("unreachable");
    vendor.recover();
    const [found] = await opened(vendor).findClients(asked.marker);
    expect(found?.ref.consumerSecret?.reveal()).toBe(appOf(vendor, asked.marker).secrets[0]?.value);
  });

  it("is deactivated before it is deleted, and its access policy goes with it", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const { ref } = await adapter.registerClient(specOf());
    vendor.server.addPolicy([ref.consumerKey], ["latchkey"]);
    expect(namesOf(vendor)).toEqual([`Latchkey ${ref.consumerKey}`, "By hand"]);
    const before = vendor.requests.length;
    await adapter.deleteClient(ref);
    const path = `/api/v1/apps/${ref.vendorId ?? ""}`;
    expect(sent(vendor).slice(before)).toEqual(
      expect.arrayContaining([`POST ${path}/lifecycle/deactivate`, `DELETE ${path}`]),
    );
    // What somebody else made is not ours to delete.
    expect(namesOf(vendor)).toEqual(["By hand"]);
  });

  it("that was deleted halfway is deleted by the next attempt", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const { ref } = await adapter.registerClient(specOf());
    vendor.fail({ status: 500 }, { method: "DELETE", path: /\/apps\// });
    expect((await failureOf(adapter.deleteClient(ref))).kind).toBe("unreachable");
    vendor.recover();
    expect((await opened(vendor).findClients(ref.consumerKey)).map((found) => found.ref.vendorId)).toEqual([
      ref.vendorId,
    ]);
    await adapter.deleteClient(ref);
    expect(vendor.apps.byClientId(ref.consumerKey)).toBeUndefined();
    expect(vendor.server.policies).toEqual([]);
  });
});

describe("lists that come in pages", () => {
  const nothing = (link: string) => ({ status: 200, body: [], headers: { link } });

  it("are followed at the org alone, whatever host a page names", async () => {
    const vendor = await start();
    const link = '<https://okta.test/api/v1/apps>; rel="self", <https://evil.test/api/v1/apps?after=2>; rel="next"';
    vendor.fail(nothing(link), { path: /\/apps$/, times: 1 });
    const { clientId } = await vendor.createClient();
    expect(await opened(vendor).findClients(clientId)).toHaveLength(1);
    expect(new Set(vendor.requests.map(({ url }) => new URL(url).host))).toEqual(new Set(["okta.test"]));
    expect(new URL(vendor.requests[1]?.url ?? "").search).toBe("?after=2");
  });

  it("are given up where they do not end", async () => {
    const vendor = await start();
    vendor.fail(nothing('<https://okta.test/api/v1/apps?after=1>; rel="next"'), { path: /\/apps$/ });
    expect((await failureOf(opened(vendor).findClients("whoever"))).message).toContain("does not end");
  });
});

describe("a registration that fails on its way", () => {
  const steps: [string, Fault, FaultScope][] = [
    ["its access policy is refused", { status: 400, body: {} }, { method: "POST", path: /\/policies$/ }],
    ["the policies cannot be listed", "unreachable", { method: "GET", path: /\/policies$/ }],
    ["its rule is refused", { status: 403, body: {} }, { method: "POST", path: /\/rules$/ }],
    ["its policy was made but not answered", "error-after-write", { method: "POST", path: /\/policies$/, times: 1 }],
    ["its rule was made but not answered", "error-after-write", { method: "POST", path: /\/rules$/, times: 1 }],
  ];
  it.each(steps)("leaves nothing behind where %s", async (_name, fault, scope) => {
    const vendor = await start();
    const asked = specOf();
    vendor.fail(fault, { times: 1, ...scope });
    await failureOf(opened(vendor).registerClient(asked));
    expect(vendor.apps.byClientId(asked.marker)).toBeUndefined();
    expect(vendor.server.policies).toEqual([]);
  });

  it("leaves nothing behind where the answer cannot be read", async () => {
    const vendor = await start();
    const asked = specOf();
    const fetch: OutboundFetch = async (url, init) => {
      const response = await vendor.fetch(url, init);
      if (init?.method !== "POST" || !url.includes("/apps?")) return response;
      const { id } = (await response.json()) as { id: string };
      return Response.json({ id });
    };
    expect((await failureOf(opened(vendor, { fetch }).registerClient(asked))).kind).toBe("bad_response");
    expect(vendor.apps.byClientId(asked.marker)).toBeUndefined();
  });

  it("tells of the first failure where it cannot be undone either, and the client can be found", async () => {
    const vendor = await start();
    const asked = specOf();
    vendor.fail({ status: 400, body: { errorSummary: "Too many policies." } }, { method: "POST", path: /\/policies$/ });
    vendor.fail({ status: 500 }, { method: "DELETE" });
    expect(await failureOf(opened(vendor).registerClient(asked))).toMatchObject({ reason: "Too many policies." });
    vendor.recover();
    expect(await opened(vendor).findClients(asked.marker)).toHaveLength(1);
  });
});

describe("access policies", () => {
  it("admit each client by a policy of its own, before all others, with the grant types that it has now", async () => {
    const vendor = await start();
    const adapter = opened(vendor, { input: { ...vendor.connectionInput, accessTokenMinutes: 15 } });
    const { ref } = await adapter.registerClient(specOf());
    const policy = policyOf(vendor, ref.consumerKey);
    expect(policy).toMatchObject({ priority: 1, conditions: { clients: { include: [ref.consumerKey] } } });
    expect(policy.rules).toMatchObject([
      { conditions: { grantTypes: { include: ["client_credentials"] }, scopes: { include: ["latchkey"] } } },
    ]);
    expect((await adapter.issueToken(ref, { scopes: [] })).expiresInSeconds).toBe(900);
    const grown = specOf({ marker: ref.consumerKey, grantTypes: ["client_credentials", tokenExchange] });
    await adapter.updateClient(ref, grown);
    expect(policy.rules).toMatchObject([
      { conditions: { grantTypes: { include: grown.grantTypes }, scopes: { include: ["latchkey"] } } },
    ]);
  });

  it("keep lifetimes that somebody set in the console", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const { ref } = await adapter.registerClient(specOf());
    const rule = policyOf(vendor, ref.consumerKey).rules[0];
    if (!rule) throw new Error("There is no rule.");
    rule.actions.token.accessTokenLifetimeMinutes = 7;
    await adapter.scopes.save({ name: "orders", description: "Orders" });
    await adapter.scopes.grant(ref, ["orders"]);
    expect(rule.conditions.scopes.include).toEqual(["latchkey", "orders"]);
    expect((await adapter.issueToken(ref, { scopes: ["orders"] })).expiresInSeconds).toBe(420);
    await adapter.scopes.grant(ref, []);
    expect(rule.conditions.scopes.include).toEqual(["latchkey"]);
  });

  it("hold the lifetimes that a developer chooses, for each grant, until they choose others", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const grantTypes = ["client_credentials", tokenExchange];
    const settings = client.parse({ accessTokenMinutes: 15, refreshTokenMinutes: 600 });
    const { ref, state } = await adapter.registerClient(specOf({ settings, grantTypes }));
    expect(state.settings).toMatchObject({ accessTokenMinutes: 15, refreshTokenMinutes: 600 });
    const policy = policyOf(vendor, ref.consumerKey);
    const actionOf = () => policy.rules[0]?.actions.token;
    expect(actionOf()).toEqual({
      accessTokenLifetimeMinutes: 15,
      refreshTokenLifetimeMinutes: 600,
      refreshTokenWindowMinutes: 10_080,
    });
    const first = await adapter.issueToken(ref, { scopes: [] });
    const request = { subjectToken: first.accessToken, subjectTokenType: accessTokenType, scopes: ["latchkey"] };
    const { ref: subject } = await adapter.registerClient(specOf());
    const theirs = await adapter.issueToken(subject, { scopes: [] });
    expect(first.expiresInSeconds).toBe(900);
    expect(theirs.expiresInSeconds).toBe(3600);
    const exchanged = await adapter.exchangeToken(ref, { ...request, subjectToken: theirs.accessToken });
    expect(exchanged.expiresInSeconds).toBe(900);

    const update = (chosen: object) =>
      adapter.updateClient(ref, specOf({ marker: ref.consumerKey, grantTypes, settings: client.parse(chosen) }));
    expect((await update({ accessTokenMinutes: 20 })).state.settings["accessTokenMinutes"]).toBe(20);
    expect(actionOf()).toMatchObject({ accessTokenLifetimeMinutes: 20, refreshTokenLifetimeMinutes: 0 });
    await adapter.scopes.save({ name: "orders", description: "" });
    await adapter.scopes.grant(ref, ["orders"]);
    expect((await adapter.issueToken(ref, { scopes: ["orders"] })).expiresInSeconds).toBe(1200);
    // Blank again is what the key manager says.
    expect((await update({})).state.settings).not.toHaveProperty("accessTokenMinutes");
    expect(actionOf()).toMatchObject({ accessTokenLifetimeMinutes: 60 });
    expect(policy.rules).toHaveLength(1);
  });

  it("tell of chosen lifetimes what is in force, and keep what others have set in the rule", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const settings = client.parse({ accessTokenMinutes: 15 });
    const { ref } = await adapter.registerClient(specOf({ settings }));
    const [rule] = policyOf(vendor, ref.consumerKey).rules;
    if (!rule) throw new Error("There is no rule.");
    rule.actions.token.accessTokenLifetimeMinutes = 7;
    rule.actions.token.inlineHook = { id: "cal1" };
    expect((await adapter.readClient(ref))?.state.settings["accessTokenMinutes"]).toBe(7);
    expect((await adapter.rotateSecret(ref)).state.settings["accessTokenMinutes"]).toBe(7);
    await adapter.updateClient(ref, specOf({ marker: ref.consumerKey, settings }));
    expect(rule.actions.token).toMatchObject({ accessTokenLifetimeMinutes: 15, inlineHook: { id: "cal1" } });
  });

  it("are no place for lifetimes before there is one: that is said, and nothing is made or changed", async () => {
    const vendor = await start();
    const adapter = opened(vendor, { input: noDefaults(vendor) });
    const settings = client.parse({ accessTokenMinutes: 15 });
    const asked = specOf({ settings });
    const refusal = { kind: "rejected", message: expect.stringContaining("default scopes") };
    expect(await failureOf(adapter.registerClient(asked))).toMatchObject(refusal);
    expect(vendor.apps.byClientId(asked.marker)).toBeUndefined();
    const { ref } = await adapter.registerClient(specOf());
    const changed = specOf({ marker: ref.consumerKey, name: "Renamed", settings });
    expect(await failureOf(adapter.updateClient(ref, changed))).toMatchObject(refusal);
    expect(appOf(vendor, ref.consumerKey).body.label).toBe("App");
    await adapter.scopes.grant(ref, ["latchkey"]);
    await adapter.updateClient(ref, changed);
    expect((await adapter.issueToken(ref, { scopes: ["latchkey"] })).expiresInSeconds).toBe(900);

    // Where all scopes are taken away, so is the policy; the choice is there again with the next one.
    await adapter.scopes.grant(ref, []);
    expect((await adapter.readClient(ref))?.state.settings).not.toHaveProperty("accessTokenMinutes");
    await adapter.updateClient(ref, { ...changed, name: "Again" });
    await adapter.scopes.grant(ref, ["latchkey"]);
    expect((await adapter.issueToken(ref, { scopes: ["latchkey"] })).expiresInSeconds).toBe(900);
  });

  it("do not hide a new secret where they cannot be read: nothing is made then", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const settings = client.parse({ accessTokenMinutes: 15 });
    const { ref } = await adapter.registerClient(specOf({ settings }));
    vendor.fail({ status: 500 }, { method: "GET", path: /\/policies$/ });
    await failureOf(adapter.rotateSecret(ref));
    await failureOf(adapter.secrets.add(ref, {}));
    expect(appOf(vendor, ref.consumerKey).secrets.map(({ value }) => value)).toEqual([ref.consumerSecret?.reveal()]);
  });

  it("go where nothing is granted any more, and come only where something is, without default scopes", async () => {
    const vendor = await start();
    const adapter = opened(vendor, { input: noDefaults(vendor) });
    const { ref } = await adapter.registerClient(specOf());
    expect(vendor.server.policies).toEqual([]);
    await adapter.scopes.grant(ref, ["latchkey"]);
    expect(namesOf(vendor)).toEqual([`Latchkey ${ref.consumerKey}`]);
    for (const scopes of [[], []]) await adapter.scopes.grant(ref, scopes);
    expect(vendor.server.policies).toEqual([]);
  });

  it("give a client that was made by hand what is granted to it, and no default scopes", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const { clientId: consumerKey } = await vendor.createClient();
    await adapter.scopes.save({ name: "orders", description: "" });
    await adapter.scopes.grant({ consumerKey }, ["orders"]);
    const [rule] = policyOf(vendor, consumerKey).rules;
    expect(rule?.conditions.scopes.include).toEqual(["orders"]);
    await adapter.scopes.grant({ consumerKey }, []);
    expect(vendor.server.policies.map(({ name }) => name)).toEqual(["By hand"]);
  });

  it("that do not cover a client are named where Okta denies access, as a refusal and not as a wrong secret", async () => {
    const vendor = await start();
    const adapter = opened(vendor, { input: noDefaults(vendor) });
    const { ref } = await adapter.registerClient(specOf());
    const error = await failureOf(adapter.issueToken(ref, { scopes: ["latchkey"] }));
    expect(error).toMatchObject({
      kind: "rejected",
      status: 401,
      message: expect.stringContaining("No access policy"),
      reason: expect.stringContaining("Policy evaluation failed"),
    });
    // Nothing was looked up or tried again: the client was let in.
    expect(sent(vendor).at(-1)).toMatch(/^POST .*\/token$/);
  });

  it("are made once, whoever asks first", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const { ref } = await adapter.registerClient(specOf());
    await adapter.scopes.grant(ref, ["latchkey"]);
    await adapter.scopes.grant(ref, ["latchkey"]);
    expect(vendor.server.policies).toHaveLength(1);
  });
});

describe("keys that a developer enters", () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: "app" };
  const method = "private_key_jwt";
  const withKeys = (...keys: object[]) =>
    client.safeParse({ authentication: { method, jwks: JSON.stringify({ keys }) } });

  it("are kept at the application, prove it, and give way to an address and back", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const settings = client.parse({ authentication: { method, jwks: JSON.stringify({ keys: [jwk] }) } });
    const { ref, state } = await adapter.registerClient(specOf({ settings }));
    expect(ref.consumerSecret).toBeUndefined();
    const again = client.parse(state.settings);
    expect(again.authentication).toMatchObject({ method, jwks: expect.stringContaining(String(jwk.n)) });
    const credentials = {
      method,
      clientId: ref.consumerKey,
      privateKey: new Secret(privateKey.export({ type: "pkcs8", format: "pem" }).toString()),
      keyId: "app",
      algorithm: "RS256",
    } as const;
    const audience = vendor.settings.endpoints.token ?? "";
    const assertion = new Secret(await signedAssertion(credentials, audience, systemClock));
    expect((await adapter.proveClient({ consumerKey: ref.consumerKey }, { assertion })).ref.consumerKey).toBe(
      ref.consumerKey,
    );

    const update = (authentication: object) => {
      const asked = specOf({ marker: ref.consumerKey, settings: client.parse({ authentication }) });
      return adapter.updateClient(ref, asked);
    };
    const moved = await update({ method, jwksUri: "https://a.test/jwks" });
    expect(moved.state.settings["authentication"]).toEqual({ method, jwksUri: "https://a.test/jwks" });
    expect(appOf(vendor, ref.consumerKey).body.settings.oauthClient.jwks).toBeUndefined();
    const back = await update(again.authentication);
    expect(back.state.settings["authentication"]).toEqual(again.authentication);
    expect(appOf(vendor, ref.consumerKey).body.settings.oauthClient.jwks_uri).toBeNull();
  });

  it("are refused at their field where they are not what Okta takes", () => {
    const small = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
    const ed = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
    const cases: [ReturnType<typeof withKeys>, RegExp][] = [
      [withKeys(), /JSON Web Key Set/],
      [client.safeParse({ authentication: { method, jwks: "-----BEGIN PUBLIC KEY-----" } }), /JSON Web Key Set/],
      [withKeys(privateKey.export({ format: "jwk" })), /private or secret key/],
      [withKeys({ kty: "oct", k: "c2VjcmV0" }), /private or secret key/],
      [withKeys(small), /2048 bits/],
      [withKeys(ed), /RSA keys/],
      [withKeys(jwk, jwk), /“kid” of its own/],
      [client.safeParse({ authentication: { method } }), /address of the key set, or the keys/],
    ];
    for (const [{ error }, words] of cases) {
      expect(error?.issues[0]?.path[0]).toBe("authentication");
      expect(error?.issues[0]?.message).toMatch(words);
    }
    const both = { method, jwksUri: "https://a.test/jwks", jwks: JSON.stringify({ keys: [jwk] }) };
    expect(client.safeParse({ authentication: both }).error?.issues[0]?.path).toEqual(["authentication", "jwks"]);
    expect(withKeys(jwk, { ...jwk, kid: "next" }).success).toBe(true);
  });
});

it("request objects are signed as the developer says, or as the application likes", async () => {
  const vendor = await start();
  const adapter = opened(vendor);
  const settings = client.parse({ requestObjectAlgorithm: "ES256" });
  const { ref, state } = await adapter.registerClient(specOf({ settings }));
  const stored = () => appOf(vendor, ref.consumerKey).body.settings.oauthClient.request_object_signing_alg;
  expect([state.settings["requestObjectAlgorithm"], stored()]).toEqual(["ES256", "ES256"]);
  await adapter.updateClient(ref, specOf({ marker: ref.consumerKey }));
  expect(stored()).toBeUndefined();
});

describe("scopes", () => {
  it("that others made are listed, may be granted, and are never changed or removed", async () => {
    const vendor = await start();
    vendor.server.addScope({ name: "theirs", description: "Theirs" });
    const { scopes } = opened(vendor);
    expect(await scopes.list()).toContainEqual({ name: "theirs", description: "Theirs" });
    for (const name of ["theirs", "openid"]) {
      expect((await failureOf(scopes.save({ name, description: "ours" }))).kind).toBe("conflict");
      expect((await failureOf(scopes.remove(name))).kind).toBe("conflict");
    }
    expect(await scopes.list()).toContainEqual({ name: "theirs", description: "Theirs" });
  });

  it("must exist before they are granted, and are checked by Okta", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const { ref } = await adapter.registerClient(specOf());
    expect((await failureOf(adapter.scopes.grant(ref, ["nowhere"]))).message).toContain("“nowhere”");
    expect(await failureOf(adapter.scopes.save({ name: "two words", description: "" }))).toMatchObject({
      kind: "rejected",
      reason: expect.stringContaining("'two words' is invalid"),
    });
  });

  it("of ours never ask for consent, and one that does is named", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    await adapter.scopes.save({ name: "orders", description: "" });
    expect(vendor.server.scopes.find(({ name }) => name === "orders")).toMatchObject({ consent: "IMPLICIT" });
    vendor.server.addScope({ name: "asks", consent: "REQUIRED" });
    const { ref } = await adapter.registerClient(specOf());
    const error = await failureOf(adapter.issueToken(ref, { scopes: ["asks"] }));
    expect(error).toMatchObject({ kind: "rejected", message: expect.stringContaining("consent") });
  });

  it("are all seen, however many pages they fill", async () => {
    const vendor = await start();
    for (let count = 0; count < 401; count += 1) vendor.server.addScope({ name: `s${String(count)}` });
    expect((await opened(vendor).scopes.list()).map(({ name }) => name)).toContain("s400");
  });
});

describe("tokens", () => {
  it.each(["client_secret_basic", "client_secret_post"])("are had by a client with %s", async (method) => {
    const vendor = await start();
    const adapter = opened(vendor);
    const { ref } = await adapter.registerClient(specOf({ settings: client.parse({ authentication: { method } }) }));
    const { accessToken } = await adapter.issueToken(ref, { scopes: [] });
    await adapter.revokeToken(ref, accessToken, "access_token");
    expect(await adapter.introspectToken(accessToken)).toEqual({ active: false });
  });

  it("are out of the portal's reach where only the owner can sign", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const settings = client.parse({ authentication: { method: "client_secret_jwt" } });
    const { ref } = await adapter.registerClient(specOf({ settings }));
    const error = await failureOf(adapter.issueToken(ref, { scopes: [] }));
    expect(error).toMatchObject({ kind: "unsupported", message: expect.stringContaining("client_secret_jwt") });
  });

  it("of a client that is gone are a refusal, even if nobody can be asked why", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const { ref } = await adapter.registerClient(specOf());
    await adapter.deleteClient(ref);
    const error = await failureOf(adapter.issueToken(ref, { scopes: [] }));
    expect(error).toMatchObject({ kind: "credentials_refused", reason: "Invalid value for 'client_id' parameter." });
    vendor.fail({ status: 500 }, { path: /^\/api\// });
    expect((await failureOf(adapter.issueToken(ref, { scopes: [] }))).kind).toBe("credentials_refused");
  });

  it("are asked for without a scope where neither developer nor key manager names one", async () => {
    const vendor = await start();
    const adapter = opened(vendor, { input: noDefaults(vendor) });
    const { ref } = await adapter.registerClient(specOf());
    await adapter.scopes.grant(ref, ["latchkey"]);
    expect(await failureOf(adapter.issueToken(ref, { scopes: [] }))).toMatchObject({
      kind: "rejected",
      code: "invalid_scope",
    });
    const scope = vendor.server.scopes.find(({ name }) => name === "latchkey");
    if (scope) scope.default = true;
    expect((await adapter.issueToken(ref, { scopes: [] })).scopes).toEqual(["latchkey"]);
  });

  it("of another client are exchanged and keep their subject (RFC 8693)", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const one = await adapter.registerClient(specOf());
    const other = await adapter.registerClient(specOf({ grantTypes: ["client_credentials", tokenExchange] }));
    const { accessToken: subjectToken } = await adapter.issueToken(one.ref, { scopes: [] });
    const request = { subjectToken, subjectTokenType: accessTokenType, scopes: [], audience: "api://shop" };
    const { accessToken } = await adapter.exchangeToken(other.ref, request);
    expect(decodeJwt(accessToken.reveal())).toMatchObject({ cid: other.ref.consumerKey, sub: one.ref.consumerKey });
    const elsewhere = { ...request, audience: "api://elsewhere" };
    expect(await failureOf(adapter.exchangeToken(other.ref, elsewhere))).toMatchObject({ code: "invalid_target" });
    const unknown = { ...request, subjectToken: new Secret("nobody-issued-this") };
    expect((await failureOf(adapter.exchangeToken(other.ref, unknown))).kind).toBe("rejected");
    // A client without that grant type was authenticated all the same.
    expect(await failureOf(adapter.exchangeToken(one.ref, request))).toMatchObject({ code: "unauthorized_client" });
  });

  it("are revoked by the client that they were issued to", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const one = await adapter.registerClient(specOf());
    const other = await adapter.registerClient(specOf());
    const { accessToken } = await adapter.issueToken(one.ref, { scopes: [] });
    await adapter.revokeToken(other.ref, accessToken, "access_token");
    expect(await adapter.introspectToken(accessToken)).toMatchObject({ active: true });
    await adapter.revokeToken(one.ref, accessToken, "access_token");
    expect(await adapter.introspectToken(accessToken)).toEqual({ active: false });
  });
});

describe("secrets", () => {
  it("are two at most, the third is a conflict, and none can be told to expire", async () => {
    const vendor = await start();
    const { secrets, registerClient } = opened(vendor);
    const { ref } = await registerClient(specOf());
    const { secret } = await secrets.add(ref, {});
    expect(secret).toMatchObject({ isActive: true, hint: expect.stringMatching(/^….{4}$/) });
    expect((await failureOf(secrets.add(ref, {}))).kind).toBe("conflict");
    expect((await failureOf(secrets.add(ref, { expiresAt: new Date() }))).kind).toBe("unsupported");
    await secrets.remove(ref, secret.id);
    const [only] = await secrets.list(ref);
    expect(await failureOf(secrets.remove(ref, only?.id ?? ""))).toMatchObject({
      kind: "rejected",
      reason: expect.stringContaining("at least one active client secret"),
    });
  });

  it("make room for a new one: of two that work both are ended, the one in use last", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const { ref } = await adapter.registerClient(specOf());
    const { client: second } = await adapter.secrets.add(ref, {});
    const rotated = await adapter.rotateSecret(ref);
    const left = appOf(vendor, ref.consumerKey).secrets;
    expect(left.map(({ value }) => value)).toEqual([rotated.ref.consumerSecret?.reveal()]);
    for (const old of [ref, second.ref]) {
      expect((await failureOf(adapter.issueToken(old, { scopes: [] }))).kind).toBe("credentials_refused");
    }
  });

  it("that were deactivated in the console make room too", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const { ref } = await adapter.registerClient(specOf());
    await adapter.secrets.add(ref, {});
    const app = appOf(vendor, ref.consumerKey);
    const [first] = app.secrets;
    if (first) first.isActive = false;
    const rotated = await adapter.rotateSecret(ref);
    expect(app.secrets.map(({ value }) => value)).toEqual([rotated.ref.consumerSecret?.reveal()]);
  });

  it("come with the failure where the old one could not be ended", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    for (const path of [/\/lifecycle\/deactivate$/, /\/secrets\/[^/]+$/]) {
      const { ref } = await adapter.registerClient(specOf());
      vendor.fail({ status: 500 }, { path });
      const error = await failureOf(adapter.rotateSecret(ref));
      vendor.recover();
      expect(error.kind).toBe("unreachable");
      expect(error.credentials?.consumerSecret?.reveal()).toBe(appOf(vendor, ref.consumerKey).secrets.at(-1)?.value);
    }
  });

  it("stay in use at an update where a newer one stands beside", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const { ref } = await adapter.registerClient(specOf());
    await adapter.secrets.add(ref, {});
    const updated = await adapter.updateClient(ref, specOf({ marker: ref.consumerKey }));
    expect(updated.ref.consumerSecret?.reveal()).toBe(ref.consumerSecret?.reveal());
  });

  it("come with the failure where an update brought one and its policy could not follow", async () => {
    const vendor = await start();
    const adapter = opened(vendor);
    const authentication = { method: "private_key_jwt", jwksUri: "https://a.test/jwks" };
    const { ref } = await adapter.registerClient(specOf({ settings: client.parse({ authentication }) }));
    vendor.fail({ status: 500 }, { path: /\/policies$/ });
    const error = await failureOf(adapter.updateClient(ref, specOf({ marker: ref.consumerKey })));
    expect(error.credentials?.consumerSecret?.reveal()).toBe(appOf(vendor, ref.consumerKey).secrets[0]?.value);
  });
});

describe("a client that somebody made by hand", () => {
  it("is proven by any secret that works, by none that was ended, and not where it uses none", async () => {
    const vendor = await start();
    const { proveClient } = opened(vendor);
    const { clientId: consumerKey, clientSecret } = await vendor.createClient();
    const proof = { consumerKey, consumerSecret: new Secret(clientSecret) };
    expect((await proveClient(proof)).ref.consumerSecret?.reveal()).toBe(clientSecret);
    const [secret] = appOf(vendor, consumerKey).secrets;
    if (secret) secret.isActive = false;
    expect((await failureOf(proveClient(proof))).kind).toBe("credentials_refused");
    const keyed = { ...proof, consumerKey: vendor.serviceApp.app.clientId };
    expect((await failureOf(proveClient(keyed))).kind).toBe("unsupported");
    // A part of its id is not its id.
    expect((await failureOf(proveClient({ ...proof, consumerKey: consumerKey.slice(0, -1) }))).kind).toBe("not_found");
  });

  it("is proven by a signed assertion, whether or not an access policy covers it", async () => {
    const vendor = await start();
    const { proveClient } = opened(vendor);
    const { clientId: consumerKey } = vendor.serviceApp.app;
    const token = `${vendor.settings.issuer}/v1/token`;
    const assertionOf = async (input: Record<string, unknown>) => {
      const { signIn } = connection.parse(input);
      if (signIn.method !== "private_key_jwt") throw new Error("That is no service app.");
      return new Secret(await signedAssertion(signIn, token, systemClock));
    };
    const right = async () => ({ assertion: await assertionOf(vendor.serviceApp.input) });
    expect((await proveClient({ consumerKey }, await right())).ref.consumerKey).toBe(consumerKey);
    vendor.server.addPolicy([consumerKey], ["latchkey"]);
    expect((await proveClient({ consumerKey }, await right())).ref.consumerKey).toBe(consumerKey);
    const wrong = { assertion: await assertionOf(vendor.serviceApp.refusedInput) };
    expect((await failureOf(proveClient({ consumerKey }, wrong))).kind).toBe("credentials_refused");
  });
});

describe("Okta's rate limits", () => {
  it("say by the clock of the answer when to come back", async () => {
    const vendor = await start();
    vendor.fail("rate-limited");
    // Our own clock is an hour late.
    const clock = { now: () => new Date(Date.now() - 3_600_000) };
    expect(await failureOf(opened(vendor, { clock }).registerClient(specOf()))).toMatchObject({
      kind: "rate_limited",
      retryAfterSeconds: 7,
    });
  });
});

describe("Okta's refusals", () => {
  it("are quoted with what is wrong, not with the sentence above it", async () => {
    const vendor = await start();
    const asked = specOf({ grantTypes: ["authorization_code"], redirectUris: ["https://a.test/#x"] });
    expect((await failureOf(opened(vendor).registerClient(asked))).reason).toBe(
      "redirect_uris: 'https://a.test/#x' is not a valid redirect URI.",
    );
  });
});
