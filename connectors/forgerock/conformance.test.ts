import { generateKeyPairSync } from "node:crypto";
import { SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { describeConnector, simulated } from "#lib/connector-kit/conformance.ts";
import { managing, type ClientSpec } from "#lib/connector-kit/contract.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { silentLog } from "#lib/foundation/log.ts";
import type { OutboundFetch, OutboundInit } from "#lib/foundation/outbound-contract.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { discover } from "#lib/protocol/discovery.ts";
import { selfSigned } from "#tooling/testing/certificates.ts";
import { snapshotData, trustAnchor, validationWorld } from "#tooling/testing/validation.ts";
import { client, connection } from "./config.ts";
import { forgerock } from "./index.ts";
import { publicSigningKey, type WorldOptions } from "./simulator-world.ts";
import { mintToken } from "./simulator-tokens.ts";
import { simulateAm, simulator, type SimulatedAm } from "./simulator.ts";

const origin = "https://forgerock.test";

describeConnector(forgerock, { start: async () => simulated(await simulator.open({ origin })) });

function amWith(options: WorldOptions = {}): SimulatedAm {
  return simulateAm({ origin }, options);
}

function opened(
  am: SimulatedAm,
  input: Record<string, unknown> = am.connectionInput,
  issuer = am.settings.issuer,
  fetch: OutboundFetch = am.fetch,
) {
  const settings = { ...am.settings, issuer, connection: connection.parse(input) };
  // Both sides must agree on the time: the assertions of a service account are short-lived.
  const clock = { now: () => new Date(am.world.now() * 1000) };
  return managing(forgerock.open(settings, { fetch, clock, log: silentLog }));
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

const administratorOf = ({ world }: SimulatedAm) => ({ method: "administrator", ...world.administrator });
const serviceAccountOf = ({ world: { serviceAccount } }: SimulatedAm) => ({
  method: "service_account",
  serviceAccountId: serviceAccount.id,
  privateKey: serviceAccount.privateJwk,
});
const pathsOf = (am: SimulatedAm) => am.requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`);

describe("signing in", () => {
  it.each([
    ["an administrator account", administratorOf],
    ["a service account", serviceAccountOf],
  ])("works with %s, once for many calls, and again when the session has ended", async (_name, authenticationOf) => {
    const am = amWith();
    const adapter = opened(am, { authentication: authenticationOf(am) });
    const { ref } = await adapter.registerClient(specOf());
    await Promise.all([adapter.readClient(ref), adapter.readClient(ref)]);
    const signIns = () => pathsOf(am).filter((path) => /\/(authenticate|access_token)$/.test(path)).length;
    expect(signIns()).toBe(1);
    am.pass?.(2000);
    expect(await adapter.readClient(ref)).not.toBeNull();
    expect(signIns()).toBe(2);
  });

  it("carries the session in a header that is named after AM's cookie", async () => {
    const am = amWith({ cookieName: "6ac6499e9da2071" });
    const authentication = administratorOf(am);
    expect((await failureOf(opened(am, { authentication }).registerClient(specOf()))).kind).toBe("credentials_refused");
    const named = { ...authentication, cookieName: am.world.cookieName };
    expect((await opened(am, { authentication: named }).registerClient(specOf())).ref.consumerKey).toBeTruthy();
  });

  it("says names and passwords beyond ASCII in the form that AM reads", async () => {
    const am = amWith();
    Object.assign(am.world.administrator, { username: "jürgen", password: "pässwörd ☂" });
    const adapter = opened(am, { authentication: administratorOf(am) });
    expect((await adapter.registerClient(specOf())).state.name).toBe("App");
    expect(am.requests[0]?.headers["x-openam-username"]).toBe("=?UTF-8?B?asO8cmdlbg==?=");
  });

  it("at the account's own realm and by another journey, where those are named", async () => {
    const am = amWith({ secondFactor: true });
    const authentication = administratorOf(am);
    const failure = await failureOf(opened(am, { authentication }).registerClient(specOf()));
    expect(failure).toMatchObject({ kind: "misconfigured", message: expect.stringContaining("journey") });
    const other = { ...authentication, accountRealm: "own", journey: "ldapService" };
    await opened(am, { authentication: other }).registerClient(specOf());
    const asked = am.requests.find(({ url }) => url.includes("authIndexValue=ldapService"));
    expect(asked?.url).toContain("/json/realms/root/realms/alpha/authenticate?authIndexType=service");
  });

  it("with a client of its own: by a signed assertion, or by a certificate", async () => {
    const am = amWith();
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const signing = am.world.addClient({
      core: { scopes: ["fr:am:*"] },
      advanced: { tokenEndpointAuthMethod: "private_key_jwt" },
      keys: [publicKey.export({ format: "jwk" })],
    });
    const pem = privateKey.export({ format: "pem", type: "pkcs8" });
    const authentication = { method: "private_key_jwt", clientId: signing.id, privateKey: pem };
    expect((await opened(am, { authentication }).registerClient(specOf())).state.name).toBe("App");

    const shown = selfSigned("portal");
    const byCertificate = { method: "mutual_tls", clientId: signing.id, ...shown };
    const seen: OutboundInit[] = [];
    const adapter = opened(am, { authentication: byCertificate }, undefined, (url, init = {}) => {
      seen.push(init);
      return am.fetch(url, init);
    });
    // AM knows this client by its key, not by a certificate.
    expect((await failureOf(adapter.registerClient(specOf()))).kind).toBe("credentials_refused");
    expect(seen[0]?.identity?.certificate).toBe(shown.certificate.trim());
    expect(seen[0]?.body).toContain("scope=fr%3Aam%3A*");
    Object.assign(signing.groups["advancedOAuth2ClientConfig"] ?? {}, { tokenEndpointAuthMethod: "tls_client_auth" });
    Object.assign(signing.groups["signEncOAuth2ClientConfig"] ?? {}, { mTLSSubjectDN: "CN=portal" });
    expect((await adapter.registerClient(specOf())).state.name).toBe("App");
  });

  it("reaches the REST API at its own host where it has one, and the realm by each spelling of its issuer", async () => {
    const am = amWith({ adminBase: "https://admin.test/am" });
    const input = { authentication: serviceAccountOf(am), adminUrl: "https://admin.test/am/" };
    for (const path of ["/realms/root/realms/alpha", "/alpha"]) {
      await opened(am, input, `${origin}/am/oauth2${path}`).registerClient(specOf());
    }
    expect(new Set(am.requests.map(({ url }) => new URL(url).host))).toEqual(new Set(["admin.test"]));
    await failureOf(opened(am, input, `${origin}/am/oauth2`).registerClient(specOf()));
    expect(am.requests.at(-1)?.url).toContain("/json/realms/root/realm-config/");
    expect(() => opened(am, input, `${origin}/realms/alpha`)).toThrow("/am/oauth2/realms/root/realms/");
  });
});

describe("a client", () => {
  it("is made from the realm's template under its marker, with the connection's default scopes, and never over another", async () => {
    const am = amWith();
    const adapter = opened(am, { ...am.connectionInput, defaultScopes: ["basic"] });
    const spec = specOf({ settings: client.parse({ accessTokenLifetime: 120 }) });
    const { ref } = await adapter.registerClient(spec);
    const made = am.world.clients.get(spec.marker);
    expect(ref.consumerKey).toBe(spec.marker);
    expect(made?.secret).toBe(ref.consumerSecret?.reveal());
    expect(made?.groups["coreOAuth2ClientConfig"]).toMatchObject({ scopes: ["basic"], accessTokenLifetime: 120 });
    expect(made?.groups["signEncOAuth2ClientConfig"]).toHaveProperty("idTokenSignedResponseAlg", "RS256");
    const token = await adapter.issueToken?.(ref, { scopes: [] });
    expect(token).toMatchObject({ scopes: ["basic"], expiresInSeconds: 119 });
    const failure = await failureOf(adapter.registerClient(spec));
    expect(failure).toMatchObject({ kind: "conflict", status: 412, reason: expect.stringContaining("already exists") });
    expect(am.world.clients.get(spec.marker)?.secret).toBe(ref.consumerSecret?.reveal());
  });

  it("keeps what others set in the console, and its secret, when the portal changes it", async () => {
    const am = amWith();
    const adapter = opened(am);
    const { ref } = await adapter.registerClient(specOf());
    const groups = am.world.clients.get(ref.consumerKey)?.groups ?? {};
    Object.assign(groups["advancedOAuth2ClientConfig"] ?? {}, {
      contacts: ["a@example.com"],
      customProperties: ["x=1"],
    });
    Object.assign(groups["coreOAuth2ClientConfig"] ?? {}, { clientName: ["App", "Anwendung|de"] });
    await adapter.updateClient(ref, specOf({ name: "Re|named" }));
    const after = am.world.clients.get(ref.consumerKey);
    expect(after?.groups["advancedOAuth2ClientConfig"]).toMatchObject({
      contacts: ["a@example.com"],
      customProperties: ["x=1"],
    });
    expect(after?.groups["coreOAuth2ClientConfig"]).toMatchObject({ clientName: ["Re/named", "Anwendung|de"] });
    expect(after?.secret).toBe(ref.consumerSecret?.reveal());
  });

  it.each(["client_secret_basic", "client_secret_post"] as const)(
    "gets tokens by %s and nothing else",
    async (method) => {
      const am = amWith();
      const adapter = opened(am);
      const settings = client.parse({ authentication: { method } });
      const { ref, state } = await adapter.registerClient(specOf({ settings }));
      expect(state.settings).toEqual(settings);
      const token = await adapter.issueToken?.(ref, { scopes: [] });
      await adapter.revokeToken?.(ref, token?.accessToken ?? new Secret(""), "access_token");
      expect(am.world.tokens.has(token?.accessToken.reveal() ?? "")).toBe(false);
    },
  );

  it("has no secret where it uses a key or none, and gets one when it begins to use one", async () => {
    const am = amWith();
    const adapter = opened(am);
    const key = client.parse({ authentication: { method: "private_key_jwt", jwksUri: "https://app.example/keys" } });
    const { ref, state } = await adapter.registerClient(specOf({ settings: key }));
    expect(ref.consumerSecret).toBeUndefined();
    expect(state.settings["authentication"]).toEqual(key.authentication);
    expect((await failureOf(adapter.rotateSecret?.(ref))).kind).toBe("unsupported");
    const open = await adapter.updateClient(
      ref,
      specOf({ settings: client.parse({ authentication: { method: "none" } }) }),
    );
    expect(open.ref.consumerSecret).toBeUndefined();
    // The key that it no longer uses does not open it either.
    expect(am.world.clients.get(ref.consumerKey)?.groups["signEncOAuth2ClientConfig"]?.["jwksUri"]).toBe("");
    const closed = await adapter.updateClient(open.ref, specOf());
    expect(closed.ref.consumerSecret?.reveal()).toBe(am.world.clients.get(ref.consumerKey)?.secret);
    expect(await adapter.issueToken?.(closed.ref, { scopes: [] })).toMatchObject({ scopes: ["default"] });
  });

  describe("with a certificate", () => {
    const shown = selfSigned("app.example");
    const ways = [
      { method: "tls_client_auth", subject: "CN=app.example" },
      { method: "self_signed_tls_client_auth", certificate: shown.certificate.trim() },
    ];
    const signing = (am: SimulatedAm, id: string) => am.world.clients.get(id)?.groups["signEncOAuth2ClientConfig"];

    /** The status with which AM answers this client, with this certificate, at the token endpoint. */
    async function statusWith(am: SimulatedAm, clientId: string, { certificate, privateKey }: typeof shown) {
      const body = new URLSearchParams({ grant_type: "client_credentials", client_id: clientId }).toString();
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const url = am.settings.endpoints.token ?? "";
      const identity = { certificate, privateKey: new Secret(privateKey) };
      return (await am.fetch(url, { method: "POST", headers, body, identity })).status;
    }

    it.each(ways)("has no secret, and gets tokens with that one alone: $method", async (authentication) => {
      const am = amWith();
      const settings = client.parse({ authentication });
      const { ref, state } = await opened(am).registerClient(specOf({ settings }));
      expect(ref.consumerSecret).toBeUndefined();
      expect(state.settings).toMatchObject({ authentication });
      expect(client.safeParse(state.settings).success).toBe(true);
      expect(await statusWith(am, ref.consumerKey, shown)).toBe(200);
      expect(await statusWith(am, ref.consumerKey, selfSigned("other.example"))).toBe(400);
      const proof = opened(am).proveClient?.({ ...ref, consumerSecret: new Secret("a-secret") });
      expect(await failureOf(proof)).toMatchObject({
        kind: "unsupported",
        message: expect.stringContaining(authentication.method),
      });
    });

    it("is opened by the one before no more once it goes over to another way", async () => {
      const am = amWith();
      const adapter = opened(am);
      let { ref } = await adapter.registerClient(specOf({ settings: client.parse({ authentication: ways[0] }) }));
      ({ ref } = await adapter.updateClient(ref, specOf({ settings: client.parse({ authentication: ways[1] }) })));
      expect(signing(am, ref.consumerKey)).toMatchObject({ mTLSSubjectDN: "", publicKeyLocation: "x509" });
      ({ ref } = await adapter.updateClient(ref, specOf()));
      expect(Object.values(signing(am, ref.consumerKey) ?? {})).not.toContain(shown.certificate.trim());
      expect(await statusWith(am, ref.consumerKey, shown)).toBe(400);
      expect(await adapter.issueToken?.(ref, { scopes: [] })).toMatchObject({ scopes: ["default"] });
    });
  });

  it("is the one of exactly this id, whatever stands in it", async () => {
    const am = amWith();
    const adapter = opened(am);
    const { id } = am.world.addClient({ id: "a/b?c d%" });
    expect((await adapter.readClient({ consumerKey: id }))?.ref.consumerKey).toBe(id);
    const other = am.world.addClient({ id: "Shop" });
    // A directory that does not look at case answers with the client as it is spelled.
    am.world.clients.set("shop", other);
    expect(await adapter.readClient({ consumerKey: "shop" })).toBeNull();
  });

  it("does not stay behind where the answer to its making cannot be read", async () => {
    const am = amWith();
    const spec = specOf();
    am.fail("truncated", { method: "PUT", times: 1 });
    expect((await failureOf(opened(am).registerClient(spec))).kind).toBe("bad_response");
    expect(am.world.clients.has(spec.marker)).toBe(false);
  });

  it.each(["error-after-write", "truncated"] as const)(
    "hands out a new secret that AM took although its answer failed (%s)",
    async (fault) => {
      const am = amWith();
      const adapter = opened(am);
      const { ref } = await adapter.registerClient(specOf());
      am.fail(fault, { method: "PUT", times: 1 });
      const failure = await failureOf(adapter.rotateSecret?.(ref));
      expect(failure.credentials?.consumerSecret?.reveal()).toBe(am.world.clients.get(ref.consumerKey)?.secret);
    },
  );

  it("never shows its secret where AM quotes what it refuses", async () => {
    const am = amWith();
    const adapter = opened(am);
    await adapter.checkAccess?.();
    let sent = "";
    const quoting: OutboundFetch = (url, init = {}) => {
      if (init.method !== "PUT") return am.fetch(url, init);
      sent = /"userpassword":"([^"]+)"/.exec(init.body ?? "")?.[1] ?? "";
      return Promise.resolve(Response.json({ code: 400, message: `Not valid: ${init.body ?? ""}` }, { status: 400 }));
    };
    const failure = await failureOf(opened(am, am.connectionInput, undefined, quoting).registerClient(specOf()));
    expect(sent.length).toBeGreaterThan(30);
    expect(failure.reason).toContain("Not valid");
    expect(failure.reason).not.toContain(sent);
  });
});

describe("refusals", () => {
  it("of an account without the right to administer the realm name what is missing", async () => {
    const am = amWith();
    am.world.serviceAccount.scopes = ["fr:idm:*"];
    const weak = { authentication: serviceAccountOf(am), adminScopes: ["fr:idm:*"] };
    const failure = await failureOf(opened(am, weak).registerClient(specOf()));
    expect(failure).toMatchObject({ kind: "credentials_refused", status: 403 });
    expect(failure.message).toContain("the scope fr:idm:*");
    const probes = (await opened(am, weak).checkAccess?.()) ?? [];
    expect(probes[0]).toMatchObject({ step: "sign_in", status: "passed" });
    expect(probes[1]).toMatchObject({ step: "permissions", status: "failed", fix: expect.stringContaining("fr:am:*") });
  });

  it("of a scope that the service account does not have say so in AM's words", async () => {
    const am = amWith();
    const input = { authentication: serviceAccountOf(am), adminScopes: ["fr:am:*", "fr:idm:*"] };
    const [signIn] = (await opened(am, input).checkAccess?.()) ?? [];
    expect(signIn).toMatchObject({ status: "failed", detail: "Unsupported scope for service account: fr:idm:*" });
  });

  it("where the realm has no place for clients tell what to do", async () => {
    const am = amWith();
    const adapter = opened(am);
    am.fail({ status: 404, body: { code: 404, message: "Parent service does not exist." } }, { method: "PUT" });
    expect(await failureOf(adapter.registerClient(specOf()))).toMatchObject({
      kind: "misconfigured",
      reason: "Parent service does not exist.",
    });
  });
});

describe("the connection test", () => {
  it("changes nothing and warns where gateways could not check the realm's tokens", async () => {
    const am = amWith();
    const before = JSON.stringify([...am.world.clients]);
    const summaries = async () =>
      (await opened(am).checkAccess?.())?.map(({ status, summary }) => `${status}: ${summary}`);
    expect(await summaries()).toContain("passed: The realm's OAuth2 provider issues signed tokens.");
    Object.assign(am.world.provider["advancedOAuth2Config"] ?? {}, { tokenSigningAlgorithm: "HS256" });
    expect((await summaries())?.join()).toContain("warning: Access tokens of this realm are signed with HS256");
    Object.assign(am.world.provider["coreOAuth2Config"] ?? {}, { statelessTokensEnabled: false });
    expect((await summaries())?.join()).toContain("warning: Access tokens of this realm are opaque");
    expect(JSON.stringify([...am.world.clients])).toBe(before);
    am.fail({ status: 404, body: {} }, { path: /oauth-oidc$/ });
    expect((await summaries())?.at(-1)).toMatch(/^failed: Reading the OAuth2 provider failed/);
  });
});

describe("asking about tokens", () => {
  it("by a client: believes “inactive” only of a client that may see every token", async () => {
    const am = amWith();
    const asking = am.world.addClient();
    const introspection = { method: "client", clientId: asking.id, clientSecret: asking.secret };
    const adapter = opened(am, { ...am.connectionInput, introspection });
    const { ref } = await adapter.registerClient(specOf());
    const token = (await adapter.issueToken?.(ref, { scopes: [] }))?.accessToken ?? new Secret("");
    expect(await failureOf(adapter.introspectToken?.(token))).toMatchObject({
      kind: "unsupported",
      message: expect.stringContaining("am-introspect-all-tokens"),
    });
    expect((await adapter.checkAccess?.())?.at(-1)).toMatchObject({ status: "failed", fix: expect.any(String) });
    Object.assign(asking.groups["coreOAuth2ClientConfig"] ?? {}, { scopes: ["am-introspect-all-tokens"] });
    expect(await adapter.introspectToken?.(token)).toMatchObject({ active: true, consumerKey: ref.consumerKey });
    expect(await adapter.introspectToken?.(new Secret("nobody's"))).toEqual({ active: false });
    expect((await adapter.checkAccess?.())?.at(-1)?.status).toBe("passed");
  });

  it("by a client that signs or shows a certificate, which sends no secret", async () => {
    const am = amWith();
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const core = { scopes: ["am-introspect-all-tokens"] };
    const method = (tokenEndpointAuthMethod: string) => ({ core, advanced: { tokenEndpointAuthMethod } });
    const signing = am.world.addClient({
      ...method("private_key_jwt"),
      keys: [publicKey.export({ format: "jwk" })],
    });
    const showing = am.world.addClient(method("tls_client_auth"));
    Object.assign(showing.groups["signEncOAuth2ClientConfig"] ?? {}, { mTLSSubjectDN: "CN=gateway" });
    const pem = privateKey.export({ format: "pem", type: "pkcs8" });
    for (const introspection of [
      { method: "private_key_jwt", clientId: signing.id, privateKey: pem },
      { method: "mutual_tls", clientId: showing.id, ...selfSigned("gateway") },
    ]) {
      const adapter = opened(am, { ...am.connectionInput, introspection });
      const { ref } = await adapter.registerClient(specOf());
      const token = (await adapter.issueToken?.(ref, { scopes: [] }))?.accessToken ?? new Secret("");
      expect(await adapter.introspectToken?.(token)).toMatchObject({ active: true, consumerKey: ref.consumerKey });
      expect((await adapter.checkAccess?.())?.at(-1)?.status).toBe("passed");
      expect(am.requests.at(-1)?.url).toContain(introspection.clientId);
    }
    const other = { method: "mutual_tls", clientId: showing.id, ...selfSigned("somebody") };
    const stranger = opened(am, { ...am.connectionInput, introspection: other });
    expect((await failureOf(stranger.introspectToken?.(new Secret("a-token")))).kind).toBe("credentials_refused");
  });

  it("by the token information endpoint: opaque and signed, without the token itself among the claims", async () => {
    const am = amWith();
    const adapter = opened(am);
    const { ref } = await adapter.registerClient(specOf());
    for (const statelessTokensEnabled of [true, false]) {
      Object.assign(am.world.provider["coreOAuth2Config"] ?? {}, { statelessTokensEnabled });
      const token = (await adapter.issueToken?.(ref, { scopes: [] }))?.accessToken ?? new Secret("");
      const found = await adapter.introspectToken?.(token);
      expect(found).toMatchObject({ active: true, consumerKey: ref.consumerKey, scopes: ["default"] });
      expect(JSON.stringify(found)).not.toContain(token.reveal());
      am.pass?.(3601);
      expect(await adapter.introspectToken?.(token)).toEqual({ active: false });
    }
    const before = am.requests.length;
    expect(await adapter.introspectToken?.(new Secret("a\r\nx-injected: 1"))).toEqual({ active: false });
    expect(am.requests).toHaveLength(before);
  });

  it("reads what older servers say of a JWT: the client in aud, and when it ends", async () => {
    const am = amWith();
    const said = {
      access_token: "x.y.z",
      sub: "shop",
      aud: "shop",
      scope: "a b",
      exp: 2_000_000_000,
      expires_in: 120_000,
    };
    am.fail({ status: 200, body: said }, { path: /tokeninfo$/ });
    expect(await opened(am).introspectToken?.(new Secret("x.y.z"))).toEqual({
      active: true,
      consumerKey: "shop",
      subject: "shop",
      scopes: ["a", "b"],
      audiences: ["shop"],
      expiresAt: 2_000_000_000,
      claims: { sub: "shop", aud: "shop", scope: "a b", exp: 2_000_000_000, expires_in: 120_000 },
    });
    am.fail({ status: 200, body: { active: true } }, { path: /tokeninfo$/ });
    am.recover();
    am.fail({ status: 200, body: { scope: "a" } }, { path: /tokeninfo$/ });
    expect((await failureOf(opened(am).introspectToken?.(new Secret("x.y.z")))).kind).toBe("bad_response");
  });
});

describe("a gateway", () => {
  async function validator(am: SimulatedAm, consumerKey: string) {
    const world = validationWorld([await publicSigningKey()]);
    world.time = Date.now();
    const { trust } = forgerock;
    world.change({
      trustAnchors: [{ ...trustAnchor, ...trust, issuer: am.settings.issuer }],
      keyMappings: [{ keyManagerId: "km-1", consumerKey, applicationId: "app-1", keyType: "PRODUCTION" }],
      apis: snapshotData.apis.map((api) => ({
        ...api,
        resources: [{ method: "GET", path: "/items", scopes: ["default"] }],
      })),
    });
    return world;
  }

  it("lets AM's access tokens pass and its refresh tokens not, although the same key signed both", async () => {
    const am = amWith();
    const adapter = opened(am);
    const { ref } = await adapter.registerClient(specOf());
    const gateway = await validator(am, ref.consumerKey);
    const token = (await adapter.issueToken?.(ref, { scopes: [] }))?.accessToken.reveal();
    expect(await gateway.validate(token)).toMatchObject({ allowed: true, consumerKey: ref.consumerKey });
    const refresh = await mintToken(am.world, {
      clientId: ref.consumerKey,
      subject: "alice",
      scopes: ["default"],
      name: "refresh_token",
      grantType: "password",
      lifetimeSeconds: 3600,
    });
    expect(await gateway.validate(refresh)).toMatchObject({ allowed: false, reason: "token_type_wrong" });
  });
});

describe("proof that a client is somebody's", () => {
  it("by a signed assertion for a client that uses a key, and by nobody else's", async () => {
    const am = amWith();
    const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const { id } = am.world.addClient({
      advanced: { tokenEndpointAuthMethod: "private_key_jwt" },
      keys: [pair.publicKey.export({ format: "jwk" })],
    });
    const adapter = opened(am);
    const assertionBy = async (key: typeof pair.privateKey) => ({
      assertion: new Secret(
        await new SignJWT({})
          .setProtectedHeader({ alg: "RS256" })
          .setIssuer(id)
          .setSubject(id)
          .setAudience(`${am.settings.issuer}/access_token`)
          .setJti(crypto.randomUUID())
          .setExpirationTime("1m")
          .sign(key),
      ),
    });
    const proven = await adapter.proveClient?.({ consumerKey: id }, await assertionBy(pair.privateKey));
    expect(proven?.ref.consumerKey).toBe(id);
    const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const refused = await failureOf(adapter.proveClient?.({ consumerKey: id }, await assertionBy(stranger)));
    expect(refused.kind).toBe("credentials_refused");
    expect((await failureOf(adapter.proveClient?.({ consumerKey: id, consumerSecret: new Secret("x") }))).kind).toBe(
      "unsupported",
    );
  });

  it("counts where only the scope or the grant was refused, and leaves no token behind", async () => {
    const am = amWith();
    const adapter = opened(am);
    for (const changes of [{ core: { defaultScopes: [] } }, { advanced: { grantTypes: ["authorization_code"] } }, {}]) {
      const { id, secret } = am.world.addClient(changes);
      const proven = await adapter.proveClient?.({ consumerKey: id, consumerSecret: new Secret(secret) });
      expect(proven?.ref.consumerSecret?.reveal()).toBe(secret);
      expect([...am.world.tokens.values()].filter(({ clientId }) => clientId === id)).toEqual([]);
    }
  });

  it("still counts where the token of the proof cannot be ended", async () => {
    const am = amWith();
    const { id, secret } = am.world.addClient();
    am.fail({ status: 500 }, { path: /revoke$/ });
    expect(await opened(am).proveClient?.({ consumerKey: id, consumerSecret: new Secret(secret) })).toBeDefined();
  });
});

describe("token exchange", () => {
  it("gives a client that has the grant a token for another one's, and says why one that has not gets none", async () => {
    const am = amWith();
    const adapter = opened(am);
    const exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
    const subject = await adapter.registerClient(specOf());
    const subjectToken = (await adapter.issueToken?.(subject.ref, { scopes: [] }))?.accessToken ?? new Secret("");
    const request = { subjectToken, subjectTokenType: "urn:ietf:params:oauth:token-type:access_token", scopes: [] };
    const allowed = await adapter.registerClient(specOf({ grantTypes: [exchangeGrant] }));
    const token = await adapter.exchangeToken?.(allowed.ref, request);
    expect(await adapter.introspectToken?.(token?.accessToken ?? new Secret(""))).toMatchObject({
      consumerKey: allowed.ref.consumerKey,
    });
    expect((await failureOf(adapter.exchangeToken?.(subject.ref, request))).kind).toBe("rejected");
  });
});

describe("scopes", () => {
  it("stand in the provider's list with a mark, and others' entries are neither changed nor removed", async () => {
    const am = amWith();
    const { scopes } = opened(am);
    const entries = () => am.world.provider["advancedOAuth2Config"]?.["supportedScopes"];
    expect(await scopes?.list()).toEqual([
      { name: "openid", description: "Who you are" },
      { name: "profile", description: "" },
    ]);
    await scopes?.save({ name: "orders:read", description: "Read orders" });
    expect(entries()).toEqual([
      "openid|en|Who you are",
      "profile",
      "orders:read|Read orders",
      "orders:read|zxx|latchkey",
    ]);
    const { metadata } = await discover(am.fetch, am.wellKnownUrl);
    expect(metadata.scopes_supported).toEqual(["openid", "profile", "orders:read"]);
    for (const change of [scopes?.save({ name: "profile", description: "Mine" }), scopes?.remove("profile")]) {
      expect((await failureOf(change)).kind).toBe("conflict");
    }
    await scopes?.remove("orders:read");
    expect(entries()).toEqual(["openid|en|Who you are", "profile"]);
    // Encrypted values of the provider never go back.
    expect(
      am.requests
        .filter(({ method }) => method === "PUT")
        .map(({ body }) => body)
        .join(),
    ).not.toContain("-encrypted");
  });

  it("are granted beside what a client has already, which is never taken from it", async () => {
    const am = amWith();
    const { scopes } = opened(am);
    const { id } = am.world.addClient({ core: { scopes: ["openid", "orders:read"] } });
    for (const name of ["orders:read", "orders:write"]) await scopes?.save({ name, description: "" });
    const held = () => am.world.clients.get(id)?.groups["coreOAuth2ClientConfig"]?.["scopes"];
    await scopes?.grant({ consumerKey: id }, ["orders:read", "orders:write"]);
    expect(held()).toEqual(["openid", "orders:read", "orders:write", "orders:write|zxx|latchkey"]);
    await scopes?.grant({ consumerKey: id }, []);
    expect(held()).toEqual(["openid", "orders:read"]);
    expect((await failureOf(scopes?.grant({ consumerKey: id }, ["nothing"]))).kind).toBe("not_found");
  });

  it.each(["fr:am:*", "FR:idm:*", "am-introspect-all-tokens", "client_id", "a|b"])(
    "named %s are given to no application",
    async (name) => {
      const am = amWith();
      const { scopes } = opened(am);
      expect((await failureOf(scopes?.save({ name, description: "" }))).kind).toBe("rejected");
      const list = am.world.provider["advancedOAuth2Config"]?.["supportedScopes"] as string[];
      list.push(name);
      const { id } = am.world.addClient();
      expect((await failureOf(scopes?.grant({ consumerKey: id }, [name]))).kind).toBe("not_found");
      if (!name.includes("|")) {
        expect(() => opened(am, { ...am.connectionInput, defaultScopes: [name] })).toThrow(
          "Default scopes go to every",
        );
      }
    },
  );
});

it("recognises AM by its discovery document, and nobody else", async () => {
  const am = amWith();
  const { document } = await discover(am.fetch, am.wellKnownUrl);
  expect(forgerock.recognise?.(document)).toContain("AM's");
  expect(forgerock.recognise?.({ ...document, issuer: "https://id.example" })).toBeNull();
  expect(
    forgerock.recognise?.({ issuer: "https://id.example/oauth2/default", token_endpoint: "x/v1/token" }),
  ).toBeNull();
});
