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
import { wso2is } from "./index.ts";
import { openWso2Is, type SimulatedWso2Is, type Wso2IsOptions } from "./simulator.ts";
import { clientNameOf } from "./wire.ts";

const origin = "https://wso2is.test";
const nameAtServer = clientNameOf;

describe("as servers are", () => {
  describeConnector(wso2is, { start: async () => simulated(await openWso2Is({ origin })), nameAtServer });
});

describe("as the description says they are, in a tenant", () => {
  const options = { isAsDescribed: true, tenant: "/t/shop.example" };
  describeConnector(wso2is, { start: async () => simulated(await openWso2Is({ origin }, options)), nameAtServer });
});

const portalClient = { clientId: "portal_client_0000000001", clientSecret: "canary-portal-secret-1" };
const portalKey = selfSigned("portal", { isRsa: true });
const strangerKey = selfSigned("stranger", { isRsa: true });
const trusting: Wso2IsOptions = {
  trustedCertificate: portalKey.certificate.trim(),
  assertionCertificate: portalKey.certificate,
};
const byCertificate = (key: typeof portalKey) => ({ method: "mutual_tls", identityUser: "admin", ...key });
const byKey = ({ privateKey }: typeof portalKey) => ({
  ...{ method: "private_key_jwt", clientId: portalClient.clientId, privateKey },
});

describe.each([
  ["a client with a secret", { method: "client_secret", ...portalClient }, { clientSecret: "not-the-secret" }],
  ["a client with a key", byKey(portalKey), byKey(strangerKey)],
  ["a user, by certificate", byCertificate(portalKey), byCertificate(strangerKey)],
])("signed in as %s", (_name, signIn, refused) => {
  describeConnector(wso2is, {
    nameAtServer,
    ...(signIn.method !== "client_secret" && { sendsSecret: false }),
    async start() {
      const server = await openWso2Is({ origin }, trusting);
      const connectionInput = { signIn };
      const settings = { ...server.settings, connection: connection.parse(connectionInput) };
      const owners = { ...server.owners, connectionInput: { signIn, owner: { method: "application" } } };
      const refusedConnectionInput = { signIn: { ...signIn, ...refused } };
      return { ...simulated(server), settings, owners, connectionInput, refusedConnectionInput };
    },
  });
});

