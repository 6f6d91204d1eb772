import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import { describeConnector, simulated } from "#lib/connector-kit/conformance.ts";
import { managing, type ClientSpec } from "#lib/connector-kit/contract.ts";
import { isConnectorError, type ConnectorErrorKind } from "#lib/connector-kit/errors.ts";
import type { Fault } from "#lib/connector-kit/simulator.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { signedAssertion } from "#lib/protocol/client-authentication.ts";
import { selfSigned } from "#tooling/testing/certificates.ts";
import { client, connection } from "./config.ts";
import { keycloakSimulator, type SimulatedKeycloak, type KeycloakOptions } from "./simulator.ts";
import { keycloak } from "./index.ts";

const adminApi = /^\/(auth\/)?admin\//;

const vendorOf = (options: KeycloakOptions = {}) => simulated(keycloakSimulator(options));

describe("at the root of a host", () => {
  describeConnector(keycloak, { start: () => vendorOf() });
});

describe("below a path, with a policy that keeps replaced secrets alive", () => {
  describeConnector(keycloak, { start: () => vendorOf({ base: "https://sso.test/auth", secretRotation: true }) });
});

function opened(realm: SimulatedKeycloak) {
  return managing(keycloak.open(realm.settings, { fetch: realm.fetch, clock: systemClock, log: silentLog }));
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
  it("happens once for many calls, and once more when the admin token has run out", async () => {
    const realm = keycloakSimulator();
    const adapter = opened(realm);
    const signIns = () => realm.requests.filter(({ url }) => url.endsWith("/token")).length;
    const { ref } = await adapter.registerClient(specOf());
    await Promise.all([adapter.readClient(ref), adapter.readClient(ref)]);
    expect(signIns()).toBe(1);
    realm.pass(61);
    expect(await adapter.readClient(ref)).not.toBeNull();
    expect(signIns()).toBe(2);
  });

  it("is not repeated without end where every token is refused", async () => {
    const realm = keycloakSimulator();
    realm.fail({ status: 401 }, { path: adminApi });
    expect((await failureOf(opened(realm).registerClient(specOf()))).kind).toBe("credentials_refused");
    // Signed in once: a session that was just made would be refused again.
    expect(realm.requests).toHaveLength(2);
  });

  it("uses the admin API's own host where it has one, and keeps the token's host", async () => {
    const realm = keycloakSimulator({ adminBase: "https://admin.test" });
    const { ref } = await opened(realm).registerClient(specOf());
    expect(realm.client(ref.consumerKey)).toBeDefined();
    const hosts = realm.requests.map(({ url }) => new URL(url).host);
    expect(new Set(hosts)).toEqual(new Set(["keycloak.test", "admin.test"]));
  });

  it.each([
    [[], "lacks the roles view-clients and manage-clients"],
    [["view-clients"], "lacks the role manage-clients"],
  ] as const)(
    "with roles %j tells in the connection test what is missing and how to grant it",
    async (roles, words) => {
      const probes = (await opened(keycloakSimulator({ roles })).checkAccess?.()) ?? [];
      expect(probes).toMatchObject([
        { step: "sign_in", status: "passed" },
        { step: "permissions", status: "failed" },
      ]);
      expect(probes[1]?.summary).toContain(words);
      expect(probes[1]?.fix).toContain("kcadm.sh add-roles -r shop --uusername service-account-latchkey");
    },
  );
});

describe("signing in without a secret", () => {
  /** A realm in which the portal's client uses another authenticator, and the adapter that knows how. */
  function openedWith(authenticator: object, signIn: object) {
    const realm = keycloakSimulator();
    Object.assign(realm.client("latchkey") ?? {}, authenticator);
    const settings = {
      ...realm.settings,
      connection: connection.parse({ signIn: { clientId: "latchkey", ...signIn } }),
    };
    return {
      realm,
      adapter: managing(keycloak.open(settings, { fetch: realm.fetch, clock: systemClock, log: silentLog })),
    };
  }

  it("works with a signed assertion, a new one each time, for the admin API and for introspection", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const keys = { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "portal" }] };
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const { adapter } = openedWith(
      { clientAuthenticatorType: "client-jwt", attributes: { "jwks.string": JSON.stringify(keys) } },
      { method: "private_key_jwt", privateKey: pem, keyId: "portal", algorithm: "ES256" },
    );
    const { ref } = await adapter.registerClient(specOf());
    const token = await adapter.issueToken?.(ref, { scopes: [] });
    if (!token) throw new Error("No token was issued.");
    expect(await adapter.introspectToken?.(token.accessToken)).toMatchObject({ active: true });
  });

  it("works with a client certificate, and says what to look at where it is another one", async () => {
    const { certificate, privateKey } = selfSigned("latchkey.example");
    const signIn = { method: "mutual_tls", certificate, privateKey };
    const right = { clientAuthenticatorType: "client-x509", attributes: { "x509.subjectdn": "CN=latchkey.example" } };
    const probes = await openedWith(right, signIn).adapter.checkAccess?.();
    expect(probes?.map(({ status }) => status)).toEqual(["passed", "passed"]);
    const wrong = { ...right, attributes: { "x509.subjectdn": "CN=other.example" } };
    expect(await openedWith(wrong, signIn).adapter.checkAccess?.()).toMatchObject([
      { step: "sign_in", status: "failed", fix: expect.stringContaining("X509 Certificate") },
    ]);
  });
});

