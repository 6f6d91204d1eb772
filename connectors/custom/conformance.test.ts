import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { oidcSimulator, type OidcOptions } from "#connectors/oidc/simulator.ts";
import { describeConnector } from "#lib/connector-kit/conformance.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { selfSigned } from "#tooling/testing/certificates.ts";
import { connection } from "./config.ts";
import { custom } from "./index.ts";

/** A server of the standards in which clients are made by hand alone. */
function vendorOf(accessTokens: "jwt" | "opaque") {
  const server = oidcSimulator({ accessTokens });
  const { clientId, clientSecret } = server.portal;
  const connectionInput = { introspectionClientId: clientId, introspectionSecret: clientSecret };
  const { registration: _, ...endpoints } = server.endpoints;
  return {
    fetch: server.fetch,
    settings: { ...server.settings, endpoints, connection: connection.parse(connectionInput) },
    connectionInput,
    refusedConnectionInput: { ...connectionInput, introspectionSecret: "wrong" },
    canaries: server.canaries,
    createClient: () => {
      const { client_id, client_secret = "" } = server.addClient();
      return Promise.resolve({ clientId: client_id, clientSecret: client_secret });
    },
    fake: server,
  };
}

describe.each(["jwt", "opaque"] as const)("with %s tokens", (accessTokens) => {
  describeConnector(custom, { start: () => vendorOf(accessTokens) });
});

describe("without a token endpoint", () => {
  it("nothing is proved, and that is said", async () => {
    const vendor = vendorOf("jwt");
    const settings = { ...vendor.settings, endpoints: {}, connection: connection.parse({}) };
    const adapter = custom.open(settings, { fetch: vendor.fetch, clock: systemClock, log: silentLog });
    const client = { consumerKey: "theirs", consumerSecret: new Secret("secret") };
    const error: unknown = await adapter.proveClient?.(client).catch((thrown: unknown) => thrown);
    expect(isConnectorError(error) && error.kind).toBe("unsupported");
    expect(vendor.fake.requests).toEqual([]);
  });
});

describe("the client that asks about tokens", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwks = { keys: [publicKey.export({ format: "jwk" })] };
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const shown = selfSigned("gateway.example");
  const asBasic = undefined;

  type Way = [portal: OidcOptions["portal"], introspectionAuthentication: object, needsSecret: boolean];
  const ways: Record<string, Way> = {
    "its secret in the header": [asBasic, { method: "client_secret_basic" }, true],
    "its secret in the body": [asBasic, { method: "client_secret_post" }, true],
    "its secret as a key": [{ method: "client_secret_jwt" }, { method: "client_secret_jwt" }, true],
    "a private key": [
      { method: "private_key_jwt", jwks },
      { method: "private_key_jwt", privateKey: pem, algorithm: "ES256" },
      false,
    ],
    "a certificate": [
      { method: "tls_client_auth", subject: "CN=gateway.example" },
      { method: "mutual_tls", ...shown },
      false,
    ],
  };

  it.each(Object.entries(ways))("authenticates with %s", async (_name, [portal, authentication, needsSecret]) => {
    const server = oidcSimulator({ accessTokens: "opaque", ...(portal && { portal }) });
    const { registration: _, ...endpoints } = server.endpoints;
    const opened = (changes: object) => {
      const input = {
        introspectionClientId: server.portal.clientId,
        introspectionAuthentication: authentication,
        ...(needsSecret && { introspectionSecret: server.portal.clientSecret }),
        ...changes,
      };
      const settings = { ...server.settings, endpoints, connection: connection.parse(input) };
      return custom.open(settings, { fetch: server.fetch, clock: systemClock, log: silentLog });
    };
    const { client_id: consumerKey, client_secret: secret = "" } = server.addClient();
    const adapter = opened({});
    const client = { consumerKey, consumerSecret: new Secret(secret) };
    const token = await adapter.issueToken?.(client, { scopes: [] });
    if (!token) throw new Error("No token was issued.");
    expect(await adapter.introspectToken?.(token.accessToken)).toMatchObject({ active: true, consumerKey });

    const other = await opened({ introspectionClientId: consumerKey })
      .introspectToken?.(token.accessToken)
      .catch((thrown: unknown) => thrown);
    expect(isConnectorError(other) && other.kind).toBe("credentials_refused");
    if (!needsSecret) return;
    const without = await opened({ introspectionSecret: "" })
      .introspectToken?.(token.accessToken)
      .catch((thrown: unknown) => thrown);
    expect(isConnectorError(without) && without.kind).toBe("unsupported");
  });

  it("takes its certificate to the address that the server has for it", async () => {
    const server = oidcSimulator();
    const certificateUrl = "https://mtls.as.test/introspect";
    const introspectionAuthentication = { method: "mutual_tls", ...shown, certificateUrl };
    const input = { introspectionClientId: "gateway", introspectionAuthentication };
    const settings = { ...server.settings, connection: connection.parse(input) };
    const adapter = custom.open(settings, { fetch: server.fetch, clock: systemClock, log: silentLog });
    await adapter.introspectToken?.(new Secret("a-token")).catch(() => undefined);
    expect(server.requests.map(({ url }) => url)).toEqual([certificateUrl]);
  });
});
