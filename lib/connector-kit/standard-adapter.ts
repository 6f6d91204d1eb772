/**
 * An adapter for servers that follow RFC 7591, 7592, 7662 and 7009: what connectors for such servers share.
 * A connector says how its forms translate; everything else is the standards' work, done in lib/protocol.
 */
import type { Secret } from "#lib/foundation/secret.ts";
import type { ClientCredentials } from "#lib/protocol/client-authentication.ts";
import { introspect, proveByIntrospection } from "#lib/protocol/introspection.ts";
import {
  deleteClient,
  isOwnManagementUri,
  readClient,
  registerClient,
  replacedBy,
  responseTypesFor,
  updateClient,
  type ClientInformation,
  type ClientManagement,
  type ClientMetadata,
} from "#lib/protocol/registration.ts";
import { revoke } from "#lib/protocol/revocation.ts";
import {
  clientCredentialsToken,
  exchangedToken,
  proveClientCredentials,
  type IssuedToken,
} from "#lib/protocol/token.ts";
import type {
  ClientLifecycle,
  ClientRef,
  ClientSpec,
  ConnectorDependencies,
  EndpointName,
  Endpoints,
  KeyManagerAdapter,
  RegisteredClient,
} from "./contract.ts";
import { eitherWay } from "./either-way.ts";
import { ConnectorError, isConnectorError, withCredentials } from "./errors.ts";

export type StandardAdapterOptions<ClientSettings> = {
  endpoints: Endpoints;
  /** The bearer token that allows registration, or undefined where the server wants none. */
  authoriseRegistration(): Promise<Secret | undefined>;
  /** The client that may ask about tokens; undefined where the administrator named none. */
  introspectionClient: ClientCredentials | undefined;
  /** Where that client asks, if not at the usual endpoint: the one for its certificate (RFC 8705 §5). */
  introspectionUrl?: string | undefined;
  /** Client metadata (RFC 7591 §2) for the connector's own settings. A member set to undefined is removed. */
  toMetadata(settings: ClientSettings): ClientMetadata;
  /** The same way back. */
  toSettings(client: ClientInformation): Record<string, unknown>;
  /** Client metadata for a consumer key that somebody chose. RFC 7591 has none: absent where the server has none either. */
  toIdentity?(consumerKey: string): ClientMetadata;
  /**
   * Whether the portal alone decides what stands in a client. Elsewhere an update reads the client first,
   * to keep what others have set at the server: an update replaces everything (RFC 7592 §2.2).
   */
  ownsClients?: boolean;
};

export type StandardAdapter = ClientLifecycle &
  Required<Pick<KeyManagerAdapter, "proveClient" | "issueToken" | "exchangeToken" | "revokeToken" | "introspectToken">>;

const words: Partial<Record<EndpointName, string>> = {
  registration: "registration",
  token: "token",
  introspection: "introspection",
  revocation: "revocation",
};

/**
 * A client as the standards describe it, in our terms.
 *
 * @param before what was known of it: an answer need not repeat its credentials (RFC 7592 §3), and a management
 *   address at another origin is not taken in place of the one that is known
 */
export function toRegisteredClient(
  information: ClientInformation,
  context: {
    before?: ClientRef | undefined;
    registrationEndpoint: string;
    toSettings(client: ClientInformation): Record<string, unknown>;
  },
): RegisteredClient {
  const { before, registrationEndpoint, toSettings } = context;
  const isPublic = information.tokenEndpointAuthMethod === "none";
  const consumerSecret = isPublic ? undefined : (information.clientSecret ?? before?.consumerSecret);
  const registrationToken = information.registrationAccessToken ?? before?.registrationToken;
  const uri = [information.registrationClientUri, before?.registrationClientUri].find(
    (address) => address !== undefined && isOwnManagementUri(address, registrationEndpoint),
  );
  return {
    ref: {
      consumerKey: information.clientId,
      ...(consumerSecret && { consumerSecret }),
      ...(uri && { registrationClientUri: uri }),
      ...(uri && registrationToken && { registrationToken }),
    },
    state: {
      name: information.clientName,
      grantTypes: information.grantTypes,
      redirectUris: information.redirectUris,
      settings: toSettings(information),
    },
  };
}

