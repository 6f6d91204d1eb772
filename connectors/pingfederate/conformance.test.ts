import { createLocalJWKSet, exportJWK, exportPKCS8, generateKeyPair, jwtVerify, type JSONWebKeySet } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { describeConnector, simulated } from "#lib/connector-kit/conformance.ts";
import { managing, type ClientRef, type ClientSpec } from "#lib/connector-kit/contract.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { signedAssertion } from "#lib/protocol/client-authentication.ts";
import { selfSigned } from "#tooling/testing/certificates.ts";
import { client, connection } from "./config.ts";
import { pingFederate } from "./index.ts";
import { openSimulatedPingFederate, simulator, type SimulatedPingFederateOptions } from "./simulator.ts";

const origin = "https://pingfederate.test";
const adminApi = /^\/pf-admin-api\//;
const accessToken = "urn:ietf:params:oauth:token-type:access_token";

describeConnector(pingFederate, { start: async () => simulated(await simulator.open({ origin })) });

describe("with a retention period for replaced secrets", () => {
  describeConnector(pingFederate, {
    start: () => simulated(openSimulatedPingFederate({ origin }, { retentionMinutes: 60 })),
  });
});

/** A PingFederate and an adapter for it; `input` changes what the administrator typed. */
function opened(options: SimulatedPingFederateOptions = {}, input: Record<string, unknown> = {}) {
  const vendor = openSimulatedPingFederate({ origin }, options);
  const settings = { ...vendor.settings, connection: connection.parse({ ...vendor.connectionInput, ...input }) };
  const dependencies = { fetch: vendor.fetch, clock: systemClock, log: silentLog };
  return { vendor, settings, adapter: managing(pingFederate.open(settings, dependencies)) };
}

function specOf(
  changes: Partial<Omit<ClientSpec, "settings">> & { settings?: Record<string, unknown> } = {},
): ClientSpec {
  const marker = `latchkey-${crypto.randomUUID()}`;
  const base = { name: "App", marker, grantTypes: ["client_credentials"], redirectUris: [] };
  return { ...base, ...changes, settings: client.parse(changes.settings ?? {}) };
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

async function keyPair() {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "1", use: "sig", alg: "RS256" }] });
  return { jwks, privateKey: await exportPKCS8(privateKey) };
}

const byHand = ({ clientId, secret = "" }: { clientId: string; secret?: string | undefined }): ClientRef => ({
  consumerKey: clientId,
  consumerSecret: new Secret(secret),
});

afterEach(() => vi.useRealTimers());

