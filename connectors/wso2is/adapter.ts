import { createHash, timingSafeEqual } from "node:crypto";
import type {
  ClientRef,
  ClientSpec,
  ConnectorDependencies,
  KeyManagerSettings,
  ManagingAdapter,
  RegisteredClient,
} from "#lib/connector-kit/contract.ts";
import { eitherWay } from "#lib/connector-kit/either-way.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import { refuseIdleSecret } from "#lib/connector-kit/preset.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import { unreadable } from "#lib/protocol/exchange.ts";
import { introspect } from "#lib/protocol/introspection.ts";
import { revoke } from "#lib/protocol/revocation.ts";
import { clientCredentialsToken, exchangedToken, proveClientCredentials } from "#lib/protocol/token.ts";
import { checkAccess } from "./access.ts";
import { openAddOn } from "./add-on.ts";
import type { ClientSettings, Connection } from "./config.ts";
import { openOwners, ownerOf } from "./owners.ts";
import { openScopes } from "./scopes.ts";
import { openSecrets, withSecret } from "./secrets.ts";
import { openServer, paths } from "./server.ts";
import {
  application,
  carriesMarker,
  clientIdOf,
  clientNameOf,
  secretOf,
  toMembers,
  toRegisteredClient,
  usesSecret,
  type Application,
} from "./wire.ts";

/** Scopes that nobody may have are dropped, and an answer without any does not name them (OAuth2TokenEndpoint). */
const scopesWhenSilent = "none";

/**
 * Opens a server through its registration API (DCR 1.1, specified in identity-inbound-auth-oauth), and the add-on
 * for secrets and owners where it has one.
 *
 * @throws {ConnectorError} `misconfigured` where neither issuer nor connection says where the server stands
 */
export function openWso2IsAdapter(
  settings: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): ManagingAdapter {
  const { connection } = settings;
  const server = openServer(settings, dependencies);
  const { administration, endpoints } = server;
  const addOn = openAddOn(server);
  const secrets = openSecrets(server, addOn, dependencies.clock);
  const owners = openOwners(server, addOn);

  const at = (clientId: string) => `${paths.registration}/${encodeURIComponent(clientId)}`;

  async function find(clientId: string): Promise<Application | undefined> {
    const doing = "Reading the client";
    const answer = await server.sendUnlessUnknown({ method: "GET", path: at(clientId), doing });
    if (!answer) return undefined;
    const found = administration.parse(answer, application, doing);
    if (found.client_id === clientId) return found;
    throw unreadable(answer, doing, "describes another client");
  }

  async function demand({ consumerKey }: ClientRef): Promise<Application> {
    const found = await find(consumerKey);
    if (found) return found;
    throw new ConnectorError("not_found", "The server has no such client.");
  }

  async function registered(client: ClientRef): Promise<RegisteredClient> {
    return toRegisteredClient(await demand(client), client.consumerSecret);
  }

  async function update(client: ClientRef, spec: ClientSpec): Promise<RegisteredClient> {
    const body = toMembers(spec as ClientSpec<ClientSettings>, await demand(client));
    await administration.run({ method: "PUT", path: at(client.consumerKey), body, doing: "Updating the client" });
    // The answer to an update repeats what was asked, not what is stored (jwks_uri).
    return registered(client);
  }

  return {
    async registerClient(spec) {
      const { consumerSecret } = spec;
      const asked = spec as ClientSpec<ClientSettings>;
      refuseIdleSecret(spec, asked.settings.authentication.method === "client_secret");
      const owner = ownerOf(connection, spec);
      if (owner !== undefined) await owners.requireUser(owner);
      const body = {
        ...toMembers(asked),
        ...(owner !== undefined && { ext_application_owner: owner }),
        // Chosen by us, so that a client whose answer was lost is found again by it.
        ext_param_client_id: spec.consumerKey ?? clientIdOf(spec.marker),
        ...(consumerSecret && { ext_param_client_secret: consumerSecret.reveal() }),
      };
      const doing = "Registering the client";
      const secrets = consumerSecret ? [consumerSecret] : [];
      const request = { method: "POST", path: paths.registration, body, secrets, doing } as const;
      return toRegisteredClient(await administration.read(request, application), consumerSecret);
    },

    async readClient(client) {
      const found = await find(client.consumerKey);
      return found ? toRegisteredClient(found, client.consumerSecret) : null;
    },

    updateClient: update,

    async deleteClient({ consumerKey }) {
      await server.sendUnlessUnknown({ method: "DELETE", path: at(consumerKey), doing: "Deleting the client" });
    },

    async changeOwner(client, spec) {
      const owner = ownerOf(connection, spec);
      // The add-on answers a client that is gone with an error of its own.
      await demand(client);
      if (owner !== undefined) await owners.give(client.consumerKey, owner);
      const found = await demand(client);
      // Earlier add-ons rename a client whose owner changes, and our mark must stay at the name's end.
      const isNamed = found.client_name === clientNameOf(spec);
      return isNamed ? toRegisteredClient(found, client.consumerSecret) : update(client, spec);
    },

    checkAccess: () => checkAccess(server, addOn, connection),

    async findClients(marker, consumerKey = clientIdOf(marker)) {
      const found = await find(consumerKey);
      return found && carriesMarker(found, marker) ? [toRegisteredClient(found)] : [];
    },

    async proveClient(client, proof) {
      const found = await demand(client);
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
      // A token is asked for only where the server does not show its secret: with a new one it ends the last.
      const shown = secretOf(found);
      if (!shown || !isEqual(shown, known)) {
        await eitherWay(client, (credentials) => proveClientCredentials(dependencies, { tokenEndpoint, credentials }));
      }
      return withSecret(toRegisteredClient(found), known);
    },

    async rotateSecret(client) {
      const found = await demand(client);
      const secret = await secrets.replace(client.consumerKey);
      return withSecret(toRegisteredClient(found), secret);
    },

    secrets: {
      list: ({ consumerKey }) => secrets.list(consumerKey),
      async add(client, wish) {
        const found = await demand(client);
        const { value, facts } = await secrets.add(client.consumerKey, wish);
        return { client: withSecret(toRegisteredClient(found), value), secret: facts };
      },
      remove: ({ consumerKey }, secretId) => secrets.remove(consumerKey, secretId),
    },

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

    scopes: openScopes(server, connection.scopeRoles),
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