/** Opens the standards' adapter; a connector hands on the members that its servers really have. */
export function openStandardAdapter<ClientSettings>(
  options: StandardAdapterOptions<ClientSettings>,
  { fetch, clock, log }: ConnectorDependencies,
): StandardAdapter {
  const dependencies = { fetch, clock };

  function endpoint(name: EndpointName): string {
    const url = options.endpoints[name];
    if (url) return url;
    throw new ConnectorError("unsupported", `This key manager has no ${words[name] ?? name} endpoint.`);
  }

  function metadataOf(spec: ClientSpec): ClientMetadata {
    return {
      client_name: spec.name,
      // Carries the attempt's marker: the standard has no field that could be searched (RFC 7591 §2).
      software_id: spec.marker,
      grant_types: spec.grantTypes,
      response_types: responseTypesFor(spec.grantTypes),
      redirect_uris: spec.redirectUris,
      ...options.toMetadata(spec.settings as ClientSettings),
      ...(spec.consumerKey !== undefined && options.toIdentity?.(spec.consumerKey)),
    };
  }

  function registered(information: ClientInformation, before?: ClientRef): RegisteredClient {
    const client = toRegisteredClient(information, {
      ...options,
      before,
      registrationEndpoint: endpoint("registration"),
    });
    if (information.registrationClientUri && information.registrationClientUri !== client.ref.registrationClientUri) {
      log.warn({ consumerKey: information.clientId }, "management address at another origin was left out");
    }
    return client;
  }

  function managementOf(client: ClientRef): ClientManagement {
    const { registrationClientUri, registrationToken } = client;
    if (!registrationClientUri || !registrationToken) {
      throw new ConnectorError(
        "unsupported",
        "This client was attached without a registration access token, so the portal cannot read or change it.",
      );
    }
    if (!isOwnManagementUri(registrationClientUri, endpoint("registration"))) {
      throw new ConnectorError(
        "misconfigured",
        "The client's management address is not at the registration endpoint's host.",
      );
    }
    return { registrationClientUri, registrationAccessToken: registrationToken };
  }

  /**
   * A management call that was answered with 401 leaves open whether the client is gone or its token is
   * dead (RFC 7592 §2.1). Its own secret tells: a client that can still authenticate is there.
   */
  async function isProvenGone(client: ClientRef): Promise<boolean> {
    if (!client.consumerSecret || !options.endpoints.token) return false;
    const tokenEndpoint = options.endpoints.token;
    try {
      await eitherWay(client, (credentials) => proveClientCredentials(dependencies, { tokenEndpoint, credentials }));
      return false;
    } catch (error) {
      if (isConnectorError(error)) return error.kind === "credentials_refused";
      throw error;
    }
  }

  const deadToken = (cause: unknown) =>
    new ConnectorError(
      "credentials_refused",
      "The authorization server no longer accepts the client's registration access token.",
      { status: 401, ofClient: true, cause },
    );

  /** Why an update was refused, where the client's own access was: the client is gone, or its token is dead. */
  async function toldApart(client: ClientRef, error: unknown): Promise<unknown> {
    if (!isConnectorError(error) || error.status !== 401) return error;
    if (!(await isProvenGone(client))) return deadToken(error);
    return new ConnectorError("not_found", "The authorization server does not know the client.", { cause: error });
  }

  async function replaceMetadata(client: ClientRef, spec: ClientSpec): Promise<RegisteredClient> {
    if (options.ownsClients) {
      const { consumerKey: clientId, consumerSecret: clientSecret } = client;
      const change = { clientId, clientSecret, metadata: metadataOf(spec) };
      return registered(await updateClient(dependencies, managementOf(client), change), client);
    }
    const current = await readClient(dependencies, managementOf(client));
    const { ref } = registered(current, client);
    try {
      const metadata = { ...current.metadata, ...metadataOf(spec) };
      const change = { clientId: ref.consumerKey, clientSecret: ref.consumerSecret, metadata };
      return registered(await updateClient(dependencies, managementOf(ref), change), ref);
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      // What reading brought is newer than what was stored, and may be all that works now.
      throw withCredentials(error, replacedBy(current));
    }
  }

  async function giveBack(client: ClientRef, token: IssuedToken): Promise<void> {
    if (!options.endpoints.revocation) return;
    const revocationEndpoint = options.endpoints.revocation;
    try {
      await eitherWay(client, (credentials) =>
        revoke(dependencies, { revocationEndpoint, credentials, token: token.accessToken, kind: "access_token" }),
      );
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      log.debug({ error }, "a token of a proof could not be revoked; it expires by itself");
    }
  }

  return {
    async registerClient(spec) {
      const registrationEndpoint = endpoint("registration");
      const authorisation = await options.authoriseRegistration();
      const metadata = metadataOf(spec);
      return registered(await registerClient(dependencies, { registrationEndpoint, authorisation, metadata }));
    },

    async readClient(client) {
      try {
        return registered(await readClient(dependencies, managementOf(client)), client);
      } catch (error) {
        if (!isConnectorError(error)) throw error;
        if (error.kind === "not_found") return null;
        if (error.kind !== "credentials_refused") throw error;
        if (await isProvenGone(client)) return null;
        throw deadToken(error);
      }
    },

    async updateClient(client, spec) {
      try {
        return await replaceMetadata(client, spec);
      } catch (error) {
        throw await toldApart(client, error);
      }
    },

    async deleteClient(client) {
      try {
        await deleteClient(dependencies, managementOf(client));
      } catch (error) {
        if (!isConnectorError(error) || error.kind !== "credentials_refused") throw error;
        if (!(await isProvenGone(client))) throw deadToken(error);
      }
    },

    async proveClient(client) {
      const { token, introspection } = options.endpoints;
      let issued: IssuedToken | null = null;
      if (token) {
        issued = await eitherWay(client, (credentials) =>
          proveClientCredentials(dependencies, { tokenEndpoint: token, credentials }),
        );
        if (issued) await giveBack(client, issued);
      } else if (introspection) {
        await eitherWay(client, (credentials) =>
          proveByIntrospection(dependencies, { introspectionEndpoint: introspection, credentials }),
        );
      } else {
        throw new ConnectorError(
          "unsupported",
          "This key manager has no endpoint at which a client could prove itself.",
        );
      }
      const state = {
        name: client.consumerKey,
        grantTypes: issued ? ["client_credentials"] : [],
        redirectUris: [],
        settings: {},
      };
      return { ref: client, state };
    },

    async issueToken(client, { scopes }) {
      const tokenEndpoint = endpoint("token");
      return eitherWay(client, (credentials) =>
        clientCredentialsToken(dependencies, { tokenEndpoint, credentials, scopes }),
      );
    },

    async exchangeToken(client, request) {
      const tokenEndpoint = endpoint("token");
      return eitherWay(client, (credentials) =>
        exchangedToken(dependencies, { ...request, tokenEndpoint, credentials }),
      );
    },

    async revokeToken(client, token, kind) {
      const revocationEndpoint = endpoint("revocation");
      await eitherWay(client, (credentials) => revoke(dependencies, { revocationEndpoint, credentials, token, kind }));
    },

    async introspectToken(token) {
      const introspectionEndpoint = options.introspectionUrl ?? endpoint("introspection");
      const credentials = options.introspectionClient;
      if (credentials) return introspect(dependencies, { introspectionEndpoint, credentials, token });
      throw new ConnectorError("unsupported", "No client is configured that may ask this key manager about tokens.");
    },
  };
}
