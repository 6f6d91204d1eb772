import { generateKeyPairSync } from "node:crypto";
import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import { describeConnector, simulated } from "#lib/connector-kit/conformance.ts";
import { managing, type ClientRef } from "#lib/connector-kit/contract.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { selfSigned } from "#tooling/testing/certificates.ts";
import { client, connection } from "./config.ts";
import { oidcSimulator, type SimulatedOidc, type OidcOptions } from "./simulator.ts";
import { oidc } from "./index.ts";

const vendorOf = (options: OidcOptions = {}) => simulated(oidcSimulator(options));

describe("with an initial access token, JWTs", () => {
  describeConnector(oidc, { start: () => vendorOf({ registration: "initial_access_token" }) });
});

describe("with a client of its own, opaque tokens, a new management token on every call", () => {
  describeConnector(oidc, {
    start: () => vendorOf({ registration: "client_credentials", accessTokens: "opaque", rotation: "always" }),
  });
});

describe("for clients with their secret in the body", () => {
  describeConnector(oidc, {
    start: () => vendorOf(),
    client: { authentication: { method: "client_secret_post" } },
  });
});

function opened(server: SimulatedOidc) {
  return managing(oidc.open(server.settings, { fetch: server.fetch, clock: systemClock, log: silentLog }));
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

function specOf(changes = {}) {
  const settings = client.parse({});
  return { name: "App", marker: "m", grantTypes: ["client_credentials"], redirectUris: [], settings, ...changes };
}

describe("oidc", () => {
  it("keeps the server's reason when registration is rejected", async () => {
    const server = oidcSimulator();
    server.rejectRegistration("redirect_uris is required");
    await expect(opened(server).registerClient(specOf())).rejects.toMatchObject({
      kind: "rejected",
      reason: "redirect_uris is required",
    });
  });

  it("hands on a management token that an update brought before it failed", async () => {
    const server = oidcSimulator({ rotation: "always" });
    const adapter = opened(server);
    const { ref } = await adapter.registerClient(specOf());
    server.rejectRegistration("no");
    const error: unknown = await adapter.updateClient(ref, specOf({ name: "B" })).catch((thrown: unknown) => thrown);
    if (!isConnectorError(error)) throw error;
    expect(error.kind).toBe("rejected");
    expect(error.credentials?.registrationToken?.reveal()).not.toBe(ref.registrationToken?.reveal());
  });

  it("keeps what others have set at the server when it updates a client", async () => {
    const server = oidcSimulator();
    const adapter = opened(server);
    const { ref } = await adapter.registerClient(specOf());
    const stored = server.clients.get(ref.consumerKey);
    if (stored) stored["contacts"] = ["ops@example.com"];
    await adapter.updateClient(ref, specOf({ name: "Renamed" }));
    expect(server.clients.get(ref.consumerKey)).toMatchObject({
      client_name: "Renamed",
      contacts: ["ops@example.com"],
    });
  });

  it("never sends a management token to another host", async () => {
    const server = oidcSimulator();
    const adapter = opened(server);
    const { ref } = await adapter.registerClient(specOf());
    const moved: ClientRef = { ...ref, registrationClientUri: "https://evil.test/reg/1" };
    const before = server.requests.length;
    await expect(adapter.readClient(moved)).rejects.toMatchObject({ kind: "misconfigured" });
    expect(server.requests.length).toBe(before);
  });

  it("does not call a client gone because its management token is dead", async () => {
    const server = oidcSimulator();
    const adapter = opened(server);
    const { ref } = await adapter.registerClient(specOf());
    const dead = { ...ref, registrationToken: new Secret("dead") };
    await expect(adapter.readClient(dead)).rejects.toMatchObject({ kind: "credentials_refused" });
    await expect(adapter.deleteClient(dead)).rejects.toMatchObject({ kind: "credentials_refused" });
    await expect(adapter.updateClient(dead, specOf())).rejects.toMatchObject({
      kind: "credentials_refused",
      ofClient: true,
    });
    server.removeClient(ref.consumerKey);
    expect(await adapter.readClient(dead)).toBeNull();
    await expect(adapter.updateClient(dead, specOf())).rejects.toMatchObject({ kind: "not_found" });
  });

  it("accepts a proof although the grant is refused, because a wrong secret is refused differently", async () => {
    const server = oidcSimulator();
    const made = server.addClient({
      grant_types: ["authorization_code"],
      response_types: ["code"],
      redirect_uris: ["https://app.example/cb"],
    });
    const ref = { consumerKey: made.client_id, consumerSecret: new Secret(made.client_secret ?? "") };
    expect((await opened(server).proveClient?.(ref))?.ref.consumerKey).toBe(made.client_id);
  });

  it("takes no proof from a server that refuses the grant without looking at the secret", async () => {
    const server = oidcSimulator();
    const { client_id: consumerKey } = server.addClient();
    server.fail({ status: 400, body: { error: "unauthorized_client" } }, { path: /\/token$/ });
    const ref = { consumerKey, consumerSecret: new Secret("anything") };
    await expect(opened(server).proveClient?.(ref)).rejects.toMatchObject({ kind: "unsupported" });
  });

  it("proves a client without its management token, which any use may replace", async () => {
    const server = oidcSimulator({ rotation: "always" });
    const made = server.addClient();
    const ref: ClientRef = {
      consumerKey: made.client_id,
      consumerSecret: new Secret(made.client_secret ?? ""),
      registrationClientUri: made.registration_client_uri,
      registrationToken: new Secret(made.registration_access_token),
    };
    const adapter = opened(server);
    expect((await adapter.proveClient?.(ref))?.ref.registrationToken?.reveal()).toBe(made.registration_access_token);
    expect(server.requests.filter(({ url }) => url === made.registration_client_uri)).toEqual([]);
    expect((await adapter.readClient(ref))?.ref.registrationToken?.reveal()).not.toBe(made.registration_access_token);
  });

  it("keeps the known management address, and takes the new token, where an answer names another origin", async () => {
    const server = oidcSimulator({ rotation: "always" });
    const { ref } = await opened(server).registerClient(specOf());
    const stored = server.clients.get(ref.consumerKey);
    const astray = oidc.open(server.settings, {
      clock: systemClock,
      log: silentLog,
      async fetch(url, init) {
        const body = (await (await server.fetch(url, init)).json()) as object;
        return Response.json({ ...body, registration_client_uri: "https://evil.test/reg/1" });
      },
    });
    const read = await managing(astray).readClient(ref);
    expect(read?.ref.registrationClientUri).toBe(ref.registrationClientUri);
    expect(read?.ref.registrationToken?.reveal()).not.toBe(ref.registrationToken?.reveal());
    expect((await opened(server).readClient(read?.ref ?? ref))?.ref.consumerKey).toBe(stored?.client_id);
  });
});

describe("the portal's own client", () => {
  /** A server at which that client authenticates in one way, and an adapter that does so for everything. */
  function openedAs(portal: OidcOptions["portal"], authentication: object) {
    const server = oidcSimulator({
      registration: "client_credentials",
      accessTokens: "opaque",
      ...(portal && { portal }),
    });
    const own = { clientId: server.portal.clientId, authentication };
    const settings = {
      ...server.settings,
      connection: connection.parse({
        registration: { method: "client_credentials", ...own, scopes: ["register"] },
        introspection: { method: "client", ...own },
      }),
    };
    return {
      server,
      adapter: managing(oidc.open(settings, { fetch: server.fetch, clock: systemClock, log: silentLog })),
    };
  }

  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwks = { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "portal" }] };
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const signed = { method: "private_key_jwt", privateKey: pem, keyId: "portal", algorithm: "ES256" };
  const shown = { method: "mutual_tls", ...selfSigned("latchkey.example") };
  const withSecret = (clientSecret: string) => ({ method: "client_secret_jwt", clientSecret });

  const rightWays: [string, OidcOptions["portal"], object][] = [
    ["the secret as a key", { method: "client_secret_jwt" }, withSecret("canary-portal-secret-81c2")],
    ["a private key", { method: "private_key_jwt", jwks }, signed],
    ["a certificate", { method: "tls_client_auth", subject: "CN=latchkey.example" }, shown],
  ];
  it.each(rightWays)("registers clients and asks about tokens with %s, and sends no secret", async (_, portal, way) => {
    const { server, adapter } = openedAs(portal, way);
    expect((await adapter.checkAccess?.())?.map(({ status }) => status)).toEqual(["passed", "passed"]);
    const { ref } = await adapter.registerClient(specOf());
    const token = await adapter.issueToken?.(ref, { scopes: [] });
    if (!token) throw new Error("No token was issued.");
    expect(await adapter.introspectToken?.(token.accessToken)).toMatchObject({ active: true });
    for (const { body, headers } of server.requests) {
      expect(`${body} ${headers["authorization"] ?? ""}`).not.toContain(server.portal.clientSecret);
    }
  });

  const wrongWays: [string, OidcOptions["portal"], object, RegExp][] = [
    ["another secret", { method: "client_secret_jwt" }, withSecret("not-the-secret-of-the-portal"), /secret/],
    ["another key", { method: "private_key_jwt", jwks: { keys: [] } }, signed, /public key/],
    ["another certificate", { method: "tls_client_auth", subject: "CN=other.example" }, shown, /asks for certificates/],
  ];
  it.each(wrongWays)(
    "is refused with %s, and the connection test says what to look at",
    async (_, portal, way, fix) => {
      const { adapter } = openedAs(portal, way);
      expect(await adapter.checkAccess?.()).toMatchObject([
        { step: "sign_in", status: "failed", fix: expect.stringMatching(fix) },
        { step: "permissions", status: "failed" },
      ]);
      expect((await failureOf(adapter.registerClient(specOf()))).kind).toBe("credentials_refused");
    },
  );

  it("goes with its certificate to the address that the server has for it", async () => {
    const certificateUrl = "https://mtls.as.test/token";
    const { server, adapter } = openedAs({ method: "tls_client_auth", subject: "CN=x" }, { ...shown, certificateUrl });
    await failureOf(adapter.registerClient(specOf()));
    await failureOf(adapter.introspectToken?.(new Secret("a-token")));
    expect(server.requests.map(({ url }) => url)).toEqual([certificateUrl, certificateUrl]);
  });
});