describe("signing in to the administrative API", () => {
  it("sends the header against forged requests with every call, and JSON with every write", async () => {
    const { vendor, adapter } = opened();
    const { ref } = await adapter.registerClient(specOf());
    await adapter.updateClient(ref, specOf());
    await adapter.rotateSecret?.(ref);
    await adapter.deleteClient(ref);
    const calls = vendor.requests.filter(({ url }) => adminApi.test(new URL(url).pathname));
    expect(calls.map(({ method }) => method)).toEqual(["POST", "GET", "PUT", "GET", "PUT", "DELETE"]);
    for (const { headers, body } of calls) {
      expect(headers["x-xsrf-header"]).toBe("PingFederate");
      expect(headers["content-type"]).toBe(body ? "application/json" : undefined);
    }
  });

  it.each(["", "/", "/pf-admin-api/v1", "/pf-admin-api/v1/"])("takes the address with %j at its end", async (path) => {
    const { adapter } = opened({}, { adminUrl: `${origin}${path}` });
    expect((await adapter.registerClient(specOf())).ref.consumerKey).toMatch(/^latchkey-/);
  });

  it("with OAuth gets one token for many calls, with the scopes it needs, and a new one when that has run out", async () => {
    const { vendor, settings } = opened({ authentication: ["OAuth2"] });
    const clock = { offset: 0, now: () => new Date(Date.now() + clock.offset) };
    const connected = connection.parse({ ...vendor.connectionInput, signIn: vendor.oauthSignIn });
    const dependencies = { fetch: vendor.fetch, clock, log: silentLog };
    const adapter = managing(pingFederate.open({ ...settings, connection: connected }, dependencies));
    const { ref } = await adapter.registerClient(specOf());
    await Promise.all([adapter.readClient(ref), adapter.readClient(ref)]);
    const tokens = () => vendor.requests.filter(({ url }) => url.endsWith("/as/token.oauth2"));
    expect(tokens().map(({ body }) => new URLSearchParams(body).get("scope"))).toEqual(["pf-admin"]);
    vendor.pass(7201);
    clock.offset = 7_201_000;
    expect(await adapter.readClient(ref)).not.toBeNull();
    expect(tokens()).toHaveLength(2);
  });

  it("with OAuth signs an assertion where the portal's client has a key", async () => {
    const { jwks, privateKey } = await keyPair();
    const signIn = { method: "private_key_jwt", clientId: "latchkey-portal", privateKey, scopes: ["pf-admin"] };
    const { adapter } = opened({ authentication: ["OAuth2"], portalKeys: jwks }, { signIn });
    expect(await adapter.readClient({ consumerKey: "nobody" })).toBeNull();
    const stranger = { ...signIn, privateKey: (await keyPair()).privateKey };
    const { adapter: refused } = opened({ authentication: ["OAuth2"], portalKeys: jwks }, { signIn: stranger });
    expect((await failureOf(refused.readClient({ consumerKey: "nobody" }))).kind).toBe("credentials_refused");
  });

  it("with a certificate shows it on the connection and sends nothing else", async () => {
    const known = selfSigned("portal.test");
    const signIn = { method: "mutual_tls", ...known };
    const { vendor, adapter } = opened({ authentication: ["cert"], certificate: known.certificate }, { signIn });
    expect(await adapter.readClient({ consumerKey: "nobody" })).toBeNull();
    expect(vendor.requests.map(({ headers }) => headers["authorization"])).toEqual([undefined]);
    const { adapter: refused } = opened(
      { authentication: ["cert"], certificate: known.certificate },
      { signIn: { method: "mutual_tls", ...selfSigned("stranger.test") } },
    );
    expect(await failureOf(refused.readClient({ consumerKey: "nobody" }))).toMatchObject({
      kind: "credentials_refused",
      reason: "The credentials you provided were not recognized.",
    });
  });

  it("names the role that is missing where the account may only read", async () => {
    const { adapter } = opened({ role: "Auditor" });
    const error = await failureOf(adapter.registerClient(specOf()));
    expect(error).toMatchObject({ kind: "credentials_refused", message: expect.stringContaining("role Admin") });
    expect(await adapter.checkAccess?.()).toMatchObject([
      { step: "sign_in", status: "passed" },
      { step: "permissions", status: "failed", fix: expect.stringContaining("Auditor") },
      { step: "permissions", status: "passed" },
    ]);
  });

  it("tells another server's “not found” from an absent client", async () => {
    const { vendor, adapter } = opened();
    const { ref } = await adapter.registerClient(specOf());
    vendor.fail({ status: 404, body: { error: "Not Found" } }, { path: adminApi });
    for (const call of [adapter.readClient(ref), adapter.deleteClient(ref)]) {
      expect((await failureOf(call)).kind).toBe("misconfigured");
    }
  });
});

describe("the connection test", () => {
  it("changes nothing, and asks about a token where a client for that is named", async () => {
    const { vendor, adapter } = opened();
    const probes = (await adapter.checkAccess?.()) ?? [];
    expect(probes.map(({ step, status }) => `${step} ${status}`)).toEqual([
      "sign_in passed",
      "permissions passed",
      "permissions passed",
    ]);
    const writes = vendor.requests.filter(({ method, url }) => method !== "GET" && url.includes("pf-admin-api"));
    expect(writes.map(({ method, url }) => `${method} ${new URL(url).pathname.replace(/[0-9a-f-]{36}$/, "")}`)).toEqual(
      ["DELETE /pf-admin-api/v1/oauth/clients/latchkey-probe-"],
    );
  });

  it("says that the resource server's client is refused", async () => {
    const introspection = { method: "client_secret", clientId: "gateway", clientSecret: "wrong" };
    const probes = await opened({}, { introspection }).adapter.checkAccess?.();
    expect(probes?.at(-1)).toMatchObject({ status: "failed", fix: expect.stringContaining("Access Token Validation") });
  });

  it("warns of access token managers whose keys are not those of the key manager, until they are", async () => {
    const managers = [{ id: "own", keyPath: "/oauth/jwks" }];
    const { vendor, settings, adapter } = opened({ managers });
    const address = `${origin}/ext/oauth/jwks`;
    expect(await adapter.checkAccess?.()).toContainEqual(
      expect.objectContaining({ step: "keys", status: "warning", fix: expect.stringContaining(address) }),
    );
    const right = { ...settings, signingKeys: { kind: "jwks", url: address } as const };
    const dependencies = { fetch: vendor.fetch, clock: systemClock, log: silentLog };
    const probes = (await pingFederate.open(right, dependencies).checkAccess?.()) ?? [];
    expect(probes.filter(({ status }) => status !== "passed")).toEqual([]);
  });

  it("warns where there is no access token manager at all", async () => {
    const probes = await opened({ managers: [] }).adapter.checkAccess?.();
    expect(probes).toContainEqual(
      expect.objectContaining({ status: "warning", summary: expect.stringContaining("no tokens") }),
    );
  });
});

