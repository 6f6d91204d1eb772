import { describe, expect, it } from "vitest";
import { describeConnector } from "#lib/connector-kit/conformance.ts";
import { managing, type ClientSpec } from "#lib/connector-kit/contract.ts";
import { isConnectorError, type ConnectorErrorKind } from "#lib/connector-kit/errors.ts";
import type { Fault } from "#lib/connector-kit/simulator.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { readVendorSpec } from "#tooling/testing/vendor-spec.ts";
import { client } from "./config.ts";
import { fakeKeycloak, type FakeKeycloak, type FakeKeycloakOptions } from "./fake.ts";
import { keycloak } from "./index.ts";

const adminApi = /^\/(auth\/)?admin\//;
const spec = readVendorSpec("keycloak");

function vendorOf(options: FakeKeycloakOptions) {
  const fake = fakeKeycloak(options);
  const { settings, connectionInput, canaries } = fake;
  return {
    fetch: spec?.watch(fake.fetch, adminApi) ?? fake.fetch,
    settings,
    connectionInput,
    refusedConnectionInput: { ...connectionInput, clientSecret: "not-the-secret" },
    canaries,
    createClient: () => {
      const { clientId, secret = "" } = fake.addClient();
      return Promise.resolve({ clientId, clientSecret: secret });
    },
    fake,
  };
}

describe("at the root of a host", () => {
  describeConnector(keycloak, { start: () => vendorOf({}) });
});

describe("below a path, with a policy that keeps replaced secrets alive", () => {
  describeConnector(keycloak, { start: () => vendorOf({ base: "https://sso.test/auth", secretRotation: true }) });
});

describe("with Keycloak's published description of its admin API", () => {
  it.skipIf(!spec)("neither the connector nor the fake says anything that it does not know", () => {
    expect(spec?.problems).toEqual([]);
    // Proves that something was compared.
    expect(spec?.seen).toContain("PUT /admin/realms/{realm}/clients/{id}");
    expect(spec?.seen.size).toBeGreaterThan(10);
  });
});

function opened(fake: FakeKeycloak) {
  return managing(keycloak.open(fake.settings, { fetch: fake.fetch, clock: systemClock, log: silentLog }));
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
    const fake = fakeKeycloak();
    const adapter = opened(fake);
    const signIns = () => fake.requests.filter(({ url }) => url.endsWith("/token")).length;
    const { ref } = await adapter.registerClient(specOf());
    await Promise.all([adapter.readClient(ref), adapter.readClient(ref)]);
    expect(signIns()).toBe(1);
    fake.pass(61);
    expect(await adapter.readClient(ref)).not.toBeNull();
    expect(signIns()).toBe(2);
  });

  it("is not repeated without end where every token is refused", async () => {
    const fake = fakeKeycloak();
    fake.fail({ status: 401 }, { path: adminApi });
    expect((await failureOf(opened(fake).registerClient(specOf()))).kind).toBe("credentials_refused");
    expect(fake.requests).toHaveLength(4);
  });

  it("uses the admin API's own host where it has one, and keeps the token's host", async () => {
    const fake = fakeKeycloak({ adminBase: "https://admin.test" });
    const { ref } = await opened(fake).registerClient(specOf());
    expect(fake.client(ref.consumerKey)).toBeDefined();
    const hosts = fake.requests.map(({ url }) => new URL(url).host);
    expect(new Set(hosts)).toEqual(new Set(["keycloak.test", "admin.test"]));
  });

  it.each([
    [[], "lacks the roles view-clients and manage-clients"],
    [["view-clients"], "lacks the role manage-clients"],
  ] as const)(
    "with roles %j tells in the connection test what is missing and how to grant it",
    async (roles, words) => {
      const probes = (await opened(fakeKeycloak({ roles })).checkAccess?.()) ?? [];
      expect(probes).toMatchObject([
        { step: "sign_in", status: "passed" },
        { step: "permissions", status: "failed" },
      ]);
      expect(probes[1]?.summary).toContain(words);
      expect(probes[1]?.fix).toContain("kcadm.sh add-roles -r shop --uusername service-account-latchkey");
    },
  );
});

