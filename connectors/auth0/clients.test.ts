import { exportSPKI, generateKeyPair } from "jose";
import { describe, expect, it } from "vitest";
import { describeFields } from "#lib/connector-kit/descriptors.ts";
import { fixedProblems } from "#lib/connector-kit/fixed-fields.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { selfSigned } from "#tooling/testing/certificates.ts";
import { client } from "./config.ts";
import { apiIdentifier, portalPermissions } from "./simulator.ts";
import { addApi, addClient, findApi } from "./simulator-tenant.ts";
import { bodies, calls, failureOf, openedOn, specOf, world } from "./testing.ts";

const publicKey = await exportSPKI((await generateKeyPair("RS256", { extractable: true })).publicKey);
const otherKey = await exportSPKI((await generateKeyPair("RS256", { extractable: true })).publicKey);
const byKey = (key?: string) => ({ authentication: { method: "private_key_jwt", ...(key && { publicKey: key }) } });

describe("a new client", () => {
  it("carries the marker, is of today's kind, signs with RS256, and may have tokens of the API", async () => {
    const { tenant, adapter } = await world();
    const asked = specOf();
    const { ref } = await adapter.registerClient(asked);
    expect(tenant.clients.get(ref.consumerKey)).toMatchObject({
      client_metadata: { latchkey_marker: asked.marker },
      oidc_conformant: true,
      grant_types: ["client_credentials"],
      jwt_configuration: { alg: "RS256" },
    });
    const grants = [...tenant.grants.values()].filter((grant) => grant.client_id === ref.consumerKey);
    expect(grants).toMatchObject([{ audience: apiIdentifier, scope: [], subject_type: "client" }]);
  });

  it("gets a grant for people only where the API wants one", async () => {
    const { tenant, adapter } = await world();
    const people = specOf({
      grantTypes: ["authorization_code", "refresh_token"],
      redirectUris: ["https://a.example/cb"],
    });
    const types = (id: string) =>
      [...tenant.grants.values()].filter((g) => g.client_id === id).map((g) => g.subject_type);
    const free = await adapter.registerClient(people);
    expect(types(free.ref.consumerKey)).toEqual([]);
    const api = findApi(tenant, apiIdentifier);
    if (api) api.subject_type_authorization.user.policy = "require_client_grant";
    const bound = await adapter.registerClient(people);
    expect(types(bound.ref.consumerKey)).toEqual(["user"]);
  });

  it("is taken back where its grant cannot be made", async () => {
    const { vendor, tenant, adapter } = await world();
    const before = tenant.clients.size;
    vendor.fail({ status: 500 }, { method: "POST", path: /client-grants$/ });
    expect((await failureOf(adapter.registerClient(specOf()))).kind).toBe("unreachable");
    expect(tenant.clients.size).toBe(before);
  });

  it("fails with the first failure where it cannot even be taken back", async () => {
    const { vendor, adapter } = await world();
    vendor.fail({ status: 409 }, { method: "POST", path: /client-grants$/ });
    vendor.fail({ status: 500 }, { method: "DELETE" });
    const asked = specOf();
    expect((await failureOf(adapter.registerClient(asked))).kind).toBe("conflict");
    vendor.recover();
    // The marker still finds it.
    expect(await adapter.findClients?.(asked.marker)).toHaveLength(1);
  });

  it("keeps angle brackets in its name, which Auth0 refuses", async () => {
    const { tenant, adapter } = await world();
    const { ref, state } = await adapter.registerClient(specOf({ name: "Orders <test>" }));
    expect(tenant.clients.get(ref.consumerKey)?.name).toBe("Orders ‹test›");
    expect(state.name).toBe("Orders <test>");
    const foreign = addClient(tenant, { name: "‹theirs›" });
    expect((await adapter.readClient({ consumerKey: foreign.client_id }))?.state.name).toBe("‹theirs›");
  });

  it("has no secret where it uses none, although Auth0 has one", async () => {
    const { tenant, adapter } = await world();
    const settings = { appType: "spa", authentication: { method: "none" } };
    const grantTypes = ["authorization_code"];
    const made = await adapter.registerClient(specOf({ settings, grantTypes, redirectUris: ["https://a.example"] }));
    expect(tenant.clients.get(made.ref.consumerKey)?.client_secret).toBeTruthy();
    expect(made.ref.consumerSecret).toBeUndefined();
    expect((await adapter.readClient(made.ref))?.ref.consumerSecret).toBeUndefined();
    expect((await failureOf(adapter.rotateSecret?.(made.ref))).kind).toBe("unsupported");
  });

  it("is made for one of the APIs that the administrator names, and stays with it", async () => {
    const { vendor, tenant } = await world();
    addApi(tenant, { identifier: "urn:payments" });
    const adapter = openedOn(vendor, { furtherAudiences: ["urn:payments"] });
    const made = await adapter.registerClient(specOf({ settings: { audience: "urn:payments" } }));
    expect(made.state.settings["audience"]).toBe("urn:payments");
    // The form shows it, and refuses another, at its field.
    const changedTo = (after: Record<string, unknown>) =>
      fixedProblems(describeFields(client), { before: made.state.settings, after, prefix: "settings" });
    expect(changedTo({ ...client.parse({}), audience: "urn:payments" })).toEqual([]);
    expect(changedTo(client.parse({}))).toMatchObject([
      { path: "settings.audience", message: expect.stringContaining("stays “urn:payments”") },
    ]);
    const moved = await failureOf(adapter.updateClient(made.ref, specOf()));
    expect(moved).toMatchObject({ kind: "rejected", message: expect.stringContaining("stays with the API") });
    const before = tenant.clients.size;
    for (const audience of ["urn:elsewhere", tenant.managementAudience]) {
      const error = await failureOf(adapter.registerClient(specOf({ settings: { audience } })));
      expect(error).toMatchObject({ kind: "rejected", message: expect.stringContaining("“urn:payments”") });
    }
    expect(tenant.clients.size).toBe(before);
  });

  it("is never made for the Management API, even where a connection names it", async () => {
    const managementAudience = "https://tenant.eu.auth0.com/api/v2/";
    const { adapter } = await world({
      managementAudience,
      connection: { furtherAudiences: [managementAudience] },
    });
    const asked = specOf({ settings: { audience: managementAudience } });
    expect((await failureOf(adapter.registerClient(asked))).kind).toBe("rejected");
  });
});

