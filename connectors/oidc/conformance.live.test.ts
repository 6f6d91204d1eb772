import { startOidcProvider } from "#e2e/servers/oidc-provider.ts";
import { describeConnector } from "#lib/connector-kit/conformance.ts";
import { createOutbound } from "#lib/foundation/outbound.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { discover } from "#lib/protocol/discovery.ts";
import { oidc } from "./index.ts";
import { connection } from "./config.ts";

describeConnector(oidc, {
  async start() {
    const server = await startOidcProvider();
    const outbound = createOutbound({ allow: [server.address], log: silentLog });
    const { metadata } = await discover(outbound, server.wellKnownUrl);
    const portal = {
      clientId: server.portalClient.clientId,
      authentication: { method: "client_secret_basic", clientSecret: server.portalClient.clientSecret },
    } as const;
    const connectionInput = {
      registration: { method: "initial_access_token", token: server.initialAccessToken },
      introspection: { method: "client", ...portal },
    } as const;
    const refused = { ...connectionInput.registration, token: "not-the-token" };
    return {
      fetch: outbound,
      settings: {
        issuer: metadata.issuer,
        endpoints: {
          ...(metadata.registration_endpoint && { registration: metadata.registration_endpoint }),
          ...(metadata.token_endpoint && { token: metadata.token_endpoint }),
          ...(metadata.introspection_endpoint && { introspection: metadata.introspection_endpoint }),
          ...(metadata.revocation_endpoint && { revocation: metadata.revocation_endpoint }),
        },
        signingKeys: { kind: "jwks", url: metadata.jwks_uri ?? "" },
        connection: connection.parse(connectionInput),
      },
      connectionInput,
      refusedConnectionInput: { ...connectionInput, registration: refused },
      canaries: [server.initialAccessToken, server.portalClient.clientSecret],
      createClient: () => server.createClient(),
      async stop() {
        await outbound.close();
        await server.stop();
      },
    };
  },
});