async function world(options: Wso2IsOptions = {}, input: Record<string, unknown> = {}) {
  const server = await openWso2Is({ origin }, options);
  const settings = { ...server.settings, connection: connection.parse({ ...server.connectionInput, ...input }) };
  const adapter = managing(wso2is.open(settings, { fetch: server.fetch, clock: systemClock, log: silentLog }));
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

const lastBody = (server: SimulatedWso2Is, method: string) =>
  JSON.parse(server.requests.findLast((request) => request.method === method)?.body ?? "null") as unknown;

describe("signing in", () => {
  it("as a client uses client credentials with the scopes of the server's APIs, once, and for introspection too", async () => {
    const signIn = { method: "client_secret", ...portalClient };
    const { server, adapter } = await world({}, { signIn });
    const { ref } = await adapter.registerClient(specOf());
    const token = await adapter.issueToken?.(ref, { scopes: [] });
    if (!token) throw new Error("No token was issued.");
    expect(await adapter.introspectToken?.(token.accessToken)).toMatchObject({ active: true });
    const signIns = server.requests.filter(({ body }) => body.includes("internal_application_mgt_create"));
    expect(signIns).toHaveLength(1);
    // The session has ended at the server: asking about a token renews it.
    server.pass(3601);
    expect(await adapter.introspectToken?.(token.accessToken)).toEqual({ active: false });
  });

  it("sends user name and password as they are, not encoded as for a token endpoint", async () => {
    const { server, adapter } = await world(
      {},
      { signIn: { method: "basic", username: "a@b.example", password: "p:w%" } },
    );
    await failureOf(adapter.registerClient(specOf()));
    const { authorization = "" } = server.requests.at(-1)?.headers ?? {};
    expect(Buffer.from(authorization.slice(6), "base64").toString()).toBe("a@b.example:p:w%");
  });

  it("by certificate shows it at every call, for introspection too, and names the user to act as", async () => {
    const { server, adapter } = await world(trusting, { signIn: byCertificate(portalKey) });
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

  it("with a key sends a fresh assertion each time, and no secret", async () => {
    const { server, adapter } = await world(trusting, { signIn: byKey(portalKey) });
    const settings = { ...server.settings, connection: connection.parse({ signIn: byKey(portalKey) }) };
    const other = managing(wso2is.open(settings, { fetch: server.fetch, clock: systemClock, log: silentLog }));
    const { ref } = await adapter.registerClient(specOf());
    expect(await other.readClient(ref)).not.toBeNull();
    const forms = server.requests
      .filter(({ body }) => body.includes("client_assertion"))
      .map(({ body }) => new URLSearchParams(body));
    expect(forms).toHaveLength(2);
    expect(new Set(forms.map((form) => form.get("client_assertion"))).size).toBe(2);
    for (const form of forms) expect(form.has("client_secret")).toBe(false);
  });

  it.each([
    ["a certificate that the server does not trust", byCertificate(strangerKey), "trusts the certificate"],
    ["a key that the client does not name", byKey(strangerKey), "private key JWT authenticator"],
    ["a wrong secret", { method: "client_secret", ...portalClient, clientSecret: "wrong" }, "client credentials"],
    ["a wrong password", { method: "basic", username: "admin", password: "wrong" }, "user name and password"],
  ])("by %s is refused, and the connection test says what to check", async (_what, signIn, words) => {
    const { adapter } = await world(trusting, { signIn });
    expect(await adapter.checkAccess?.()).toMatchObject([
      { step: "sign_in", status: "failed", fix: expect.stringContaining(words) },
    ]);
  });

  it("finds the server from its issuer, or from the address where the issuer was changed", async () => {
    const { server } = await world();
    const dependencies = { fetch: server.fetch, clock: systemClock, log: silentLog };
    const { connectionInput, settings } = server;
    const renamed = { ...settings, connection: connection.parse(connectionInput), issuer: "https://login.example/" };
    expect(() => wso2is.open(renamed, dependencies)).toThrow(/server address/);
    const input = { ...connectionInput, serverUrl: `${origin}/` };
    const adapter = managing(wso2is.open({ ...renamed, connection: connection.parse(input) }, dependencies));
    expect((await adapter.registerClient(specOf())).ref.consumerKey).not.toBe("");
  });
});

describe("the connection test", () => {
  it.each([
    ["several", "passed"],
    ["one", "passed"],
    ["none", "warning"],
  ] as const)("says with the add-on “%s” whether new secrets can be made", async (addOn, status) => {
    const { adapter } = await world({ addOn });
    expect((await adapter.checkAccess?.())?.map((probe) => probe.status)).toEqual([
      "passed",
      "passed",
      "passed",
      status,
    ]);
  });

  it("finds the add-on where it answers 404 as it is described to", async () => {
    const { adapter } = await world({ isAsDescribed: true });
    expect((await adapter.checkAccess?.())?.map(({ status }) => status)).not.toContain("warning");
  });

  it("tells a refused sign-in from a missing permission, with something to do about each", async () => {
    const refused = await world({}, { signIn: { method: "basic", username: "admin", password: "wrong" } });
    expect(await refused.adapter.checkAccess?.()).toMatchObject([
      { step: "sign_in", status: "failed", fix: expect.stringContaining("password") },
    ]);
    const { server, adapter } = await world();
    server.fail({ status: 403 }, { path: /\/dcr\/v1\.1\// });
    const [signedIn, clients] = (await adapter.checkAccess?.()) ?? [];
    expect(signedIn?.status).toBe("passed");
    expect(clients).toMatchObject({ status: "failed", fix: expect.stringContaining("Application Management") });
    server.recover();
    server.fail({ status: 403 }, { path: /\/scopes/ });
    const probes = (await adapter.checkAccess?.()) ?? [];
    expect(probes.map(({ status }) => status)).toEqual(["passed", "passed", "warning", "passed"]);
  });

  it("changes nothing", async () => {
    const { server, adapter } = await world();
    await adapter.checkAccess?.();
    expect(new Set(server.requests.map(({ method }) => method))).toEqual(new Set(["GET"]));
  });
});

describe("a client", () => {
  it("that is unknown is told from a sign-in that is refused, though the server answers 401 to both", async () => {
    const { adapter } = await world();
    const nobody = { consumerKey: "nobody_nobody_nobody" };
    expect(await adapter.readClient(nobody)).toBeNull();
    await adapter.deleteClient(nobody);
    const refused = await world({}, { signIn: { method: "basic", username: "admin", password: "wrong" } });
    expect((await failureOf(refused.adapter.readClient(nobody))).kind).toBe("credentials_refused");
    expect((await failureOf(refused.adapter.deleteClient(nobody))).kind).toBe("credentials_refused");
  });

  it("is registered at a server before 6.2 too, as long as nothing is asked that it cannot set", async () => {
    const { adapter } = await world({ isOld: true });
    const { ref } = await adapter.registerClient(specOf());
    expect(ref.consumerSecret).toBeDefined();
    const error = await failureOf(
      adapter.registerClient(specOf({ settings: client.parse({ applicationTokenLifetime: 60 }) })),
    );
    expect(error).toMatchObject({
      kind: "rejected",
      reason: "Unrecognized field : ext_application_token_lifetime",
      message: expect.stringContaining("leave it at its default"),
    });
  });

  it("with a name or client id that is taken is a conflict, though the server answers 400", async () => {
    const { adapter } = await world();
    const spec = specOf();
    await adapter.registerClient(spec);
    expect(await failureOf(adapter.registerClient(spec))).toMatchObject({
      kind: "conflict",
      reason: `Application with the name ${clientNameOf(spec)} already exist in the system`,
    });
  });

  it("gets lifetimes, token type, PKCE and owner, and loses them again", async () => {
    const { server, adapter } = await world({}, { owner: { method: "user", username: "carol" } });
    const settings = client.parse({
      applicationTokenLifetime: 60,
      userTokenLifetime: 120,
      refreshTokenLifetime: 180,
      idTokenLifetime: 240,
      tokenType: "Default",
      proofKey: "required",
      plainProofKey: true,
    });
    const made = await adapter.registerClient(specOf({ settings }));
    expect(made.state.settings).toEqual(settings);
    expect(server.clients.get(made.ref.consumerKey)?.owner).toBe("carol");
    expect(await adapter.issueToken?.(made.ref, { scopes: [] })).toMatchObject({ expiresInSeconds: 60 });
    const updated = await adapter.updateClient(made.ref, specOf());
    expect(updated.state.settings).toEqual(client.parse({}));
    expect(server.clients.get(made.ref.consumerKey)?.lifetimes["ext_application_token_lifetime"]).toBe(0);
  });

  it("keeps its secret and what others have set at an update", async () => {
    const { server, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    const stored = server.clients.get(ref.consumerKey);
    if (!stored) throw new Error("The client is not there.");
    stored.requireSignedRequestObject = true;
    await adapter.updateClient(ref, specOf());
    expect(stored.requireSignedRequestObject).toBe(true);
    expect(lastBody(server, "PUT")).not.toHaveProperty("client_secret");
    expect((await adapter.readClient(ref))?.ref.consumerSecret?.reveal()).toBe(ref.consumerSecret?.reveal());
  });

  it("has several redirect addresses as one pattern, and gives them back one by one", async () => {
    const { server, adapter } = await world();
    const redirectUris = ["https://a.example/cb?x=1", "https://b.example/cb"];
    const grantTypes = ["authorization_code"];
    const { ref, state } = await adapter.registerClient(specOf({ grantTypes, redirectUris }));
    expect(server.clients.get(ref.consumerKey)?.callbackUrl).toBe(
      "regexp=(https://a.example/cb\\?x=1|https://b.example/cb)",
    );
    expect(state.redirectUris).toEqual(redirectUris);
    // The server does not take them all away, and the answer does not pretend so.
    const after = await adapter.updateClient(ref, specOf());
    expect(after.state.redirectUris).toEqual(redirectUris);
  });

  it("has no secret where it is public or signs with a key of its own, and may get one again", async () => {
    const { adapter } = await world();
    const grantTypes = ["authorization_code"];
    const redirectUris = ["https://a.example/cb"];
    for (const authentication of [
      { method: "none" },
      { method: "private_key_jwt", jwksUri: "https://app.example/jwks" },
    ]) {
      const settings = client.parse({ authentication });
      const made = await adapter.registerClient(specOf({ settings, grantTypes, redirectUris }));
      expect(made.ref.consumerSecret).toBeUndefined();
      expect(made.state.settings).toMatchObject({ authentication });
      const changed = await adapter.updateClient(made.ref, specOf({ grantTypes, redirectUris }));
      expect(changed.state.settings).toMatchObject({ authentication: { method: "client_secret" } });
      expect(changed.ref.consumerSecret).toBeDefined();
    }
  });

  it("keeps the secret that is known where the server shows only its hash", async () => {
    const { server, adapter } = await world({ isHashing: true });
    const { clientId, clientSecret } = await server.createClient();
    const known = { consumerKey: clientId, consumerSecret: new Secret(clientSecret) };
    expect((await adapter.readClient(known))?.ref.consumerSecret?.reveal()).toBe(clientSecret);
    expect((await adapter.readClient({ consumerKey: clientId }))?.ref.consumerSecret).toBeUndefined();
    // The token endpoint decides whose it is.
    expect((await adapter.proveClient?.(known))?.ref.consumerSecret?.reveal()).toBe(clientSecret);
    const wrong = { ...known, consumerSecret: new Secret("wrong") };
    expect((await failureOf(adapter.proveClient?.(wrong))).kind).toBe("credentials_refused");
  });

  it("that is proven gets no token for it where its secret can be read: a new one would end the last", async () => {
    const { server, adapter } = await world();
    const { clientId, clientSecret } = await server.createClient();
    await adapter.proveClient?.({ consumerKey: clientId, consumerSecret: new Secret(clientSecret) });
    expect(server.requests.filter(({ url }) => url.endsWith("/oauth2/token"))).toEqual([]);
  });

  it("that needs no secret is not proven by one", async () => {
    const { adapter } = await world();
    const settings = client.parse({ authentication: { method: "none" } });
    const grantTypes = ["authorization_code"];
    const { ref } = await adapter.registerClient(specOf({ settings, grantTypes, redirectUris: ["https://a.example"] }));
    const proof = adapter.proveClient?.({ ...ref, consumerSecret: new Secret("anything") });
    expect((await failureOf(proof)).kind).toBe("unsupported");
  });

  it.each(["client_secret_basic", "client_secret_post"])(
    "that may authenticate by %s only gets tokens",
    async (only) => {
      const { server, adapter } = await world();
      const { clientId, clientSecret } = await server.createClient();
      const stored = server.clients.get(clientId);
      if (stored) stored.authMethod = only;
      const ref = { consumerKey: clientId, consumerSecret: new Secret(clientSecret) };
      const token = await adapter.issueToken?.(ref, { scopes: [] });
      if (!token) throw new Error("No token was issued.");
      await adapter.revokeToken?.(ref, token.accessToken, "access_token");
      expect(await adapter.introspectToken?.(token.accessToken)).toEqual({ active: false });
    },
  );

  it("of another id in the answer is nobody's", async () => {
    const { server, adapter } = await world();
    const { clientId } = await server.createClient();
    server.fail({ status: 200, body: { client_id: `${clientId}2` } }, { method: "GET" });
    expect((await failureOf(adapter.readClient({ consumerKey: clientId }))).kind).toBe("bad_response");
  });
});

describe("the owner of a client", () => {
  const owned = { owner: { method: "application" } };
  const [dora, emil] = ["dora@developers.example", "emil@developers.example"];
  const changesOf = (server: SimulatedWso2Is) => server.requests.filter(({ url }) => url.includes("/change-owner"));

  it("is whoever the portal signs in as unless the settings say otherwise, and stays so", async () => {
    const { server, adapter } = await world({ addOn: "none" });
    const spec = specOf({ owner: { email: dora } });
    const { ref, state } = await adapter.registerClient(spec);
    expect(lastBody(server, "POST")).not.toHaveProperty("ext_application_owner");
    expect(server.clients.get(ref.consumerKey)?.owner).toBe("admin");
    const given = await adapter.changeOwner?.(ref, { ...spec, owner: { email: emil } });
    expect(given?.state).toEqual(state);
    expect(server.clients.get(ref.consumerKey)?.owner).toBe("admin");
    expect(wso2is.ownerFollows?.(connection.parse(server.connectionInput) as object)).toBe(false);
  });

  it("must be a user of the server, whether it says nobody with an empty list or with 404", async () => {
    for (const answersNobodyAs404 of [false, true]) {
      const { server, adapter } = await world({ answersNobodyAs404 }, owned);
      const before = server.clients.size;
      expect(await failureOf(adapter.registerClient(specOf({ owner: { email: "nobody@x.example" } })))).toMatchObject({
        kind: "rejected",
        message: expect.stringContaining("no user nobody@x.example"),
      });
      expect(server.clients.size).toBe(before);
    }
  });

  it("is left to the server where the portal may not see its users", async () => {
    const { server, adapter } = await world({}, owned);
    server.fail({ status: 403 }, { path: /^\/scim2\// });
    const { ref } = await adapter.registerClient(specOf({ owner: { email: dora } }));
    expect(server.clients.get(ref.consumerKey)?.owner).toBe(dora);
  });

  it("must be named where clients belong to the owners of applications", async () => {
    const { adapter } = await world({}, owned);
    expect((await failureOf(adapter.registerClient(specOf()))).kind).toBe("misconfigured");
  });

  it("is changed once, in a tenant too, and named with the tenant's domain", async () => {
    const { server, adapter } = await world({ tenant: "/t/shop.example" }, owned);
    const spec = specOf({ owner: { email: dora } });
    const { ref } = await adapter.registerClient(spec);
    for (const _time of [1, 2]) await adapter.changeOwner?.(ref, { ...spec, owner: { email: emil.toUpperCase() } });
    // Names are compared without case: nothing is asked for twice.
    expect(server.clients.get(ref.consumerKey)?.owner.toLowerCase()).toBe(emil);
    expect(changesOf(server).map(({ url }) => new URL(url).searchParams.get("applicationOwner"))).toEqual([
      `${emil.toUpperCase()}@shop.example`,
    ]);
  });

  it("takes the client's name with it at an earlier add-on, and the name is set back", async () => {
    const { server, adapter } = await world({ isRenaming: true }, owned);
    const spec = specOf({ owner: { email: dora }, settings: client.parse({ proofKey: "required" }) });
    const { ref, state } = await adapter.registerClient(spec);
    for (const _time of [1, 2]) {
      const given = await adapter.changeOwner?.(ref, { ...spec, owner: { email: emil } });
      expect(given?.state).toMatchObject({ name: state.name, settings: { proofKey: "required" } });
    }
    expect(server.clients.get(ref.consumerKey)).toMatchObject({ owner: emil, name: clientNameOf(spec) });
    expect(await adapter.findClients?.(spec.marker)).toHaveLength(1);
    // An attempt that ended between the two is brought to its end by the next.
    const stored = server.clients.get(ref.consumerKey);
    if (stored) stored.name = `${emil}null${stored.name}`;
    await adapter.changeOwner?.(ref, { ...spec, owner: { email: emil } });
    expect(stored?.name).toBe(clientNameOf(spec));
  });

  it("cannot be changed without the add-on, which is said", async () => {
    const { server, adapter } = await world({ addOn: "none" }, owned);
    const spec = specOf({ owner: { email: dora } });
    const { ref } = await adapter.registerClient(spec);
    expect(await failureOf(adapter.changeOwner?.(ref, { ...spec, owner: { email: emil } }))).toMatchObject({
      kind: "unsupported",
      message: expect.stringContaining("change owners"),
    });
    expect(server.clients.get(ref.consumerKey)?.owner).toBe(dora);
  });

  it("is not taken for changed where the server keeps the former one", async () => {
    const { server, adapter } = await world({}, owned);
    const spec = specOf({ owner: { email: dora } });
    const { ref } = await adapter.registerClient(spec);
    server.fail({ status: 200, body: { ext_application_owner: `${dora}@carbon.super` } }, { path: /change-owner/ });
    const error = await failureOf(adapter.changeOwner?.(ref, { ...spec, owner: { email: emil } }));
    expect(error).toMatchObject({ kind: "rejected", message: expect.stringContaining("keeps") });
  });

  it("goes to nobody through a client that is gone", async () => {
    const { adapter } = await world({}, owned);
    const spec = specOf({ owner: { email: dora } });
    const { ref } = await adapter.registerClient(spec);
    await adapter.deleteClient(ref);
    expect((await failureOf(adapter.changeOwner?.(ref, spec))).kind).toBe("not_found");
  });
});

describe("new secrets", () => {
  it("replace the old one through the add-on where each client has one", async () => {
    const { adapter } = await world({ addOn: "one" });
    const { ref } = await adapter.registerClient(specOf());
    const rotated = await adapter.rotateSecret?.(ref);
    expect(rotated?.ref.consumerSecret?.reveal()).not.toBe(ref.consumerSecret?.reveal());
    expect((await failureOf(adapter.issueToken?.(ref, { scopes: [] }))).kind).toBe("credentials_refused");
    expect(await failureOf(adapter.secrets?.list(ref))).toMatchObject({
      kind: "unsupported",
      message: expect.stringContaining("switched off"),
    });
  });

  it("are refused with the reason where the server lacks the add-on, and all else works", async () => {
    const { adapter } = await world({ addOn: "none" });
    const { ref } = await adapter.registerClient(specOf());
    for (const call of [adapter.rotateSecret?.(ref), adapter.secrets?.list(ref), adapter.secrets?.add(ref, {})]) {
      expect(await failureOf(call)).toMatchObject({
        kind: "unsupported",
        message: expect.stringContaining("lacks the add-on keymanager-operations"),
      });
    }
    expect(await adapter.issueToken?.(ref, { scopes: [] })).toBeDefined();
  });

  it("end when they are told to", async () => {
    const { server, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    const expiresAt = new Date(Date.now() + 3_600_000);
    const added = await adapter.secrets?.add(ref, { expiresAt });
    if (!added) throw new Error("The connector has no secrets.");
    expect(Math.abs((added.secret.expiresAt?.getTime() ?? 0) - expiresAt.getTime())).toBeLessThan(5_000);
    expect(added.secret.hint).toBe(`…${added.client.ref.consumerSecret?.reveal().slice(-4) ?? ""}`);
    server.pass(3_700);
    expect((await failureOf(adapter.issueToken?.(added.client.ref, { scopes: [] }))).kind).toBe("credentials_refused");
    const past = adapter.secrets?.add(ref, { expiresAt: new Date(0) });
    expect((await failureOf(past)).message).toContain("future");
  });

  it("come with the failure where an old one could not be ended", async () => {
    const { server, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    server.fail({ status: 500 }, { method: "DELETE", path: /\/secrets\// });
    const error = await failureOf(adapter.rotateSecret?.(ref));
    expect(error.kind).toBe("unreachable");
    expect(error.credentials?.consumerSecret?.reveal()).toBe(
      server.clients.get(ref.consumerKey)?.secrets.at(-1)?.value,
    );
  });

  it("of another client are never ended, though the add-on would", async () => {
    const { adapter } = await world();
    const one = await adapter.registerClient(specOf());
    const other = await adapter.registerClient(specOf());
    const [foreign] = (await adapter.secrets?.list(other.ref)) ?? [];
    await adapter.secrets?.remove(one.ref, foreign?.id ?? "");
    expect(await adapter.secrets?.list(other.ref)).toHaveLength(1);
  });
});

describe("tokens", () => {
  it("that are opaque are handed out again as long as they live", async () => {
    const { adapter } = await world();
    const { ref } = await adapter.registerClient(specOf({ settings: client.parse({ tokenType: "Default" }) }));
    const [one, two] = [
      await adapter.issueToken?.(ref, { scopes: [] }),
      await adapter.issueToken?.(ref, { scopes: [] }),
    ];
    expect(two?.accessToken.reveal()).toBe(one?.accessToken.reveal());
  });

  it("have no scope that the server did not grant, though its answer is silent about it", async () => {
    const { adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    const token = await adapter.issueToken?.(ref, { scopes: ["internal_application_mgt_view"] });
    expect(token?.scopes).toEqual([]);
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
      adapter.exchangeToken?.(ref, { subjectToken: new Secret(text), subjectTokenType, scopes: ["orders"] });
    expect(await exchange(await server.partnerToken())).toMatchObject({ tokenType: "Bearer", scopes: ["orders"] });
    expect(await failureOf(exchange("eyJ.other.token"))).toMatchObject({
      kind: "rejected",
      reason: expect.stringContaining("No Registered IDP"),
    });
  });
});

describe("scopes", () => {
  it("are bound to the roles of the connection when they are made, and keep what was set since", async () => {
    const { server, adapter } = await world({}, { scopeRoles: ["Internal/subscriber"] });
    await adapter.scopes?.save({ name: "orders:read/é", description: "" });
    const scope = server.scopes.get("orders:read/é");
    expect(scope?.bindings).toEqual(["Internal/subscriber"]);
    server.scopes.set("orders:read/é", {
      name: "orders:read/é",
      displayName: "Orders",
      description: "",
      bindings: ["boss"],
    });
    await adapter.scopes?.save({ name: "orders:read/é", description: "Read" });
    expect(server.scopes.get("orders:read/é")).toEqual({
      name: "orders:read/é",
      displayName: "Orders",
      description: "Read",
      bindings: ["boss"],
    });
  });

  it("must exist to be granted; a grant changes nothing, because any client may ask", async () => {
    const { server, adapter } = await world();
    const { ref } = await adapter.registerClient(specOf());
    await adapter.scopes?.save({ name: "orders", description: "" });
    const written = () => server.requests.filter(({ method }) => method !== "GET").length;
    const before = written();
    await adapter.scopes?.grant(ref, ["orders"]);
    expect(written()).toBe(before);
    expect((await failureOf(adapter.scopes?.grant(ref, ["orders", "nowhere"]))).message).toContain("nowhere");
  });

  it("of the server's own APIs are neither listed nor touched", async () => {
    const { server, adapter } = await world();
    const name = "internal_application_mgt_view";
    server.scopes.set(name, { name, displayName: name, description: "", bindings: [] });
    expect(await adapter.scopes?.list()).toEqual([]);
    expect((await failureOf(adapter.scopes?.save({ name, description: "ours" }))).kind).toBe("conflict");
    expect((await failureOf(adapter.scopes?.remove(name))).kind).toBe("conflict");
  });
});

describe("recognising a server", () => {
  const metadata = { issuer: `${origin}/oauth2/token`, token_endpoint: `${origin}/oauth2/token` };
  it("goes by the issuer, and leaves version 7 to its own connector", () => {
    expect(wso2is.recognise?.(metadata)).toContain("/oauth2/token");
    expect(
      wso2is.recognise?.({ ...metadata, pushed_authorization_request_endpoint: `${origin}/oauth2/par` }),
    ).toBeNull();
    expect(wso2is.recognise?.({ ...metadata, issuer: origin })).toBeNull();
    expect(wso2is.recognise?.({})).toBeNull();
  });
});
