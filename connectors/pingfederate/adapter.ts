import { throughReplicationLag, unlessAbsent, type AdministrationRequest } from "#lib/connector-kit/administration.ts";
import type {
  ClientRef,
  ClientSpec,
  ConnectorDependencies,
  KeyManagerSettings,
  ManagingAdapter,
  RegisteredClient,
} from "#lib/connector-kit/contract.ts";
import { ConnectorError, isConnectorError, withCredentials } from "#lib/connector-kit/errors.ts";
import { refuseIdleSecret, toldFromTaken } from "#lib/connector-kit/preset.ts";
import { credentialsOf } from "#lib/connector-kit/sign-in.ts";
import { randomToken } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { ClientCredentials } from "#lib/protocol/client-authentication.ts";
import { introspect } from "#lib/protocol/introspection.ts";
import { revoke } from "#lib/protocol/revocation.ts";
import {
  clientCredentialsToken,
  exchangedToken,
  proveClientCredentials,
  type IssuedToken,
  type ProvableCredentials,
} from "#lib/protocol/token.ts";
import { checkAccess } from "./access.ts";
import { endpointsOf, openApi } from "./api.ts";
import type { ClientSettings, Connection } from "./config.ts";
import { openScopes } from "./scopes.ts";
import {
  carriesMarker,
  clientObject,
  clientSecret,
  hasSecret,
  toClient,
  toRegisteredClient,
  usesSecret,
  type ClientObject,
} from "./wire.ts";

const collection = "/oauth/clients";
const pathOf = (clientId: string) => `${collection}/${encodeURIComponent(clientId)}`;

/** How long a call waits for the engines of a cluster to hear of a change. */
const replicationMs = 5_000;