describe("a client", () => {
  it("has our marker as its id, a secret that we made, and no scope that was not asked for", async () => {
    const { vendor, adapter } = opened();
    const asked = specOf();
    const [one, other] = [await adapter.registerClient(asked), await adapter.registerClient(specOf())];
    expect(one.ref.consumerKey).toBe(asked.marker);
    expect(one.ref.consumerSecret?.reveal()).toMatch(/^[\w-]{43}$/);
    expect(one.ref.consumerSecret?.reveal()).not.toBe(other.ref.consumerSecret?.reveal());
    expect(vendor.client(asked.marker)).toMatchObject({
      restrictScopes: true,
      restrictedScopes: [],
      exclusiveScopes: [],
    });
    expect((await failureOf(adapter.issueToken?.(one.ref, { scopes: ["openid"] }))).kind).toBe("rejected");
  });

  it("is refused in PingFederate's words, field by field", async () => {
    const { adapter } = opened();
    const settings = { commonScopes: ["nowhere"], accessTokenManager: "none" };
    const asked = specOf({ grantTypes: ["authorization_code"], settings });
    expect(await failureOf(adapter.registerClient(asked))).toMatchObject({
      kind: "rejected",
      status: 422,
      reason:
        "At least one redirect URI is required for the Authorization Code and Implicit grant types. The common scope 'nowhere' does not exist. The access token manager 'none' does not exist.",
    });
    const twice = specOf();
    await adapter.registerClient(twice);
    expect((await failureOf(adapter.registerClient(twice))).reason).toBe(
      "The Client ID you specified is already in use.",
    );
    const foreign = specOf({ grantTypes: ["urn:example:grant"] });
    expect((await failureOf(adapter.registerClient(foreign))).message).toContain("“urn:example:grant”");
  });

  it("never has its secret quoted, even if the server throws it back", async () => {
    const { settings } = opened();
    let sent = "";
    const fetch: OutboundFetch = (url, init) => {
      sent = (JSON.parse(init?.body ?? "{}") as { clientAuth?: { secret?: string } }).clientAuth?.secret ?? sent;
      return Promise.resolve(
        Response.json(
          { resultId: "validation_error", validationErrors: [{ message: `bad ${sent}` }] },
          { status: 422 },
        ),
      );
    };
    const dependencies = { fetch, clock: systemClock, log: silentLog };
    const error = await failureOf(pingFederate.open(settings, dependencies).registerClient?.(specOf()));
    expect(sent).toHaveLength(43);
    expect(error.reason).toBe("bad [secret]");
  });

  it("keeps at an update what others have set, and its secret", async () => {
    const { vendor, adapter } = opened();
    const { ref } = await adapter.registerClient(specOf());
    const stored = vendor.client(ref.consumerKey);
    if (!stored) throw new Error("The client is not there.");
    stored.extendedParameters = { owner: { values: ["team"] } };
    stored.requireSignedRequests = true;
    stored.persistentGrantExpirationType = "INDEFINITE_EXPIRY";
    stored.exclusiveScopes = ["pf-admin"];
    const change = specOf({ name: "Renamed" });
    await adapter.updateClient(ref, change);
    expect(vendor.client(ref.consumerKey)).toMatchObject({
      name: "Renamed",
      secret: ref.consumerSecret?.reveal(),
      extendedParameters: { owner: { values: ["team"] } },
      requireSignedRequests: true,
      persistentGrantExpirationType: "INDEFINITE_EXPIRY",
      exclusiveScopes: ["pf-admin"],
    });
    expect(vendor.client(change.marker)).toBeUndefined();
    expect((await adapter.issueToken?.(ref, { scopes: [] }))?.accessToken).toBeDefined();
  });

  it("gets every setting under PingFederate's name for it, gives it back, and loses it again", async () => {
    const { vendor, adapter } = opened();
    const settings = {
      proofKey: "optional",
      commonScopes: ["openid"],
      accessTokenManager: "reference",
      onlyThatManager: true,
      refreshTokenMinutes: 120,
      refreshTokenIdleMinutes: 30,
      refreshTokenRotation: "kept",
      responseTypes: ["code", "code id_token"],
      skipApproval: true,
      pushedRequests: true,
      tokenExchangePolicy: "defaultPolicy",
      description: "An app",
      logoUrl: "https://app.example/logo.png",
    };
    const made = await adapter.registerClient(specOf({ settings }));
    expect(made.state.settings).toMatchObject(settings);
    expect(vendor.client(made.ref.consumerKey)).toMatchObject({
      requireProofKeyForCodeExchange: false,
      restrictScopes: true,
      restrictedScopes: ["openid"],
      defaultAccessTokenManagerRef: { id: "reference" },
      restrictToDefaultAccessTokenManager: true,
      persistentGrantExpirationType: "OVERRIDE_SERVER_DEFAULT",
      persistentGrantExpirationTime: 120,
      persistentGrantExpirationTimeUnit: "MINUTES",
      persistentGrantIdleTimeoutType: "OVERRIDE_SERVER_DEFAULT",
      persistentGrantIdleTimeout: 30,
      refreshRolling: "DONT_ROLL",
      restrictedResponseTypes: ["code", "code id_token"],
      bypassApprovalPage: true,
      requirePushedAuthorizationRequests: true,
      tokenExchangeProcessorPolicyRef: { id: "defaultPolicy" },
      description: "An app",
      logoUrl: "https://app.example/logo.png",
    });
    const { state } = await adapter.updateClient(made.ref, specOf());
    expect(client.parse(state.settings)).toEqual(client.parse({}));
  });

  it("shows lifetimes in minutes, whatever unit an administrator chose", async () => {
    const { vendor, adapter } = opened();
    const { clientId } = vendor.addClient({
      persistentGrantExpirationType: "OVERRIDE_SERVER_DEFAULT",
      persistentGrantExpirationTime: 2,
      persistentGrantExpirationTimeUnit: "DAYS",
    });
    const settings = (await adapter.readClient({ consumerKey: clientId }))?.state.settings;
    expect(settings).toMatchObject({ refreshTokenMinutes: 2880 });
  });

  it.each([
    { method: "private_key_jwt", jwksUri: "https://app.example/jwks" },
    { method: "mutual_tls", issuerDn: "CN=Example CA", subjectDn: "CN=app.example" },
    { method: "none" },
  ])("has no secret where it authenticates by $method, and gets one when that changes", async (authentication) => {
    const { vendor, adapter } = opened();
    const asked = { grantTypes: ["authorization_code"], redirectUris: ["https://app.example/cb"] };
    const made = await adapter.registerClient(specOf({ ...asked, settings: { authentication } }));
    expect(made.ref.consumerSecret).toBeUndefined();
    expect(made.state.settings).toMatchObject({ authentication });
    expect((await failureOf(adapter.rotateSecret?.(made.ref))).kind).toBe("unsupported");
    const changed = await adapter.updateClient(made.ref, specOf());
    expect(changed.ref.consumerSecret?.reveal()).toBe(vendor.client(made.ref.consumerKey)?.secret);
    expect((await adapter.issueToken?.(changed.ref, { scopes: [] }))?.tokenType).toBe("Bearer");
    const back = await adapter.updateClient(changed.ref, specOf({ ...asked, settings: { authentication } }));
    expect(back.ref.consumerSecret).toBeUndefined();
    expect(back.state.settings).toMatchObject({ authentication });
  });

  it("keeps grant types and kinds of authentication that only PingFederate's console offers", async () => {
    const { vendor, adapter } = opened();
    const made = vendor.addClient({
      grantTypes: ["ACCESS_TOKEN_VALIDATION", "EXTENSION"],
      clientAuth: { type: "CLIENT_SECRET_JWT" },
    });
    const { ref, state } = (await adapter.readClient(byHand(made))) ?? {};
    if (!ref || !state) throw new Error("The client is not there.");
    expect(state.grantTypes).toContain("urn:ietf:params:oauth:grant-type:jwt-bearer");
    await adapter.updateClient(ref, specOf({ grantTypes: state.grantTypes, settings: state.settings }));
    expect(vendor.client(made.clientId)).toMatchObject({
      grantTypes: ["EXTENSION", "ACCESS_TOKEN_VALIDATION"],
      clientAuth: { type: "CLIENT_SECRET_JWT" },
      secret: made.secret,
    });
  });

  it("stays open to all common scopes where others left it so, until some are chosen", async () => {
    const { vendor, adapter } = opened();
    const made = vendor.addClient({ restrictScopes: false });
    await adapter.updateClient(byHand(made), specOf());
    expect(vendor.client(made.clientId)?.restrictScopes).toBe(false);
    await adapter.updateClient(byHand(made), specOf({ settings: { commonScopes: ["openid"] } }));
    expect(vendor.client(made.clientId)).toMatchObject({ restrictScopes: true, restrictedScopes: ["openid"] });
  });

  it("does not stay behind where it was made and the answer cannot be read", async () => {
    const { vendor, adapter } = opened();
    const asked = specOf();
    vendor.fail("truncated", { method: "POST", path: adminApi });
    expect((await failureOf(adapter.registerClient(asked))).kind).toBe("bad_response");
    expect(vendor.client(asked.marker)).toBeUndefined();
    vendor.fail({ status: 500 }, { method: "DELETE", path: adminApi });
    expect((await failureOf(adapter.registerClient(asked))).kind).toBe("bad_response");
    vendor.recover();
    // What could not be taken back is found by its marker.
    expect((await adapter.findClients?.(asked.marker))?.map(({ ref }) => ref.consumerKey)).toEqual([asked.marker]);
  });

  it("hands over the secret of an update whose answer was lost", async () => {
    const { vendor, adapter } = opened();
    const asked = { grantTypes: ["authorization_code"], redirectUris: ["https://app.example/cb"] };
    const { ref } = await adapter.registerClient(
      specOf({ ...asked, settings: { authentication: { method: "none" } } }),
    );
    vendor.fail("error-after-write", { method: "PUT", path: adminApi });
    const error = await failureOf(adapter.updateClient(ref, specOf()));
    expect(error.kind).toBe("unreachable");
    expect(error.credentials?.consumerSecret?.reveal()).toBe(vendor.client(ref.consumerKey)?.secret);
  });

  it("is never mistaken for another whose id differs in case, or that the server answers with", async () => {
    const { vendor, adapter } = opened();
    const other = vendor.addClient();
    vendor.fail({ status: 200, body: { ...vendor.client(other.clientId) } }, { method: "GET", path: adminApi });
    expect((await failureOf(adapter.readClient({ consumerKey: other.clientId.toUpperCase() }))).kind).toBe(
      "bad_response",
    );
  });
});