describe("exchanging a token", () => {
  const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
  const subjectTokenType = "urn:ietf:params:oauth:token-type:access_token";

  it("gives a token of the client for one that names it as an audience, where its grant types say so", async () => {
    const realm = keycloakSimulator();
    const adapter = opened(realm);
    const { ref } = await adapter.registerClient(specOf({ grantTypes: ["client_credentials", tokenExchange] }));
    const theirs = await adapter.issueToken?.(ref, { scopes: [] });
    if (!theirs) throw new Error("No token was issued.");
    const request = { subjectToken: theirs.accessToken, subjectTokenType, scopes: [] };
    const ours = await adapter.exchangeToken?.(ref, request);
    expect(decodeJwt(ours?.accessToken.reveal() ?? "")).toMatchObject({
      azp: ref.consumerKey,
      sub: decodeJwt(theirs.accessToken.reveal()).sub,
    });

    const { ref: stranger } = await adapter.registerClient(
      specOf({ grantTypes: ["client_credentials", tokenExchange] }),
    );
    expect(await failureOf(adapter.exchangeToken?.(stranger, request))).toMatchObject({
      reason: "Client is not within the token audience",
    });
    const { ref: other } = await adapter.registerClient(specOf());
    expect(await failureOf(adapter.exchangeToken?.(other, request))).toMatchObject({
      kind: "rejected",
      reason: "Standard token exchange is not enabled for the requested client",
    });
  });
});

