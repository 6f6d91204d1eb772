import { unlessAbsent, type AdministrationRequest } from "#lib/connector-kit/administration.ts";
import type {
  ClientRef,
  ClientSpec,
  ConnectorDependencies,
  KeyManagerSettings,
  ManagingAdapter,
  RegisteredClient,
} from "#lib/connector-kit/contract.ts";
import { eitherWay } from "#lib/connector-kit/either-way.ts";
import { ConnectorError, isConnectorError, withCredentials } from "#lib/connector-kit/errors.ts";
import { refuseIdleSecret } from "#lib/connector-kit/preset.ts";
import { randomToken } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { revoke } from "#lib/protocol/revocation.ts";
import type { TokenKind } from "#lib/protocol/token-kind.ts";
import {
  clientCredentialsToken,
  exchangedToken,
  proveClientCredentials,
  type IssuedToken,
  type ProvableCredentials,
} from "#lib/protocol/token.ts";
import { checkAccess } from "./access.ts";
import type { ClientSettings, Connection } from "./config.ts";
import { changed, clientDocument, type Changes, type ClientDocument } from "./document.ts";
import { openTokenInquiry } from "./introspection.ts";
import { openRealm } from "./realm.ts";
import { isReserved, openScopes } from "./scopes.ts";
import { authenticationOf, carriesMarker, toChanges, toRegisteredClient, usesSecret, withMarker } from "./wire.ts";

const collection = "/agents/OAuth2Client";
const pathOf = (clientId: string) => `${collection}/${encodeURIComponent(clientId)}`;

const newSecret = () => new Secret(randomToken(32));

/**
 * Opens a realm of AM through its REST API.
 *
 * @throws {ConnectorError} `misconfigured` where the issuer is none of AM's, or the connection would give
 *   every application power over AM
 */
