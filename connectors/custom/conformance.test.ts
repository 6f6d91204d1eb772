import { describe, expect, it } from "vitest";
import { oidcSimulator } from "#connectors/oidc/simulator.ts";
import { describeConnector } from "#lib/connector-kit/conformance.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { Secret } from "#lib/foundation/secret.ts";
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
