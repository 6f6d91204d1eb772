import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { keycloakUnavailable, startKeycloak, type Keycloak } from "#e2e/servers/keycloak.ts";
import { describeConnector } from "#lib/connector-kit/conformance.ts";
import { managing, type ClientSpec } from "#lib/connector-kit/contract.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import { createOutbound } from "#lib/foundation/outbound.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { discover } from "#lib/protocol/discovery.ts";
import { describeUnless } from "#tooling/testing/needs.ts";
import { client, connection } from "./config.ts";
import { keycloak } from "./index.ts";

const unavailable = keycloakUnavailable();
let server: Keycloak;

beforeAll(async () => {
  if (!unavailable) server = await startKeycloak();
}, 480_000);
afterAll(() => server?.stop());

/** The realm as an adapter is opened with it, by the door that the portal uses. */
async function realmWith(signIn: object) {
  const outbound = createOutbound({ allow: [server.address], log: silentLog });
  const { metadata } = await discover(outbound, server.wellKnownUrl);
  const { issuer, token_endpoint: token, introspection_endpoint: introspection } = metadata;
  const { revocation_endpoint: revocation, jwks_uri: url = "" } = metadata;
  const endpoints = {
    ...(token && { token }),
    ...(introspection && { introspection }),
    ...(revocation && { revocation }),
  };
  const settings = {
    issuer,
    endpoints,
    signingKeys: { kind: "jwks", url } as const,
    connection: connection.parse({ signIn }),
  };
  return { outbound, settings };
}

describeConnector(keycloak, {
  unavailable,
  async start() {
    const signIn = { method: "client_secret", ...server.portalClient };
    const { outbound, settings } = await realmWith(signIn);
    return {
      fetch: outbound,
      settings,
      connectionInput: { signIn },
      refusedConnectionInput: { signIn: { ...signIn, clientSecret: "not-the-secret" } },
      canaries: [server.portalClient.clientSecret],
      createClient: () => server.createClient({ clientId: `by-hand-${crypto.randomUUID()}` }),
      stop: () => outbound.close(),
    };
  },
});

describeUnless(unavailable, "a portal that signs in with a key", () => {
  const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";

  it("manages clients, asks about their tokens and exchanges them", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await givePortalKey({ ...publicKey.export({ format: "jwk" }), kid: "portal", use: "sig", alg: "RS256" });
    const { outbound, settings } = await realmWith({
      method: "private_key_jwt",
      clientId: server.portalClient.clientId,
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      keyId: "portal",
    });
    const adapter = managing(keycloak.open(settings, { fetch: outbound, clock: systemClock, log: silentLog }));
    expect((await adapter.checkAccess?.())?.map(({ status }) => status)).toEqual(["passed", "passed"]);

    const wanted = { certificateBound: false, subjectType: "pairwise" } as const;
    const spec: ClientSpec = {
      name: "Exchanges tokens",
      marker: `latchkey-${crypto.randomUUID()}`,
      grantTypes: ["authorization_code", "client_credentials", tokenExchange],
      redirectUris: ["https://app.example.com/callback"],
      settings: client.parse(wanted),
    };
    const { ref, state } = await adapter.registerClient(spec);
    expect(state).toMatchObject({ grantTypes: spec.grantTypes, settings: wanted });

    const token = await adapter.issueToken?.(ref, { scopes: [] });
    if (!token) throw new Error("No token was issued.");
    expect(await adapter.introspectToken?.(token.accessToken)).toMatchObject({ active: true });
    const exchanged = await adapter.exchangeToken?.(ref, {
      subjectToken: token.accessToken,
      subjectTokenType: "urn:ietf:params:oauth:token-type:access_token",
      scopes: [],
    });
    expect(exchanged?.tokenType).toBe("Bearer");

    const secretJwt = { authentication: { method: "client_secret_jwt" } };
    const signing = await adapter.updateClient(ref, { ...spec, settings: client.parse({ ...wanted, ...secretJwt }) });
    expect(signing.state.settings).toMatchObject(secretJwt);
    const signed = await adapter.issueToken?.(signing.ref, { scopes: [] });
    if (!signed) throw new Error("No token was issued.");
    await adapter.revokeToken?.(signing.ref, signed.accessToken, "access_token");
    expect(await adapter.introspectToken?.(signed.accessToken)).toEqual({ active: false });

    const authentication = { method: "tls_client_auth", subject: "CN=app.example.com" };
    const changed = { authentication, certificateBound: true, subjectType: "public" };
    const updated = await adapter.updateClient(ref, { ...spec, settings: client.parse(changed) });
    expect(updated.state.settings).toMatchObject(changed);
    expect(updated.ref.consumerSecret).toBeUndefined();
    await outbound.close();
  });

  /** The portal's client authenticates by this key from now on. */
  async function givePortalKey(key: object): Promise<void> {
    const [portal] = (await server.admin("GET", `/clients?clientId=${server.portalClient.clientId}`)) as {
      id: string;
      attributes: Record<string, string>;
    }[];
    await server.admin("PUT", `/clients/${portal?.id ?? ""}`, {
      ...portal,
      clientAuthenticatorType: "client-jwt",
      attributes: {
        ...portal?.attributes,
        "use.jwks.string": "true",
        "jwks.string": JSON.stringify({ keys: [key] }),
      },
    });
  }
});
