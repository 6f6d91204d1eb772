import { describeConnector } from "#lib/connector-kit/conformance.ts";
import { testAuthorizationServer, testIssuer } from "#tooling/testing/authorization-server.ts";
import { connection } from "./config.ts";
import { builtIn } from "./index.ts";
import { permanentSettings } from "./permanent.ts";

describeConnector(builtIn, {
  async start() {
    const running = testAuthorizationServer();
    const issuer = await testIssuer(running);
    const { derive, origin } = running.deps;
    const { tenant } = issuer;
    const made = permanentSettings({ tenantId: tenant.id, tenantSlug: tenant.slug, origin, derive });
    const { registrationToken, introspectionSecret, introspectionClientId } = made.connection;
    const connectionInput = {
      registrationToken: registrationToken.reveal(),
      introspectionClientId,
      introspectionSecret: introspectionSecret.reveal(),
    };
    return {
      fetch: (url, init) => running.server.fetch(url, init),
      settings: { ...made, connection: connection.parse(connectionInput) },
      connectionInput,
      refusedConnectionInput: { ...connectionInput, registrationToken: "not-the-token" },
      canaries: [registrationToken.reveal(), introspectionSecret.reveal()],
      async createClient() {
        const { clientId, secret } = await issuer.register();
        return { clientId, clientSecret: secret };
      },
    };
  },
});