describe("a new secret", () => {
  it("ends the old one although PingFederate would keep it for a while", async () => {
    const { vendor, adapter } = opened({ retentionMinutes: 60 });
    const { ref } = await adapter.registerClient(specOf());
    const { ref: rotated } = (await adapter.rotateSecret?.(ref)) ?? {};
    expect((await failureOf(adapter.issueToken?.(ref, { scopes: [] }))).kind).toBe("credentials_refused");
    expect(vendor.client(ref.consumerKey)).toMatchObject({ secret: rotated?.consumerSecret?.reveal(), retained: [] });
  });

  it("lets the old one live where that is wished, for as long as PingFederate keeps it", async () => {
    const { adapter } = opened({ retentionMinutes: 60 });
    const { ref } = await adapter.registerClient(specOf());
    const rotated = await adapter.rotateSecret?.(ref, { keepsOld: true });
    for (const known of [ref, { ...ref, ...rotated?.ref }]) {
      expect(await adapter.issueToken?.(known, { scopes: [] })).toBeTruthy();
    }
  });

  it.each([
    ["PingFederate insists on keeping the old one", { retentionMinutes: 60, insistsOnRetention: true }, "conflict"],
    ["the answer cannot be read", {}, "bad_response"],
    ["the old one could not be ended", { retentionMinutes: 60 }, "unreachable"],
  ] as const)("comes with the failure where %s", async (_name, options, kind) => {
    const { vendor, settings, adapter } = opened(options);
    const { ref } = await adapter.registerClient(specOf());
    let calls = 0;
    const fetch: OutboundFetch = (url, init) => {
      if (url.endsWith("/clientSecret")) calls += 1;
      if (kind === "unreachable" && calls === 2) return Promise.resolve(new Response(null, { status: 500 }));
      return vendor.fetch(url, init);
    };
    if (kind === "bad_response") vendor.fail("truncated", { path: /\/clientSecret$/ });
    const error = await failureOf(
      pingFederate.open(settings, { fetch, clock: systemClock, log: silentLog }).rotateSecret?.(ref),
    );
    expect(error.kind).toBe(kind);
    expect(error.credentials?.consumerSecret?.reveal()).toBe(vendor.client(ref.consumerKey)?.secret);
    expect(error.credentials?.consumerSecret?.reveal()).not.toBe(ref.consumerSecret?.reveal());
  });
});