describe("a client in the realm", () => {
  it("with a certificate has no secret, and its tokens may be bound to the certificate", async () => {
    const realm = keycloakSimulator();
    const authentication = { method: "tls_client_auth", subject: "CN=app.example.com" };
    const settings = client.parse({ authentication, certificateBound: true });
    const { ref, state } = await opened(realm).registerClient(specOf({ settings }));
    expect(ref.consumerSecret).toBeUndefined();
    expect(state.settings).toMatchObject({ authentication, certificateBound: true });
    expect(realm.client(ref.consumerKey)).toMatchObject({
      clientAuthenticatorType: "client-x509",
      attributes: { "x509.subjectdn": "CN=app.example.com", "tls.client.certificate.bound.access.tokens": "true" },
    });
  });

  it("that signs with its secret gets tokens, and goes on signing after an update", async () => {
    const realm = keycloakSimulator();
    const adapter = opened(realm);
    const settings = client.parse({ authentication: { method: "client_secret_jwt" } });
    const { ref, state } = await adapter.registerClient(specOf({ settings }));
    expect(state.settings).toMatchObject({ authentication: { method: "client_secret_jwt" } });
    const token = await adapter.issueToken?.(ref, { scopes: [] });
    if (!token) throw new Error("No token was issued.");
    await adapter.revokeToken?.(ref, token.accessToken, "access_token");
    expect(await adapter.introspectToken?.(token.accessToken)).toEqual({ active: false });
    const wrong = { ...ref, consumerSecret: new Secret("not-the-secret-of-this-client-at-all") };
    expect((await failureOf(adapter.issueToken?.(wrong, { scopes: [] }))).kind).toBe("credentials_refused");
  });

  it("names people differently when asked to, once, and again the same; mappers of others stay", async () => {
    const realm = keycloakSimulator();
    const adapter = opened(realm);
    const { ref } = await adapter.registerClient(specOf());
    const mappers = () => realm.client(ref.consumerKey)?.protocolMappers.map(({ protocolMapper }) => protocolMapper);
    const grantTypes = ["authorization_code"];
    const ours = { marker: ref.consumerKey, grantTypes, redirectUris: ["https://app.example/back"] };
    const pairwise = client.parse({ subjectType: "pairwise" });
    for (const settings of [pairwise, pairwise]) {
      const { state } = await adapter.updateClient(ref, specOf({ ...ours, settings }));
      expect(state.settings).toMatchObject({ subjectType: "pairwise" });
      expect(mappers()).toEqual(["oidc-audience-mapper", "oidc-sha256-pairwise-sub-mapper"]);
    }
    await adapter.updateClient(ref, specOf(ours));
    expect(mappers()).toEqual(["oidc-audience-mapper"]);
    // Which application it is, Keycloak tells by the host of the redirect addresses.
    expect(await failureOf(adapter.registerClient(specOf({ settings: pairwise })))).toMatchObject({
      kind: "rejected",
      reason: "Client redirect URIs must contain a valid host component.",
    });
  });

  it("that signs with a key is proven by an assertion", async () => {
    const realm = keycloakSimulator();
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const keys = JSON.stringify({ keys: [publicKey.export({ format: "jwk" })] });
    const { clientId } = realm.addClient({
      clientAuthenticatorType: "client-jwt",
      attributes: { "jwks.string": keys },
    });
    const signedBy = (key: KeyObject) =>
      signedAssertion(
        {
          method: "private_key_jwt",
          clientId,
          privateKey: new Secret(key.export({ type: "pkcs8", format: "pem" }).toString()),
          algorithm: "RS256",
        },
        realm.issuer,
        systemClock,
      );
    const prove = async (key: KeyObject) =>
      opened(realm).proveClient?.({ consumerKey: clientId }, { assertion: new Secret(await signedBy(key)) });
    expect((await prove(privateKey))?.ref.consumerKey).toBe(clientId);
    const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    expect((await failureOf(prove(stranger))).kind).toBe("credentials_refused");
  });

  it("carries our marker as its id, no full scope, and the portal's client as an audience", async () => {
    const realm = keycloakSimulator();
    const asked = specOf();
    const { ref } = await opened(realm).registerClient(asked);
    expect(ref.consumerKey).toBe(asked.marker);
    // Keycloak's own id is another one, and the admin API knows only that.
    expect(ref.vendorId).not.toBe(ref.consumerKey);
    expect(realm.client(asked.marker)).toMatchObject({
      id: ref.vendorId,
      fullScopeAllowed: false,
      protocolMappers: [{ protocolMapper: "oidc-audience-mapper", config: { "included.client.audience": "latchkey" } }],
    });
  });

  it("is found by its client id where its internal id is unknown or belongs to another", async () => {
    const realm = keycloakSimulator();
    const adapter = opened(realm);
    const { ref } = await adapter.registerClient(specOf());
    const { consumerKey } = ref;
    const { id: foreign } = realm.addClient();
    for (const vendorId of [undefined, foreign, crypto.randomUUID()]) {
      const found = await adapter.readClient({ consumerKey, ...(vendorId !== undefined && { vendorId }) });
      expect(found?.ref).toMatchObject({ consumerKey, vendorId: ref.vendorId });
    }
    await adapter.deleteClient({ consumerKey, vendorId: foreign });
    expect(realm.client(consumerKey)).toBeUndefined();
    expect([...realm.requests].filter(({ method, url }) => method === "DELETE" && url.includes(foreign))).toEqual([]);
  });

  it("keeps at an update what others have set: attributes, mappers, scopes, secret", async () => {
    const realm = keycloakSimulator();
    const adapter = opened(realm);
    const { ref } = await adapter.registerClient(specOf());
    await adapter.scopes?.save({ name: "orders", description: "" });
    await adapter.scopes?.grant(ref, ["orders"]);
    const stored = realm.client(ref.consumerKey);
    if (!stored) throw new Error("The client is not there.");
    stored.attributes["login_theme"] = "dark";
    const before = structuredClone(stored);
    await adapter.updateClient(ref, specOf({ marker: ref.consumerKey, name: "Renamed" }));
    expect(realm.client(ref.consumerKey)).toMatchObject({
      name: "Renamed",
      secret: before.secret,
      attributes: { login_theme: "dark" },
      protocolMappers: [{ name: "latchkey-introspection" }],
      // An update cannot change these: Keycloak ignores them there.
      optionalClientScopes: before.optionalClientScopes,
    });
    expect(before.optionalClientScopes).toContain("orders");
  });

  it("gets token lifetime and PKCE as attributes, and loses them again", async () => {
    const realm = keycloakSimulator();
    const adapter = opened(realm);
    const settings = client.parse({ accessTokenLifespan: 120 });
    const { ref } = await adapter.registerClient(specOf({ settings }));
    expect(realm.client(ref.consumerKey)?.attributes).toMatchObject({
      "access.token.lifespan": "120",
      "pkce.code.challenge.method": "S256",
    });
    expect((await adapter.issueToken?.(ref, { scopes: [] }))?.expiresInSeconds).toBe(120);
    await adapter.updateClient(ref, specOf({ settings: client.parse({ proofKey: "optional" }) }));
    const names = Object.keys(realm.client(ref.consumerKey)?.attributes ?? {});
    expect(names).not.toContain("access.token.lifespan");
    expect(names).not.toContain("pkce.code.challenge.method");
  });

  it("has no secret where it is public or signs with a key of its own", async () => {
    const adapter = opened(keycloakSimulator());
    for (const authentication of [
      { method: "none" },
      { method: "private_key_jwt", jwksUri: "https://app.example/jwks" },
    ]) {
      const settings = client.parse({ authentication });
      const grantTypes = ["authorization_code"];
      const made = await adapter.registerClient(specOf({ settings, grantTypes, redirectUris: ["https://a.example"] }));
      expect(made.ref.consumerSecret).toBeUndefined();
      expect(made.state.settings).toMatchObject({ authentication });
    }
  });

  it("keeps the secret that we know where the portal may look but not manage", async () => {
    const realm = keycloakSimulator({ roles: ["view-clients"] });
    const { clientId, secret = "" } = realm.addClient();
    const consumerSecret = new Secret(secret);
    const adapter = opened(realm);
    const found = await adapter.readClient({ consumerKey: clientId, consumerSecret });
    expect(found?.ref.consumerSecret?.reveal()).toBe(secret);
    expect((await adapter.readClient({ consumerKey: clientId }))?.ref.consumerSecret).toBeUndefined();
    // Asterisks prove nothing.
    const proof = adapter.proveClient?.({ consumerKey: clientId, consumerSecret: new Secret("**********") });
    expect((await failureOf(proof)).kind).toBe("credentials_refused");
  });
});