/** Opens a PingFederate through its administrative API. */
export function openPingFederateAdapter(
  settings: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): ManagingAdapter {
  const api = openApi(settings, dependencies);
  const endpoints = endpointsOf(settings);

  async function find(clientId: string): Promise<ClientObject | undefined> {
    const request = { method: "GET", path: pathOf(clientId), doing: "Reading the client" } as const;
    const found = await unlessAbsent(api.read(request, clientObject));
    if (!found || found.clientId === clientId) return found;
    throw new ConnectorError(
      "bad_response",
      "PingFederate answered with another client than the one that was asked for. Upper and lower case count in a client id.",
    );
  }

  async function post(request: Pick<AdministrationRequest, "body" | "secrets" | "doing">, spec: ClientSpec) {
    try {
      return await api.run({ method: "POST", path: collection, ...request });
    } catch (error) {
      throw await toldFromTaken(error, spec, async (clientId) => (await find(clientId)) !== undefined);
    }
  }

  async function demand(clientId: string): Promise<ClientObject> {
    const found = await find(clientId);
    if (found) return found;
    throw new ConnectorError("not_found", "PingFederate has no such client.");
  }

  async function remove(clientId: string): Promise<void> {
    await unlessAbsent(api.run({ method: "DELETE", path: pathOf(clientId), doing: "Deleting the client" }));
  }

  /** A client that was made, but whose description could not be read, must not stay behind. */
  async function removeUnread(clientId: string): Promise<void> {
    try {
      await remove(clientId);
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      dependencies.log.warn({ error, clientId }, "a client that could not be read could not be deleted either");
    }
  }

  /** PingFederate may keep a replaced secret alive for a while; “replaced” means that it is dead. */
  async function endRetained(path: string, { encryptedSecret }: { encryptedSecret: string }): Promise<void> {
    const body = { encryptedSecret, secondarySecrets: [] };
    const doing = "Ending the replaced secret";
    const { secondarySecrets } = await api.read({ method: "PUT", path, body, doing }, clientSecret);
    if (!secondarySecrets?.length) return;
    throw new ConnectorError("conflict", `${doing} failed: PingFederate keeps it until its retention period is over.`);
  }

  /** Whether the administrative node knows of a change to this client that the engines have not heard of. */
  async function isOnItsWay(clientId: string): Promise<boolean> {
    try {
      return (await find(clientId))?.replicationStatus === "NOT_REPLICATED";
    } catch (error) {
      if (isConnectorError(error)) return false;
      throw error;
    }
  }

  /** Runs a call at an engine as this client. A refusal counts only once the engines know the client as it is. */
  async function asClient<T>({ consumerKey }: ClientRef, call: () => Promise<T>): Promise<T> {
    const notYet = new ConnectorError(
      "unreachable",
      "PingFederate's engines have not heard of this client yet. Try again in a minute; if it stays so, replicate the configuration in Cluster Management.",
    );
    const attempt = async () => {
      try {
        return await call();
      } catch (error) {
        const isRefused = isConnectorError(error) && error.kind === "credentials_refused";
        throw isRefused && (await isOnItsWay(consumerKey)) ? notYet : error;
      }
    };
    return throughReplicationLag(attempt, { isLag: (error) => error === notYet, budgetMs: replicationMs });
  }

  /** Asks as the resource server's client. */
  async function askAbout(token: Secret) {
    const { introspection } = settings.connection;
    if (introspection.method === "none") {
      throw new ConnectorError(
        "unsupported",
        "No client is configured that may ask PingFederate about tokens. An administrator can name one in the key manager's connection.",
      );
    }
    const address = introspection.method === "mutual_tls" ? introspection.certificateUrl : undefined;
    return introspect(dependencies, {
      introspectionEndpoint: address ?? endpoints.introspection,
      credentials: resourceServer(introspection),
      // PingFederate checks for its token endpoint, whichever endpoint is called (“tokenEndpointBaseUrl”).
      assertionAudience: endpoints.token,
      token,
    });
  }

  return {
    async registerClient(spec) {
      const doing = "Registering the client";
      const { authentication } = (spec as ClientSpec<ClientSettings>).settings;
      const needsSecret = authentication.method === "client_secret";
      refuseIdleSecret(spec, needsSecret);
      // PingFederate invents neither ids nor secrets here: the marker finds the client again if the answer is lost.
      const newSecret = needsSecret ? (spec.consumerSecret ?? new Secret(randomToken())) : undefined;
      const clientId = spec.consumerKey ?? spec.marker;
      const body = {
        clientId,
        enabled: true,
        ...toClient(spec as ClientSpec<ClientSettings>, { newSecret }),
      };
      const secrets = newSecret ? [newSecret] : [];
      const answer = await post({ body, secrets, doing }, spec);
      try {
        return toRegisteredClient(api.parse(answer, clientObject, doing), newSecret);
      } catch (error) {
        await removeUnread(clientId);
        throw error;
      }
    },

    async readClient(client) {
      const found = await find(client.consumerKey);
      return found ? toRegisteredClient(found, client.consumerSecret) : null;
    },

    async updateClient(client, spec) {
      const before = await demand(client.consumerKey);
      const { authentication } = (spec as ClientSpec<ClientSettings>).settings;
      const needsSecret = authentication.method === "client_secret" && !hasSecret(before);
      const newSecret = needsSecret ? new Secret(randomToken()) : undefined;
      // An update replaces the whole object, so the whole object is sent back, changed.
      const body = { ...before, ...toClient(spec as ClientSpec<ClientSettings>, { before, newSecret }) };
      const path = pathOf(before.clientId);
      const secrets = newSecret ? [newSecret] : [];
      try {
        const request = { method: "PUT", path, body, secrets, doing: "Updating the client" } as const;
        const after = await api.read(request, clientObject);
        return toRegisteredClient(after, newSecret ?? client.consumerSecret);
      } catch (error) {
        // Without a clear answer the secret may have been set; the client had none before.
        const isUnclear = isConnectorError(error) && ["unreachable", "bad_response"].includes(error.kind);
        throw newSecret && isUnclear ? withCredentials(error, { consumerSecret: newSecret }) : error;
      }
    },

    deleteClient: (client) => remove(client.consumerKey),

    checkAccess: () => checkAccess(api, { settings, introspect: (token) => askAbout(token) }),

    async findClients(marker, consumerKey = marker) {
      const found = await find(consumerKey);
      return found && carriesMarker(found, marker) ? [toRegisteredClient(found, undefined)] : [];
    },

    async proveClient(client, proof) {
      const credentials = provable(client, proof?.assertion);
      await asClient(client, () =>
        proveClientCredentials(dependencies, { tokenEndpoint: endpoints.token, credentials }),
      );
      return toRegisteredClient(await demand(client.consumerKey), client.consumerSecret);
    },

    async rotateSecret(client, { keepsOld } = { keepsOld: false }): Promise<RegisteredClient> {
      const found = await demand(client.consumerKey);
      if (!usesSecret(found)) {
        throw new ConnectorError("unsupported", "This client does not use a secret, so there is none to replace.");
      }
      const consumerSecret = new Secret(randomToken());
      const path = `${pathOf(found.clientId)}/clientAuth/clientSecret`;
      const doing = "Replacing the secret";
      const body = { secret: consumerSecret.reveal() };
      const answer = await api.run({ method: "PUT", path, body, secrets: [consumerSecret], doing });
      try {
        const replaced = api.parse(answer, clientSecret, doing);
        if (!keepsOld && replaced.secondarySecrets?.length) await endRetained(path, replaced);
      } catch (error) {
        throw isConnectorError(error) ? withCredentials(error, { consumerSecret }) : error;
      }
      return toRegisteredClient(found, consumerSecret);
    },

    issueToken: (client, { scopes }): Promise<IssuedToken> =>
      asClient(client, () =>
        clientCredentialsToken(dependencies, {
          tokenEndpoint: endpoints.token,
          credentials: secretCredentials(client),
          scopes,
        }),
      ),

    exchangeToken: (client, request): Promise<IssuedToken> =>
      asClient(client, () =>
        exchangedToken(dependencies, {
          ...request,
          tokenEndpoint: endpoints.token,
          credentials: secretCredentials(client),
          // Its token generators can make SAML assertions too.
          parameters: { requested_token_type: "urn:ietf:params:oauth:token-type:access_token" },
        }),
      ),

    revokeToken: (client, token, kind) =>
      asClient(client, () =>
        revoke(dependencies, {
          revocationEndpoint: endpoints.revocation,
          credentials: secretCredentials(client),
          token,
          kind,
        }),
      ),

    introspectToken: (token) => askAbout(token),

    scopes: openScopes(api, (client) => demand(client.consumerKey)),
  };
}

type ResourceServer = Exclude<Connection["introspection"], { method: "none" }>;

/** The client that asks about tokens. Its secret is optional at PingFederate (“Introspection endpoint”). */
function resourceServer(asking: ResourceServer): ClientCredentials {
  if (asking.method !== "client_secret") return credentialsOf(asking);
  const { method, clientId, clientSecret } = asking;
  return clientSecret ? credentialsOf({ method, clientId, clientSecret }) : { method: "none", clientId };
}

function secretCredentials({ consumerKey: clientId, consumerSecret: clientSecret }: ClientRef) {
  if (clientSecret) return { method: "client_secret_post", clientId, clientSecret } as const;
  throw new ConnectorError("unsupported", "This client has no secret, so the portal cannot authenticate as it.");
}

function provable(client: ClientRef, assertion: Secret | undefined): ProvableCredentials {
  if (!assertion) return secretCredentials(client);
  return { method: "client_assertion", clientId: client.consumerKey, assertion };
}