describe("proving that a client is one's own", () => {
  it("works with a secret although the client may not use client credentials", async () => {
    const { vendor, adapter } = opened();
    const made = vendor.addClient({ grantTypes: ["AUTHORIZATION_CODE"], redirectUris: ["https://app.example/cb"] });
    const proven = await adapter.proveClient?.(byHand(made));
    expect(proven?.state.grantTypes).toEqual(["authorization_code"]);
    expect(proven?.ref.consumerSecret?.reveal()).toBe(made.secret);
    const wrong = adapter.proveClient?.(byHand({ ...made, secret: "wrong" }));
    expect((await failureOf(wrong)).kind).toBe("credentials_refused");
  });

  it("works with an assertion signed by the client's key, and with no other", async () => {
    const { vendor, adapter } = opened();
    const { jwks, privateKey } = await keyPair();
    const { clientId } = vendor.addClient({ clientAuth: { type: "PRIVATE_KEY_JWT" }, jwksSettings: { jwks } });
    const assertionOf = async (key: string) => {
      const credentials = {
        method: "private_key_jwt",
        clientId,
        privateKey: new Secret(key),
        algorithm: "RS256",
      } as const;
      return new Secret(await signedAssertion(credentials, `${origin}/as/token.oauth2`, systemClock));
    };
    const proven = await adapter.proveClient?.({ consumerKey: clientId }, { assertion: await assertionOf(privateKey) });
    expect(proven?.ref).toEqual({ consumerKey: clientId });
    const stranger = await assertionOf((await keyPair()).privateKey);
    const refused = adapter.proveClient?.({ consumerKey: clientId }, { assertion: stranger });
    expect((await failureOf(refused)).kind).toBe("credentials_refused");
  });

  it("fails for a client that has no secret, whatever secret is shown", async () => {
    const { vendor, adapter } = opened();
    const { clientId } = vendor.addClient({ clientAuth: { type: "NONE" }, grantTypes: ["DEVICE_CODE"] });
    const kind = (await failureOf(adapter.proveClient?.(byHand({ clientId, secret: "any" })))).kind;
    expect(["credentials_refused", "unsupported"]).toContain(kind);
  });
});