describe("a new secret", () => {
  it("ends the old one even where a policy of the realm would keep it alive", async () => {
    const realm = keycloakSimulator({ secretRotation: true });
    const adapter = opened(realm);
    const { ref } = await adapter.registerClient(specOf());
    await adapter.rotateSecret?.(ref);
    expect((await failureOf(adapter.issueToken?.(ref, { scopes: [] }))).kind).toBe("credentials_refused");
  });

  it("lets the old one live where that is wished, and the realm keeps it", async () => {
    for (const secretRotation of [true, false]) {
      const adapter = opened(keycloakSimulator({ secretRotation }));
      const { ref } = await adapter.registerClient(specOf());
      const rotated = await adapter.rotateSecret?.(ref, { keepsOld: true });
      expect(await adapter.issueToken?.({ ...ref, ...rotated?.ref }, { scopes: [] })).toBeTruthy();
      const old = adapter.issueToken?.(ref, { scopes: [] });
      if (secretRotation) expect(await old).toBeTruthy();
      else expect((await failureOf(old)).kind).toBe("credentials_refused");
    }
  });

  it("comes with the failure where the old one could not be ended", async () => {
    const realm = keycloakSimulator({ secretRotation: true });
    const adapter = opened(realm);
    const { ref } = await adapter.registerClient(specOf());
    realm.fail({ status: 500 }, { method: "DELETE", path: /\/rotated$/ });
    const error = await failureOf(adapter.rotateSecret?.(ref));
    expect(error.kind).toBe("unreachable");
    expect(error.credentials?.consumerSecret?.reveal()).toBe(realm.client(ref.consumerKey)?.secret);
  });
});

describe("asking about a token", () => {
  it("says that a token without the portal as an audience cannot be judged, not that it is dead", async () => {
    const realm = keycloakSimulator();
    const adapter = opened(realm);
    const { clientId, secret = "" } = realm.addClient();
    const token = await adapter.issueToken?.(
      { consumerKey: clientId, consumerSecret: new Secret(secret) },
      { scopes: [] },
    );
    if (!token) throw new Error("No token was issued.");
    const error = await failureOf(adapter.introspectToken?.(token.accessToken));
    expect(error.kind).toBe("unsupported");
    expect(error.message).toContain("audience");
  });

  it("calls a token of our own client dead once it has run out or its client is gone", async () => {
    const realm = keycloakSimulator();
    const adapter = opened(realm);
    for (const end of [() => realm.pass(301), (key: string) => realm.removeClient(key)]) {
      const { ref } = await adapter.registerClient(specOf());
      const token = await adapter.issueToken?.(ref, { scopes: [] });
      if (!token) throw new Error("No token was issued.");
      expect(await adapter.introspectToken?.(token.accessToken)).toMatchObject({ active: true });
      end(ref.consumerKey);
      expect(await adapter.introspectToken?.(token.accessToken)).toEqual({ active: false });
    }
  });
});

