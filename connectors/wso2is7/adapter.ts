import { createHash, timingSafeEqual } from "node:crypto";
import type {
  ClientRef,
  ClientSpec,
  ConnectorDependencies,
  KeyManagerSettings,
  ManagingAdapter,
} from "#lib/connector-kit/contract.ts";
import { eitherWay } from "#lib/connector-kit/either-way.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import { refuseIdleSecret } from "#lib/connector-kit/preset.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import { introspect } from "#lib/protocol/introspection.ts";
import { revoke } from "#lib/protocol/revocation.ts";
import { clientCredentialsToken, exchangedToken, proveClientCredentials } from "#lib/protocol/token.ts";
import { checkAccess } from "./access.ts";
import { openApplications } from "./applications.ts";
import type { ClientSettings, Connection } from "./config.ts";
import { openScopes } from "./scopes.ts";
import { openSecrets, replaceSecret, withSecret } from "./secrets.ts";
import { openServer } from "./server.ts";
import {
  carriesMarker,
  clientIdOf,
  secretOf,
  toApplication,
  toOidcConfiguration,
  toRegisteredClient,
  usesSecret,
} from "./wire.ts";

/** Scopes that were not granted are dropped, and an answer without any does not name them (OAuth2TokenEndpoint). */
const scopesWhenSilent = "none";

/**
 * Opens an organization through the application API (applications.yaml of wso2/identity-api-server).
 *
 * @throws {ConnectorError} `misconfigured` where neither issuer nor connection says where the server stands
 */
export function openWso2Is7Adapter(
  settings: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): ManagingAdapter {
  const { connection } = settings;
  const server = openServer(settings, dependencies);
  const { administration, endpoints } = server;
  const applications = openApplications(server, dependencies);

  return {
    async registerClient(spec) {
      const asked = spec as ClientSpec<ClientSettings>;
      const { consumerSecret } = spec;
      refuseIdleSecret(spec, asked.settings.authentication.method === "client_secret");
      const oidc = {
        ...toOidcConfiguration(asked),
        // The id is chosen by us, so that a client whose answer was lost is found again by it.
        clientId: spec.consumerKey ?? clientIdOf(spec.marker),
        ...(consumerSecret && { clientSecret: consumerSecret.reveal() }),
      };
      const body = {
        ...toApplication(asked),
        // Roles of the organization, not of each application, hold the portal's scopes.
        associatedRoles: { allowedAudience: "ORGANIZATION" },
        inboundProtocolConfiguration: { oidc },
      };
      const made = await applications.create(body, consumerSecret ? [consumerSecret] : []);
      return toRegisteredClient(made, consumerSecret);
    },

    async readClient(client) {
      const found = await applications.find(client);
      return found ? toRegisteredClient(found, client.consumerSecret) : null;
    },

    async updateClient(client, spec) {
      const before = await applications.demand(client);
      const asked = spec as ClientSpec<ClientSettings>;
      await applications.update(before.application.id, {
        application: toApplication(asked, before),
        oidc: toOidcConfiguration(asked, before.oidc),
      });
      return toRegisteredClient(await applications.demand(client), client.consumerSecret);
    },

    async deleteClient(client) {
      const found = await applications.find(client);
      if (found) await applications.remove(found.application.id);
    },

    checkAccess: () => checkAccess(server, connection),

    async findClients(marker, consumerKey = clientIdOf(marker)) {
      const found = await applications.find({ consumerKey });
      return found && carriesMarker(found, marker) ? [toRegisteredClient(found)] : [];
    },

    async proveClient(client, proof) {
      const found = await applications.demand(client);
      const { consumerKey: clientId } = client;
      const tokenEndpoint = endpoints.token;
      if (proof?.assertion) {
        const credentials = { method: "client_assertion", clientId, assertion: proof.assertion } as const;
        await proveClientCredentials(dependencies, { tokenEndpoint, credentials });
        return toRegisteredClient(found);
      }
      if (!usesSecret(found)) {
        throw new ConnectorError("unsupported", "This client does not use a secret, so it cannot be proven with one.");
      }
      const known = demandSecret(client);
      // A token is asked for only where another secret, or none, is shown: with a new one the server may end the last.
      const shown = secretOf(found.oidc.clientSecret);
      if (!shown || !isEqual(shown, known)) {
        await eitherWay(client, (credentials) => proveClientCredentials(dependencies, { tokenEndpoint, credentials }));
      }
      return withSecret(toRegisteredClient(found), known);
    },

    async rotateSecret(client) {
      const found = await applications.demand(client);
      return withSecret(toRegisteredClient(found), await replaceSecret(server, found.application.id));
    },

    secrets: openSecrets(server, applications, dependencies.clock),

    issueToken: (client, { scopes }) =>
      eitherWay(client, (credentials) =>
        clientCredentialsToken(dependencies, { tokenEndpoint: endpoints.token, credentials, scopes, scopesWhenSilent }),
      ),

    exchangeToken: (client, request) =>
      eitherWay(client, (credentials) =>
        exchangedToken(dependencies, { tokenEndpoint: endpoints.token, credentials, scopesWhenSilent, ...request }),
      ),

    async introspectToken(token) {
      const { introspection: introspectionEndpoint } = endpoints;
      const result = await administration.withSession((session) => {
        const credentials = { method: "session", secrets: server.secrets, ...session } as const;
        return introspect(dependencies, { introspectionEndpoint, credentials, token });
      });
      // The server knows refresh tokens too, and says so.
      return result.active && /^refresh/i.test(result.tokenType ?? "") ? { active: false } : result;
    },

    revokeToken: (client, token, kind) =>
      eitherWay(client, (credentials) =>
        revoke(dependencies, { revocationEndpoint: endpoints.revocation, credentials, token, kind }),
      ),

    scopes: openScopes(server, applications, connection),
  };
}

function demandSecret({ consumerSecret }: ClientRef): Secret {
  if (consumerSecret) return consumerSecret;
  throw new ConnectorError("unsupported", "A client without a secret cannot be proven to be yours.");
}

/** Compares without telling by its duration how much was right. */
function isEqual(one: Secret, other: Secret): boolean {
  const digest = (secret: Secret) => createHash("sha256").update(secret.reveal()).digest();
  return timingSafeEqual(digest(one), digest(other));
}