describe("tokens", () => {
  it("name the client by its claim, and are signed with the keys of discovery", async () => {
    const { vendor, adapter } = opened();
    const { ref } = await adapter.registerClient(specOf({ settings: { commonScopes: ["openid"] } }));
    const issued = await adapter.issueToken?.(ref, { scopes: ["openid"] });
    const metadata = (await (await vendor.fetch(vendor.wellKnownUrl)).json()) as { issuer: string; jwks_uri: string };
    const keys = (await (await vendor.fetch(metadata.jwks_uri)).json()) as JSONWebKeySet;
    const { payload } = await jwtVerify(issued?.accessToken.reveal() ?? "", createLocalJWKSet(keys), {
      issuer: metadata.issuer,
    });
    expect(payload).toMatchObject({ client_id: ref.consumerKey, scope: "openid" });
  });

  it("come from the access token manager that the developer chose, and PingFederate can be asked about them", async () => {
    const { adapter } = opened();
    const { ref } = await adapter.registerClient(specOf({ settings: { accessTokenManager: "reference" } }));
    const issued = await adapter.issueToken?.(ref, { scopes: [] });
    if (!issued) throw new Error("No token was issued.");
    expect(issued.accessToken.reveal()).not.toContain(".");
    expect(await adapter.introspectToken?.(issued.accessToken)).toMatchObject({
      active: true,
      consumerKey: ref.consumerKey,
      scopes: [],
    });
    await adapter.revokeToken?.(ref, issued.accessToken, "access_token");
    expect(await adapter.introspectToken?.(issued.accessToken)).toEqual({ active: false });
  });

  it("are asked about with or without a secret, as the resource server's client has it, and not at all without a client", async () => {
    const { vendor, adapter } = opened({}, { introspection: { method: "client_secret", clientId: "quiet" } });
    vendor.addClient({
      clientId: "quiet",
      grantTypes: ["ACCESS_TOKEN_VALIDATION"],
      clientAuth: { type: "NONE" },
      validateUsingAllEligibleAtms: true,
    });
    const { ref } = await adapter.registerClient(specOf());
    const issued = await adapter.issueToken?.(ref, { scopes: [] });
    expect(await adapter.introspectToken?.(issued?.accessToken ?? new Secret("none"))).toMatchObject({ active: true });
    const { adapter: without } = opened({}, { introspection: { method: "none" } });
    const error = await failureOf(without.introspectToken?.(new Secret("any")));
    expect(error).toMatchObject({ kind: "unsupported", message: expect.stringContaining("connection") });
  });

  it("are asked about with a signed assertion where the resource server's client has a key", async () => {
    const { jwks, privateKey } = await keyPair();
    const { vendor, adapter } = opened(
      {},
      { introspection: { method: "private_key_jwt", clientId: "keyed", privateKey } },
    );
    vendor.addClient({
      clientId: "keyed",
      grantTypes: ["ACCESS_TOKEN_VALIDATION"],
      clientAuth: { type: "PRIVATE_KEY_JWT" },
      jwksSettings: { jwks },
    });
    expect(await adapter.introspectToken?.(new Secret("nobody-issued-this"))).toEqual({ active: false });
  });

  it("are asked about with the secret as a key, or with a certificate, where the resource server's client says so", async () => {
    const shown = selfSigned("gateway.example");
    const grantTypes: ["ACCESS_TOKEN_VALIDATION"] = ["ACCESS_TOKEN_VALIDATION"];
    const signing = (clientSecret: string) => {
      const introspection = { method: "client_secret_jwt", clientId: "signing", clientSecret };
      const { vendor, adapter } = opened({}, { introspection });
      vendor.addClient({
        clientId: "signing",
        grantTypes,
        clientAuth: { type: "CLIENT_SECRET_JWT" },
        secret: "canary-secret-of-the-gateway",
      });
      return { vendor, adapter };
    };
    const right = signing("canary-secret-of-the-gateway");
    const token = new Secret("nobody-issued-this");
    expect(await right.adapter.introspectToken?.(token)).toEqual({ active: false });
    expect(right.vendor.requests.at(-1)?.body).not.toContain("canary-secret-of-the-gateway");
    const wrong = signing("not-the-secret-of-the-gateway").adapter.introspectToken?.(token);
    expect((await failureOf(wrong)).kind).toBe("credentials_refused");

    const showing = (changes = {}) => {
      const introspection = { method: "mutual_tls", clientId: "showing", ...shown, ...changes };
      const { vendor, adapter } = opened({}, { introspection });
      vendor.addClient({
        clientId: "showing",
        grantTypes,
        clientAuth: {
          type: "CERTIFICATE",
          clientCertIssuerDn: "CN=gateway.example",
          clientCertSubjectDn: "CN=gateway.example",
        },
      });
      return { vendor, adapter };
    };
    expect(await showing().adapter.introspectToken?.(token)).toEqual({ active: false });
    const stranger = showing(selfSigned("somebody.example")).adapter.introspectToken?.(token);
    expect((await failureOf(stranger)).kind).toBe("credentials_refused");
    const certificateUrl = "https://pingfederate.test:9032/as/introspect.oauth2";
    const apart = showing({ certificateUrl });
    await failureOf(apart.adapter.introspectToken?.(token));
    expect(apart.vendor.requests.at(-1)?.url).toBe(certificateUrl);
  });

  it("are exchanged for the client's own, as far as its grant types and the policy allow", async () => {
    const { vendor, adapter } = opened();
    const { ref: owner } = await adapter.registerClient(specOf());
    const subject = await adapter.issueToken?.(owner, { scopes: [] });
    if (!subject) throw new Error("No token was issued.");
    const request = { subjectToken: subject.accessToken, subjectTokenType: accessToken, scopes: [] };
    expect((await failureOf(adapter.exchangeToken?.(owner, request))).kind).toBe("rejected");
    const grantTypes = ["urn:ietf:params:oauth:grant-type:token-exchange"];
    const { ref } = await adapter.registerClient(specOf({ grantTypes }));
    const exchanged = await adapter.exchangeToken?.(ref, { ...request, audience: owner.consumerKey });
    expect(await adapter.introspectToken?.(exchanged?.accessToken ?? new Secret("none"))).toMatchObject({
      active: true,
      consumerKey: ref.consumerKey,
      subject: owner.consumerKey,
      audiences: [owner.consumerKey],
    });
    const unknown = { ...request, subjectToken: new Secret("nobody-issued-this") };
    expect((await failureOf(adapter.exchangeToken?.(ref, unknown))).kind).toBe("rejected");
    expect((await failureOf(adapter.exchangeToken?.(ref, { ...request, audience: "nobody" }))).kind).toBe("rejected");
    expect(vendor.requests.at(-1)?.body).toContain("requested_token_type=");
  });
});