describe("scopes that others made", () => {
  it("are listed, may be granted, and are never changed, taken away or removed", async () => {
    const realm = keycloakSimulator();
    const adapter = opened(realm);
    const { scopes } = adapter;
    if (!scopes) throw new Error("The connector manages no scopes.");
    const theirs = realm.addScope("theirs");
    expect((await scopes.list()).map(({ name }) => name)).toContain("theirs");
    expect((await failureOf(scopes.save({ name: "theirs", description: "ours" }))).kind).toBe("conflict");
    expect((await failureOf(scopes.remove("theirs"))).kind).toBe("conflict");
    const { ref } = await adapter.registerClient(specOf());
    await scopes.grant(ref, ["theirs"]);
    await scopes.grant(ref, []);
    expect(realm.client(ref.consumerKey)?.optionalClientScopes).toContain("theirs");
    expect(realm.scopeNamed("theirs")).toEqual(theirs);
  });

  it("must exist before they are granted, and names are checked by Keycloak", async () => {
    const adapter = opened(keycloakSimulator());
    const { ref } = await adapter.registerClient(specOf());
    expect((await failureOf(adapter.scopes?.grant(ref, ["nowhere"]))).kind).toBe("not_found");
    expect(await failureOf(adapter.scopes?.save({ name: "two words", description: "" }))).toMatchObject({
      kind: "rejected",
      reason: 'Unexpected name "two words" for ClientScope',
    });
  });
});

describe("when the admin API fails after the sign-in", () => {
  const conflict = { status: 409, body: { errorMessage: "Client x already exists" } };
  const cases: [string, Fault, ConnectorErrorKind][] = [
    ["no answer", "unreachable", "unreachable"],
    ["a page instead of data", "nonsense", "bad_response"],
    ["an empty success", { status: 200, body: "" }, "bad_response"],
    ["403", { status: 403, body: { error: "HTTP 403 Forbidden" } }, "credentials_refused"],
    ["404", { status: 404, body: { error: "Realm not found." } }, "not_found"],
    ["409", conflict, "conflict"],
    ["429", { status: 429, headers: { "retry-after": "7" } }, "rate_limited"],
    ["502", { status: 502 }, "unreachable"],
  ];
  it.each(cases)("%s becomes the kind that stands for it", async (_name, failure, kind) => {
    const realm = keycloakSimulator();
    realm.fail(failure, { path: adminApi });
    expect((await failureOf(opened(realm).registerClient(specOf()))).kind).toBe(kind);
  });

  it("keeps Keycloak's own words about a client id that is taken", async () => {
    const adapter = opened(keycloakSimulator());
    const asked = specOf();
    await adapter.registerClient(asked);
    expect(await failureOf(adapter.registerClient(asked))).toMatchObject({
      kind: "conflict",
      reason: `Client ${asked.marker} already exists`,
    });
  });

  it("names the missing role where it is refused", async () => {
    const error = await failureOf(opened(keycloakSimulator({ roles: ["view-clients"] })).registerClient(specOf()));
    expect(error).toMatchObject({ kind: "credentials_refused", message: expect.stringContaining("manage-clients") });
  });

  it("leaves no client behind that was made but could not be read", async () => {
    const realm = keycloakSimulator();
    realm.fail({ status: 500 }, { method: "GET", path: adminApi });
    const asked = specOf();
    expect((await failureOf(opened(realm).registerClient(asked))).kind).toBe("unreachable");
    expect(realm.client(asked.marker)).toBeUndefined();
  });

  it("takes a success without an address for what it is: nothing to be trusted", async () => {
    const realm = keycloakSimulator();
    realm.fail(
      { status: 201, headers: { location: "https://keycloak.test/elsewhere" } },
      { method: "POST", path: adminApi },
    );
    expect((await failureOf(opened(realm).registerClient(specOf()))).kind).toBe("bad_response");
  });
});