describe("what a developer chooses", () => {
  const everything = {
    appType: "native",
    authentication: { method: "client_secret_basic" },
    refreshTokens: { method: "rotating", lifetime: 600, idleLifetime: 0, leeway: 5 },
    idTokenLifetime: 300,
    requirePushedRequests: true,
    allowedLogoutUrls: ["https://app.example/bye"],
    webOrigins: ["https://app.example"],
    allowedOrigins: ["https://*.app.example"],
    description: "Orders",
    initiateLoginUri: "https://app.example/login",
    logoUri: "https://app.example/logo.png",
  };

  it("comes back as it was sent, and goes away again", async () => {
    const { adapter } = await world();
    const { ref, state } = await adapter.registerClient(specOf({ settings: everything }));
    expect(state.settings).toEqual(everything);
    const plain = await adapter.updateClient(ref, specOf());
    const defaults = (await adapter.registerClient(specOf())).state.settings;
    expect(plain.state.settings).toEqual(defaults);
    expect(client.parse(defaults)).toEqual(client.parse({}));
  });

  it.each([
    [{ method: "rotating", lifetime: 0, idleLifetime: 0, leeway: 0 }],
    [{ method: "expiring", lifetime: 500, idleLifetime: 400 }],
    [{ method: "lasting" }],
  ])("knows refresh tokens: %j", async (refreshTokens) => {
    const { adapter } = await world();
    const { state } = await adapter.registerClient(specOf({ settings: { refreshTokens } }));
    expect(state.settings["refreshTokens"]).toEqual(refreshTokens);
  });
});