describe("in a cluster", () => {
  it("a new client gets its token as soon as the engines have heard of it", async () => {
    const { vendor, adapter } = opened({ isCluster: true });
    const { ref } = await adapter.registerClient(specOf());
    vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
    const token = adapter.issueToken?.(ref, { scopes: [] });
    setTimeout(() => vendor.replicate(), 1_000);
    await vi.advanceTimersByTimeAsync(4_000);
    expect((await token)?.expiresInSeconds).toBe(7200);
  });

  it("a client that does not arrive is no wrong secret; a wrong secret is refused at once", async () => {
    const { vendor, adapter } = opened({ isCluster: true });
    const { ref } = await adapter.registerClient(specOf());
    vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
    const token = failureOf(adapter.issueToken?.(ref, { scopes: [] }));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await token).toMatchObject({ kind: "unreachable", message: expect.stringContaining("Cluster Management") });
    vendor.replicate();
    const wrong = { ...ref, consumerSecret: new Secret("wrong") };
    expect((await failureOf(adapter.issueToken?.(wrong, { scopes: [] }))).kind).toBe("credentials_refused");
  });
});

describe("scopes", () => {
  it("of ours are exclusive: no other client may ask for them", async () => {
    const { vendor, adapter } = opened();
    await adapter.scopes?.save({ name: "orders", description: "" });
    expect(await adapter.scopes?.list()).toContainEqual({ name: "orders", description: "orders" });
    const open = byHand(vendor.addClient({ restrictScopes: false }));
    expect((await adapter.issueToken?.(open, { scopes: ["openid"] }))?.scopes).toEqual(["openid"]);
    expect((await failureOf(adapter.issueToken?.(open, { scopes: ["orders"] }))).kind).toBe("rejected");
    await adapter.scopes?.grant(open, ["orders"]);
    expect((await adapter.issueToken?.(open, { scopes: ["orders", "openid"] }))?.scopes).toContain("orders");
    expect(vendor.client(open.consumerKey)).toMatchObject({
      restrictScopes: false,
      secret: open.consumerSecret?.reveal(),
    });
  });

  it("that are common are listed, may be granted, and are never changed, taken away or removed", async () => {
    const { vendor, adapter } = opened();
    const { scopes } = adapter;
    if (!scopes) throw new Error("The connector manages no scopes.");
    const before = await scopes.list();
    expect(before.map(({ name }) => name)).toEqual(expect.arrayContaining(["openid", "profile"]));
    expect((await failureOf(scopes.save({ name: "openid", description: "ours" }))).kind).toBe("conflict");
    expect((await failureOf(scopes.remove("openid"))).kind).toBe("conflict");
    const { ref } = await adapter.registerClient(specOf({ settings: { commonScopes: ["profile"] } }));
    await scopes.grant(ref, ["openid"]);
    await scopes.grant(ref, []);
    expect(vendor.client(ref.consumerKey)?.restrictedScopes).toEqual(["profile", "openid"]);
    expect(await scopes.list()).toEqual(before);
  });

  it("must exist before they are granted, and names are checked by PingFederate", async () => {
    const { adapter } = opened();
    const { ref } = await adapter.registerClient(specOf());
    expect(await failureOf(adapter.scopes?.grant(ref, ["nowhere"]))).toMatchObject({
      kind: "not_found",
      message: expect.stringContaining("“nowhere”"),
    });
    expect((await failureOf(adapter.scopes?.grant({ consumerKey: "nobody" }, []))).kind).toBe("not_found");
    expect(await failureOf(adapter.scopes?.save({ name: "two words", description: "Two" }))).toMatchObject({
      kind: "rejected",
      reason: "The scope value 'two words' contains invalid characters.",
    });
  });
});

describe("recognising a PingFederate", () => {
  it("looks at the token endpoint, which only PingFederate has there", async () => {
    const { vendor } = opened();
    const metadata = (await (await vendor.fetch(vendor.wellKnownUrl)).json()) as Record<string, unknown>;
    expect(pingFederate.recognise?.(metadata)).toContain("token endpoint");
    expect(pingFederate.recognise?.({ ...metadata, token_endpoint: "https://other.test/token" })).toBeNull();
    expect(pingFederate.recognise?.({})).toBeNull();
  });
});
