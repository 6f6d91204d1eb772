import { keycloakUnavailable, startKeycloak } from "#e2e/servers/keycloak.ts";
import { describeConnector } from "#lib/connector-kit/conformance.ts";
import { createOutbound } from "#lib/foundation/outbound.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { discover } from "#lib/protocol/discovery.ts";
import { connection } from "./config.ts";
import { keycloak } from "./index.ts";

describeConnector(keycloak, {
  unavailable: keycloakUnavailable(),
  async start() {
    const server = await startKeycloak();
    const outbound = createOutbound({ allow: [server.address], log: silentLog });
    const { metadata } = await discover(outbound, server.wellKnownUrl);
    const connectionInput = server.portalClient;
    return {
      fetch: outbound,
      settings: {
        issuer: metadata.issuer,
        endpoints: {
          ...(metadata.token_endpoint && { token: metadata.token_endpoint }),
          ...(metadata.introspection_endpoint && { introspection: metadata.introspection_endpoint }),
          ...(metadata.revocation_endpoint && { revocation: metadata.revocation_endpoint }),
        },
        signingKeys: { kind: "jwks", url: metadata.jwks_uri ?? "" },
        connection: connection.parse(connectionInput),
      },
      connectionInput,
      refusedConnectionInput: { ...connectionInput, clientSecret: "not-the-secret" },
      canaries: [server.portalClient.clientSecret],
      createClient: () => server.createClient({ clientId: `by-hand-${crypto.randomUUID()}` }),
      async stop() {
        await outbound.close();
        await server.stop();
      },
    };
  },
});