describe("an update", () => {
  it("keeps what others have set at the client", async () => {
    const { tenant, adapter } = await world();
    const asked = specOf();
    const { ref } = await adapter.registerClient(asked);
    const held = tenant.clients.get(ref.consumerKey);
    if (!held) throw new Error("The client is not there.");
    const policies = [{ audience: "urn:other", scope: [] }];
    Object.assign(held, {
      client_metadata: { ...held.client_metadata, team: "orders" },
      refresh_token: { ...(held["refresh_token"] as object), policies },
      jwt_configuration: { ...(held["jwt_configuration"] as object), scopes: { a: {} } },
      token_exchange: { allow_any_profile_of_type: ["on_behalf_of_token_exchange"] },
      sso_disabled: true,
    });
    const updated = await adapter.updateClient(ref, { ...asked, name: "Renamed" });
    expect(updated.ref.consumerSecret?.reveal()).toBe(held.client_secret);
    expect(tenant.clients.get(ref.consumerKey)).toMatchObject({
      name: "Renamed",
      client_metadata: { latchkey_marker: asked.marker, team: "orders" },
      refresh_token: { policies },
      jwt_configuration: { scopes: { a: {} } },
      token_exchange: { allow_any_profile_of_type: ["on_behalf_of_token_exchange"] },
      sso_disabled: true,
    });
  });

  it("leaves a kind of application that the form does not know", async () => {
    const { tenant, adapter } = await world();
    const foreign = addClient(tenant, { name: "SSO", app_type: "sso_integration" });
    const ref = { consumerKey: foreign.client_id };
    expect(client.safeParse((await adapter.readClient(ref))?.state.settings).success).toBe(true);
    // Auth0's own refusal shows that the kind was sent as it was.
    expect(await failureOf(adapter.updateClient(ref, specOf()))).toMatchObject({
      kind: "rejected",
      reason: expect.stringContaining("app_type"),
    });
  });

  it("makes the grant that a new grant type needs", async () => {
    const { tenant, adapter } = await world();
    const asked = specOf({ grantTypes: ["authorization_code"], redirectUris: ["https://a.example"] });
    const { ref } = await adapter.registerClient(asked);
    await adapter.updateClient(ref, { ...asked, grantTypes: ["client_credentials"] });
    const grants = [...tenant.grants.values()].filter((grant) => grant.client_id === ref.consumerKey);
    expect(grants.map((grant) => grant.subject_type)).toEqual(["client"]);
    await expect(adapter.issueToken?.(ref, { scopes: [] })).resolves.toMatchObject({ tokenType: "Bearer" });
  });

  it("of a client that is gone is not found", async () => {
    const { adapter } = await world();
    expect((await failureOf(adapter.updateClient({ consumerKey: "gone" }, specOf()))).kind).toBe("not_found");
  });
});