describe("a client in the realm", () => {
  it("carries our marker as its id, no full scope, and the portal's client as an audience", async () => {
    const fake = fakeKeycloak();
    const asked = specOf();
    const { ref } = await opened(fake).registerClient(asked);
    expect(ref.consumerKey).toBe(asked.marker);
    // Keycloak's own id is another one, and the admin API knows only that.
    expect(ref.vendorId).not.toBe(ref.consumerKey);
    expect(fake.client(asked.marker)).toMatchObject({
      id: ref.vendorId,
      fullScopeAllowed: false,
      protocolMappers: [{ protocolMapper: "oidc-audience-mapper", config: { "included.client.audience": "latchkey" } }],
    });
  });

  it("is found by its client id where its internal id is unknown or belongs to another", async () => {
    const fake = fakeKeycloak();
    const adapter = opened(fake);
    const { ref } = await adapter.registerClient(specOf());
    const { consumerKey } = ref;
    const { id: foreign } = fake.addClient();
    for (const vendorId of [undefined, foreign, crypto.randomUUID()]) {
      const found = await adapter.readClient({ consumerKey, ...(vendorId !== undefined && { vendorId }) });
      expect(found?.ref).toMatchObject({ consumerKey, vendorId: ref.vendorId });
    }
    await adapter.deleteClient({ consumerKey, vendorId: foreign });
    expect(fake.client(consumerKey)).toBeUndefined();
    expect([...fake.requests].filter(({ method, url }) => method === "DELETE" && url.includes(foreign))).toEqual([]);
  });

  it("keeps at an update what others have set: attributes, mappers, scopes, secret", async () => {
    const fake = fakeKeycloak();
    const adapter = opened(fake);
    const { ref } = await adapter.registerClient(specOf());
    await adapter.scopes?.save({ name: "orders", description: "" });
    await adapter.scopes?.grant(ref, ["orders"]);
    const stored = fake.client(ref.consumerKey);
    if (!stored) throw new Error("The client is not there.");
    stored.attributes["login_theme"] = "dark";
    const before = structuredClone(stored);
    await adapter.updateClient(ref, specOf({ marker: ref.consumerKey, name: "Renamed" }));
    expect(fake.client(ref.consumerKey)).toMatchObject({
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
    const fake = fakeKeycloak();
    const adapter = opened(fake);
    const settings = client.parse({ accessTokenLifespan: 120 });
    const { ref } = await adapter.registerClient(specOf({ settings }));
    expect(fake.client(ref.consumerKey)?.attributes).toMatchObject({
      "access.token.lifespan": "120",
      "pkce.code.challenge.method": "S256",
    });
    expect((await adapter.issueToken?.(ref, { scopes: [] }))?.expiresInSeconds).toBe(120);
    await adapter.updateClient(ref, specOf({ settings: client.parse({ proofKey: "optional" }) }));
    const names = Object.keys(fake.client(ref.consumerKey)?.attributes ?? {});
    expect(names).not.toContain("access.token.lifespan");
    expect(names).not.toContain("pkce.code.challenge.method");
  });

  it("has no secret where it is public or signs with a key of its own", async () => {
    const adapter = opened(fakeKeycloak());
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
    const fake = fakeKeycloak({ roles: ["view-clients"] });
    const { clientId, secret = "" } = fake.addClient();
    const consumerSecret = new Secret(secret);
    const adapter = opened(fake);
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
    const fake = fakeKeycloak({ secretRotation: true });
    const adapter = opened(fake);
    const { ref } = await adapter.registerClient(specOf());
    await adapter.rotateSecret?.(ref);
    expect((await failureOf(adapter.issueToken?.(ref, { scopes: [] }))).kind).toBe("credentials_refused");
  });

  it("comes with the failure where the old one could not be ended", async () => {
    const fake = fakeKeycloak({ secretRotation: true });
    const adapter = opened(fake);
    const { ref } = await adapter.registerClient(specOf());
    fake.fail({ status: 500 }, { method: "DELETE", path: /\/rotated$/ });
    const error = await failureOf(adapter.rotateSecret?.(ref));
    expect(error.kind).toBe("unreachable");
    expect(error.credentials?.consumerSecret?.reveal()).toBe(fake.client(ref.consumerKey)?.secret);
  });
});

describe("asking about a token", () => {
  it("says that a token without the portal as an audience cannot be judged, not that it is dead", async () => {
    const fake = fakeKeycloak();
    const adapter = opened(fake);
    const { clientId, secret = "" } = fake.addClient();
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
    const fake = fakeKeycloak();
    const adapter = opened(fake);
    for (const end of [() => fake.pass(301), (key: string) => fake.removeClient(key)]) {
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
    const fake = fakeKeycloak();
    const adapter = opened(fake);
    const { scopes } = adapter;
    if (!scopes) throw new Error("The connector manages no scopes.");
    const theirs = fake.addScope("theirs");
    expect((await scopes.list()).map(({ name }) => name)).toContain("theirs");
    expect((await failureOf(scopes.save({ name: "theirs", description: "ours" }))).kind).toBe("conflict");
    expect((await failureOf(scopes.remove("theirs"))).kind).toBe("conflict");
    const { ref } = await adapter.registerClient(specOf());
    await scopes.grant(ref, ["theirs"]);
    await scopes.grant(ref, []);
    expect(fake.client(ref.consumerKey)?.optionalClientScopes).toContain("theirs");
    expect(fake.scope("theirs")).toEqual(theirs);
  });

  it("must exist before they are granted, and names are checked by Keycloak", async () => {
    const adapter = opened(fakeKeycloak());
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
    const fake = fakeKeycloak();
    fake.fail(failure, { path: adminApi });
    expect((await failureOf(opened(fake).registerClient(specOf()))).kind).toBe(kind);
  });

  it("keeps Keycloak's own words about a client id that is taken", async () => {
    const adapter = opened(fakeKeycloak());
    const asked = specOf();
    await adapter.registerClient(asked);
    expect(await failureOf(adapter.registerClient(asked))).toMatchObject({
      kind: "conflict",
      reason: `Client ${asked.marker} already exists`,
    });
  });

  it("names the missing role where it is refused", async () => {
    const error = await failureOf(opened(fakeKeycloak({ roles: ["view-clients"] })).registerClient(specOf()));
    expect(error).toMatchObject({ kind: "credentials_refused", message: expect.stringContaining("manage-clients") });
  });

  it("leaves no client behind that was made but could not be read", async () => {
    const fake = fakeKeycloak();
    fake.fail({ status: 500 }, { method: "GET", path: adminApi });
    const asked = specOf();
    expect((await failureOf(opened(fake).registerClient(asked))).kind).toBe("unreachable");
    expect(fake.client(asked.marker)).toBeUndefined();
  });

  it("takes a success without an address for what it is: nothing to be trusted", async () => {
    const fake = fakeKeycloak();
    fake.fail(
      { status: 201, headers: { location: "https://keycloak.test/elsewhere" } },
      { method: "POST", path: adminApi },
    );
    expect((await failureOf(opened(fake).registerClient(specOf()))).kind).toBe("bad_response");
  });
});