describe("exchanging a token", () => {
  const grant = "urn:ietf:params:oauth:grant-type:token-exchange";
  const subjectTokenType = "urn:ietf:params:oauth:token-type:access_token";
  const exchanging = { grantTypes: ["client_credentials", grant] };

  it("gives a token of the client that speaks of the subject, where the server lists the grant", async () => {
    const server = oidcSimulator({ tokenExchange: true });
    const adapter = opened(server);
    const { ref: subject } = await adapter.registerClient(specOf());
    const { ref } = await adapter.registerClient(specOf(exchanging));
    const theirs = await adapter.issueToken?.(subject, { scopes: [] });
    if (!theirs) throw new Error("No token was issued.");
    const request = { subjectToken: theirs.accessToken, subjectTokenType, scopes: ["read"], audience: server.issuer };
    const ours = await adapter.exchangeToken?.(ref, request);
    expect(ours?.scopes).toEqual(["read"]);
    expect(decodeJwt(ours?.accessToken.reveal() ?? "")).toMatchObject({
      client_id: ref.consumerKey,
      sub: subject.consumerKey,
    });

    expect(await failureOf(adapter.exchangeToken?.(ref, { ...request, audience: "nobody" }))).toMatchObject({
      kind: "rejected",
      code: "invalid_target",
    });
    const madeUp = { ...request, subjectToken: new Secret("made-up") };
    expect((await failureOf(adapter.exchangeToken?.(ref, madeUp))).reason).toBe("the subject token is not valid");
    expect(await failureOf(adapter.exchangeToken?.(subject, request))).toMatchObject({ code: "unauthorized_client" });
  });

  it("is refused in the server's words where it does not list the grant: such a client is not even made", async () => {
    const adapter = opened(oidcSimulator());
    expect(await failureOf(adapter.registerClient(specOf(exchanging)))).toMatchObject({
      kind: "rejected",
      reason: `grant type ${grant} is not supported`,
    });
  });
});