describe("a client with a key or certificate", () => {
  it.each([
    [byKey(publicKey), "private_key_jwt", "public_key"],
    [{ authentication: { method: "tls_client_auth", subjectName: "CN=orders" } }, "tls_client_auth", "cert_subject_dn"],
    [
      { authentication: { method: "self_signed_tls_client_auth", certificate: selfSigned("orders").certificate } },
      "self_signed_tls_client_auth",
      "x509_cert",
    ],
  ])("is made with it: case %#", async (settings, method, type) => {
    const { tenant, adapter } = await world();
    const { ref, state } = await adapter.registerClient(specOf({ settings }));
    expect(state.settings["authentication"]).toEqual({ method });
    expect(ref.consumerSecret).toBeUndefined();
    expect(tenant.credentials.get(ref.consumerKey)).toMatchObject([{ credential_type: type }]);
    // The settings as Auth0 gives them back are enough to go on.
    const same = await adapter.updateClient(ref, specOf({ settings: state.settings, name: "Renamed" }));
    expect(same.state).toMatchObject({ name: "Renamed", settings: { authentication: { method } } });
  });

  it.each(["private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"])(
    "is not made without what %s needs",
    async (method) => {
      const { vendor, adapter } = await world();
      const error = await failureOf(adapter.registerClient(specOf({ settings: { authentication: { method } } })));
      expect(error).toMatchObject({ kind: "rejected", message: expect.stringContaining("Fill in") });
      const { ref } = await adapter.registerClient(specOf());
      const update = adapter.updateClient(ref, specOf({ settings: { authentication: { method } } }));
      expect((await failureOf(update)).kind).toBe("rejected");
      expect(calls(vendor).filter((call) => call.startsWith("PATCH"))).toEqual([]);
    },
  );

  it("comes from one with a secret, takes another key, and goes back", async () => {
    const { vendor, tenant, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    const names = () => (tenant.credentials.get(ref.consumerKey) ?? []).map(({ pem }) => pem?.trim());
    await adapter.updateClient(ref, specOf({ settings: byKey(publicKey) }));
    expect(names()).toEqual([publicKey.trim()]);
    const made = bodies(vendor, "POST", /credentials$/).length;
    await adapter.updateClient(ref, specOf({ settings: byKey(publicKey) }));
    expect(bodies(vendor, "POST", /credentials$/)).toHaveLength(made);
    const changed = await adapter.updateClient(ref, specOf({ settings: byKey(otherKey) }));
    expect(names()).toEqual([otherKey.trim()]);
    expect(changed.ref.consumerSecret).toBeUndefined();
    const back = await adapter.updateClient(ref, specOf());
    expect(names()).toEqual([]);
    expect(back.ref.consumerSecret?.reveal()).toBe(ref.consumerSecret?.reveal());
  });

  it("takes a new key back where the update fails", async () => {
    const { vendor, tenant, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    vendor.fail({ status: 500 }, { method: "PATCH", path: /clients/ });
    expect((await failureOf(adapter.updateClient(ref, specOf({ settings: byKey(publicKey) })))).kind).toBe(
      "unreachable",
    );
    expect(tenant.credentials.get(ref.consumerKey)).toEqual([]);
  });

  it("is updated even where its old key cannot be removed, and loses it the next time", async () => {
    const { vendor, tenant, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf({ settings: byKey(publicKey) }));
    const end = vendor.fail({ status: 500 }, { method: "DELETE" });
    const updated = await adapter.updateClient(ref, specOf({ settings: byKey(otherKey) }));
    expect(updated.state.settings["authentication"]).toEqual({ method: "private_key_jwt" });
    end();
    await adapter.updateClient(ref, specOf({ settings: byKey(otherKey) }));
    expect(tenant.credentials.get(ref.consumerKey)?.map(({ pem }) => pem?.trim())).toEqual([otherKey.trim()]);
  });

  it("has neither secret nor settings of ours where it uses a way that we do not know", async () => {
    const { tenant, adapter } = await world();
    const methods = { of_tomorrow: { credentials: [{ id: "cred_1" }] } };
    const theirs = addClient(tenant, { name: "Theirs", client_authentication_methods: methods });
    const found = await adapter.readClient({ consumerKey: theirs.client_id });
    expect(found?.ref).toEqual({ consumerKey: theirs.client_id });
    expect(found?.state.settings).not.toHaveProperty("authentication");
  });

  it("keeps keys that somebody else has added", async () => {
    const { tenant, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf({ settings: byKey(publicKey) }));
    const theirs = { id: "cred_theirs", name: "by hand", credential_type: "public_key", pem: otherKey };
    tenant.credentials.get(ref.consumerKey)?.push(theirs);
    const methods = tenant.clients.get(ref.consumerKey)?.client_authentication_methods;
    methods?.["private_key_jwt"]?.credentials.push({ id: theirs.id });
    await adapter.updateClient(ref, specOf());
    expect(tenant.credentials.get(ref.consumerKey)).toEqual([theirs]);
  });
});

describe("reading and deleting", () => {
  it("takes only Auth0's own word for an absence", async () => {
    const { vendor, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    vendor.fail({ status: 404, body: { statusCode: 404, error: "Not Found", message: "Not Found" } }, { path: /api/ });
    expect((await failureOf(adapter.readClient(ref))).kind).toBe("not_found");
    vendor.recover();
    await adapter.deleteClient(ref);
    expect(await adapter.readClient(ref)).toBeNull();
  });

  it("does not take another client for the one that was asked for", async () => {
    const { vendor, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    vendor.fail({ status: 200, body: { client_id: "another" } }, { method: "GET", path: /clients/ });
    expect((await failureOf(adapter.readClient(ref))).kind).toBe("bad_response");
  });

  it.each(["..", "../users", "a/rotate-secret", "", "x?fields=name", "a%2e"])(
    "sends nothing for what is no client id: %j",
    async (consumerKey) => {
      const { vendor, adapter } = await world();
      expect(await adapter.readClient({ consumerKey })).toBeNull();
      await adapter.deleteClient({ consumerKey });
      expect(vendor.requests).toEqual([]);
    },
  );

  it("keeps the secret that is known where Auth0 shows none", async () => {
    const permissions = portalPermissions.filter(
      (name) => name !== "read:client_keys" && name !== "read:client_credentials",
    );
    const { adapter } = await world({ permissions });
    const { ref } = await adapter.registerClient(specOf());
    expect((await adapter.readClient(ref))?.ref.consumerSecret?.reveal()).toBe(ref.consumerSecret?.reveal());
    expect((await adapter.readClient({ consumerKey: ref.consumerKey }))?.ref.consumerSecret).toBeUndefined();
  });
});

describe("finding a client by its marker", () => {
  it("looks at every page, and at nothing but ids and metadata", async () => {
    const { vendor, tenant, adapter } = await world();
    for (let made = 0; made < 230; made += 1) addClient(tenant, { name: `Other ${String(made)}` });
    const asked = specOf();
    const { ref } = await adapter.registerClient(asked);
    for (let made = 0; made < 30; made += 1) addClient(tenant, { name: `Later ${String(made)}` });
    expect((await adapter.findClients?.(asked.marker))?.map((found) => found.ref.consumerKey)).toEqual([
      ref.consumerKey,
    ]);
    const pages = vendor.requests.filter(({ url }) => /\/clients\?.*take=100/.test(url));
    expect(pages).toHaveLength(3);
    for (const { url } of pages) expect(url).toContain("fields=client_id%2Cclient_metadata");
  });

  it("gives up on pages that do not end", async () => {
    const { vendor, adapter } = await world();
    vendor.fail({ status: 200, body: { clients: [], next: "again" } }, { path: /\/clients$/ });
    expect((await failureOf(adapter.findClients?.("m"))).kind).toBe("bad_response");
  });
});

describe("a secret of a client made by hand", () => {
  it("is compared with the one that Auth0 has, without asking for a token", async () => {
    const { vendor, adapter } = await world();
    const { clientId, clientSecret } = await vendor.createClient();
    await adapter.proveClient?.({ consumerKey: clientId, consumerSecret: new Secret(clientSecret) });
    expect(calls(vendor)).toEqual(["POST /oauth/token", `GET /clients/${clientId}`]);
  });

  it("that is shown to nobody is tried at the token endpoint, with a grant or without, either way", async () => {
    const { tenant, adapter } = await world({ permissions: ["read:clients"] });
    for (const token_endpoint_auth_method of ["client_secret_post", "client_secret_basic"]) {
      for (const grant_types of [["client_credentials"], ["authorization_code"]]) {
        const theirs = addClient(tenant, { name: "Theirs", token_endpoint_auth_method, grant_types });
        const ref = { consumerKey: theirs.client_id, consumerSecret: new Secret(theirs.client_secret) };
        expect((await adapter.proveClient?.(ref))?.ref.consumerKey).toBe(theirs.client_id);
        const wrong = { ...ref, consumerSecret: new Secret("wrong-wrong-wrong") };
        expect((await failureOf(adapter.proveClient?.(wrong))).kind).toBe("credentials_refused");
      }
    }
  });

  it("proves nothing where the client does not use it", async () => {
    const { tenant, adapter } = await world();
    const spa = addClient(tenant, { name: "Theirs", token_endpoint_auth_method: "none" });
    const ref = { consumerKey: spa.client_id, consumerSecret: new Secret(spa.client_secret) };
    expect((await failureOf(adapter.proveClient?.(ref))).kind).toBe("unsupported");
  });
});
