import { describeConnector } from "#lib/connector-kit/conformance.ts";
import { tenantDb } from "#lib/data/database.ts";
import { newId } from "#lib/foundation/ids.ts";
import { ownConnectorId, testAuthorizationServer, testIssuer } from "#tooling/testing/authorization-server.ts";
import { connection } from "./config.ts";
import { builtIn } from "./index.ts";
import { permanentSettings } from "./permanent.ts";

describeConnector(builtIn, {
  async start() {
    let offsetMs = 0;
    const running = testAuthorizationServer({ clock: { now: () => new Date(Date.now() + offsetMs) } });
    const issuer = await testIssuer(running);
    const { derive, origin } = running.deps;
    const { tenant } = issuer;
    // What a client was granted limits it where the administrator wants application scopes.
    await running.deps.database.inTenant(tenant.id, (tx) =>
      tenantDb(tx).keyManager.create({
        data: {
          ...{
            id: newId(),
            tenantId: tenant.id,
            name: "built-in",
            displayName: "Built-in",
            connectorId: ownConnectorId,
          },
          ...{ issuer: issuer.issuer, endpoints: {}, signingKeys: { kind: "none" }, connection: {}, sealedSecrets: {} },
          applicationScopes: true,
        },
      }),
    );
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
      pass(seconds) {
        offsetMs += seconds * 1_000;
      },
      async createClient() {
        const { clientId, secret } = await issuer.register();
        return { clientId, clientSecret: secret };
      },
    };
  },
});