export function openForgerockAdapter(
  settings: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): ManagingAdapter {
  const { connection } = settings;
  const realm = openRealm(settings, dependencies);
  const { administration, endpoints } = realm;
  const reserved = connection.defaultScopes.filter(isReserved);
  if (reserved.length > 0) {
    throw new ConnectorError(
      "misconfigured",
      `Default scopes go to every application. Remove “${reserved.join("”, “")}”, which has a meaning for AM itself.`,
    );
  }

  async function find(clientId: string): Promise<ClientDocument | undefined> {
    const request = { method: "GET", path: pathOf(clientId), doing: "Reading the client" } as const;
    const found = await unlessAbsent(administration.read(request, clientDocument));
    // Directories may take ids for the same that are spelled differently.
    return found?.id === clientId ? found : undefined;
  }

  async function demand(clientId: string): Promise<ClientDocument> {
    const found = await find(clientId);
    if (found) return found;
    throw new ConnectorError("not_found", "AM has no client with this id in this realm.");
  }

  const readTemplate = () =>
    administration.read(
      { method: "POST", path: `${collection}?_action=template`, body: {}, doing: "Reading the template of a client" },
      clientDocument,
    );

  async function put(
    clientId: string,
    body: unknown,
    request: Pick<AdministrationRequest, "doing" | "headers"> & { secret?: Secret | undefined },
  ): Promise<ClientDocument> {
    const { secret, ...rest } = request;
    const path = pathOf(clientId);
    const secrets = secret ? [secret] : [];
    return administration.read({ method: "PUT", path, body, secrets, ...rest }, clientDocument);
  }

  async function remove(clientId: string): Promise<void> {
    await unlessAbsent(administration.run({ method: "DELETE", path: pathOf(clientId), doing: "Deleting the client" }));
  }

  /** Changes a client that is there, and gives it a secret if one is named. */
  async function change(
    before: ClientDocument,
    clientId: string,
    request: { doing: string; changes: Changes; secret?: Secret | undefined },
  ): Promise<ClientDocument> {
    const { doing, changes, secret } = request;
    const body = changed(before, { ...changes, ...(secret && { secret: secret.reveal() }) });
    try {
      return await put(clientId, body, { doing, secret });
    } catch (error) {
      if (!isConnectorError(error) || !secret) throw error;
      // AM may have taken it although its answer did not come, or could not be read.
      const isUncertain = ["unreachable", "bad_response"].includes(error.kind);
      throw isUncertain ? withCredentials(error, { consumerSecret: secret }) : error;
    }
  }

  /** A client whose making was answered with nonsense must not stay behind with a secret that nobody knows. */
  async function make(clientId: string, body: unknown, secret: Secret | undefined): Promise<ClientDocument> {
    try {
      return await put(clientId, body, { doing: "Registering the client", headers: { "if-none-match": "*" }, secret });
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      if (error.kind === "bad_response") {
        await remove(clientId).catch((failure: unknown) => {
          if (!isConnectorError(failure)) throw failure;
          dependencies.log.warn(
            { error: failure, clientId },
            "a client that could not be read could not be deleted either",
          );
        });
      }
      if (error.kind !== "not_found") throw error;
      throw new ConnectorError(
        "misconfigured",
        "AM knows no place for clients in this realm. Check the realm's name; if OpenAM's realm is new, create one client in its console first.",
        { status: 404, ...(error.reason !== undefined && { reason: error.reason }) },
      );
    }
  }

  const registered = (document: ClientDocument, client: ClientRef): RegisteredClient =>
    toRegisteredClient(document, { id: client.consumerKey, consumerSecret: client.consumerSecret });

  function provableCredentials(client: ClientRef, found: ClientDocument, assertion?: Secret): ProvableCredentials {
    const { method } = authenticationOf(found);
    const { consumerKey: clientId, consumerSecret } = client;
    if (assertion && method === "private_key_jwt") return { method: "client_assertion", clientId, assertion };
    if (consumerSecret && (method === "client_secret_basic" || method === "client_secret_post")) {
      return { method, clientId, clientSecret: consumerSecret };
    }
    throw new ConnectorError(
      "unsupported",
      `This client authenticates by ${method}: ${method === "private_key_jwt" ? "only a signed assertion" : "neither a secret nor an assertion"} can prove that it is yours.`,
    );
  }

  /** A token that only proved something is ended at once, where that works. */
  async function giveBack(client: ClientRef, token: IssuedToken): Promise<void> {
    if (!client.consumerSecret) return;
    try {
      await revokeToken(client, token.accessToken, "access_token");
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      dependencies.log.debug({ error }, "a token of a proof could not be revoked; it expires by itself");
    }
  }

  const revokeToken = (client: ClientRef, token: Secret, kind: TokenKind) =>
    eitherWay(client, (credentials) =>
      revoke(dependencies, { revocationEndpoint: endpoints.revocation, credentials, token, kind }),
    );

  const inquiry = openTokenInquiry(realm, connection, {
    dependencies,
    async scopesOfClient(clientId) {
      const attributes = (await find(clientId))?.attributes;
      return attributes && [...attributes.scopes, ...attributes.defaultScopes];
    },
  });

  return {
    async registerClient(spec) {
      const { marker, settings: asked, consumerKey = marker } = spec as ClientSpec<ClientSettings>;
      refuseIdleSecret(spec, usesSecret(asked.authentication));
      const template = await readTemplate();
      const secret = usesSecret(asked.authentication) ? (spec.consumerSecret ?? newSecret()) : undefined;
      const body = changed(template, {
        ...withMarker(toChanges(spec as ClientSpec<ClientSettings>, template), template, spec),
        status: "Active",
        scopes: connection.defaultScopes,
        defaultScopes: connection.defaultScopes,
        ...(secret && { secret: secret.reveal() }),
      });
      // AM lets us choose the id: the marker finds the client again even if the answer is lost.
      return registered(await make(consumerKey, body, secret), {
        consumerKey,
        ...(secret && { consumerSecret: secret }),
      });
    },

    async readClient(client) {
      const found = await find(client.consumerKey);
      return found ? registered(found, client) : null;
    },

    async updateClient(client, spec) {
      const asked = spec as ClientSpec<ClientSettings>;
      const before = await demand(client.consumerKey);
      // Whoever begins to use a secret needs one; otherwise AM keeps the one that is there.
      const needsOne = usesSecret(asked.settings.authentication) && !usesSecret(authenticationOf(before));
      const secret = needsOne ? newSecret() : undefined;
      const changes = toChanges(asked, before);
      const after = await change(before, client.consumerKey, { doing: "Updating the client", changes, secret });
      return registered(after, secret ? { ...client, consumerSecret: secret } : client);
    },

    deleteClient: ({ consumerKey }) => remove(consumerKey),

    checkAccess: () =>
      checkAccess({ administration, connection, readTemplate, demandIntrospection: inquiry.demandPermission }),

    async findClients(marker, consumerKey = marker) {
      const found = await find(consumerKey);
      return found && carriesMarker(found, marker) ? [registered(found, { consumerKey })] : [];
    },

    async proveClient(client, proof) {
      const found = await demand(client.consumerKey);
      const credentials = provableCredentials(client, found, proof?.assertion);
      const token = await proveClientCredentials(dependencies, { tokenEndpoint: endpoints.token, credentials });
      if (token) await giveBack(client, token);
      return registered(found, client);
    },

    async rotateSecret(client) {
      const before = await demand(client.consumerKey);
      if (!usesSecret(authenticationOf(before))) {
        throw new ConnectorError("unsupported", "This client does not use a secret.");
      }
      const secret = newSecret();
      const request = { doing: "Making a new secret", changes: {}, secret };
      return registered(await change(before, client.consumerKey, request), { ...client, consumerSecret: secret });
    },

    issueToken: (client, { scopes }) =>
      eitherWay(client, (credentials) =>
        clientCredentialsToken(dependencies, { tokenEndpoint: endpoints.token, credentials, scopes }),
      ),

    exchangeToken: (client, request) =>
      eitherWay(client, (credentials) =>
        exchangedToken(dependencies, { tokenEndpoint: endpoints.token, credentials, ...request }),
      ),

    revokeToken,

    introspectToken: inquiry.introspect,

    scopes: openScopes(administration, async ({ consumerKey }, next) => {
      const before = await demand(consumerKey);
      const changes = { scopes: next(before.attributes.scopes) };
      await change(before, consumerKey, { doing: "Granting the scopes", changes });
    }),
  };
}
