import { createHash, timingSafeEqual } from "node:crypto";
import type {
  ClientRef,
  ClientSpec,
  ConnectorDependencies,
  KeyManagerSettings,
  ManagingAdapter,
} from "#lib/connector-kit/contract.ts";
import { eitherWay } from "#lib/connector-kit/either-way.ts";
import { ConnectorError, isConnectorError, restated } from "#lib/connector-kit/errors.ts";
import { tokenRequestOf } from "#lib/connector-kit/token-parameters.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import type { ClientCredentials, SecretCredentials } from "#lib/protocol/client-authentication.ts";
import { unreadable } from "#lib/protocol/exchange.ts";
import { revoke } from "#lib/protocol/revocation.ts";
import { clientCredentialsToken, exchangedToken, proveClientCredentials } from "#lib/protocol/token.ts";
import { checkAccess } from "./access.ts";
import type { ClientSettings, Connection } from "./config.ts";
import { authenticationMembers, changeAuthentication } from "./credentials.ts";
import { openGrants } from "./grants.ts";
import { openManagement } from "./management.ts";
import { pagesOf } from "./pages.ts";
import { openScopes } from "./scopes.ts";
import { tokenParameters } from "./token-parameters.ts";
import {
  audienceKey,
  authenticationOf,
  clientObject,
  clientPage,
  managementError,
  markerKey,
  metadataOf,
  toClientObject,
  toRegisteredClient,
  usesSecret,
  type ClientObject,
} from "./wire.ts";

/** Why `/oauth/revoke` is of no use for an access token (auth0.com/docs/api/authentication, “Revoke refresh token”). */
export const accessTokensLive = "Auth0 revokes refresh tokens only; an access token lives until it expires.";

/**
 * Opens a tenant through the Management API v2 (auth0.com/docs/api/management/v2). Nothing is sent yet.
 *
 * @returns an adapter whose methods throw `ConnectorError` and nothing else
 */
export function openAuth0Adapter(
  settings: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): ManagingAdapter {
  const management = openManagement(settings, dependencies);
  const { administration, tokenEndpoint, revocationEndpoint, audience: defaultAudience, audiences } = management;
  const { exchangeTokenType } = settings.connection;
  const grants = openGrants(administration);

  async function find(clientId: string): Promise<ClientObject | undefined> {
    if (!isClientId(clientId)) return undefined;
    const doing = "Reading the client";
    const request = { method: "GET", path: `/clients/${clientId}`, doing } as const;
    const answer = await administration.send(request);
    // Any other 404 is not about the client: a wrong address answers so too.
    if (answer.status === 404 && managementError(answer.json).errorCode === "inexistent_client") return undefined;
    if (answer.status !== 200) throw administration.failure(answer, request);
    const found = administration.parse(answer, clientObject, doing);
    if (found.client_id !== clientId) throw unreadable(answer, doing, "is about another client");
    return found;
  }

  async function demand({ consumerKey }: ClientRef): Promise<ClientObject> {
    const found = await find(consumerKey);
    if (found) return found;
    throw new ConnectorError("not_found", "Auth0 has no such client.");
  }

  /** The API that a client was made for: what its metadata say, unless the connection no longer names it. */
  function audienceOf(client: ClientObject): string {
    const own = metadataOf(client, audienceKey);
    return own !== undefined && audiences.includes(own) ? own : defaultAudience;
  }

  async function audienceFor(client: ClientRef): Promise<string> {
    if (audiences.length === 1) return defaultAudience;
    return audienceOf(await demand(client));
  }

  function chosenAudience({ audience = defaultAudience }: { audience?: string | undefined }): string {
    if (audiences.includes(audience)) return audience;
    const choice = audiences.map((name) => `“${name}”`).join(", ");
    throw new ConnectorError("rejected", `“${audience}” is no API of this key manager. Choose one of: ${choice}.`);
  }

  async function remove(clientId: string): Promise<void> {
    // 204 whether or not there was one.
    await administration.run({ method: "DELETE", path: `/clients/${clientId}`, doing: "Deleting the client" });
  }

  /** Clears away what is used no more; that it failed must not hide how the call itself ended. */
  async function clearAway(what: string, consumerKey: string, work: () => Promise<void>): Promise<void> {
    await work().catch((failure: unknown) => {
      if (!isConnectorError(failure)) throw failure;
      dependencies.log.warn({ error: failure, consumerKey }, `${what} could not be removed`);
    });
  }

  return {
    async registerClient(spec) {
      const asked = spec as ClientSpec<ClientSettings>;
      const audience = chosenAudience(asked.settings);
      const body = {
        ...toClientObject(asked),
        ...authenticationMembers(asked.settings.authentication),
        client_metadata: { [markerKey]: spec.marker, ...(asked.settings.audience && { [audienceKey]: audience }) },
      };
      const request = { method: "POST", path: "/clients", body, doing: "Registering the client" } as const;
      const made = await administration.read(request, clientObject);
      try {
        await grants.begin(made.client_id, audience, spec.grantTypes);
      } catch (error) {
        await clearAway("a client without a grant", made.client_id, () => remove(made.client_id));
        throw error;
      }
      return toRegisteredClient(made);
    },

    async readClient(client) {
      const found = await find(client.consumerKey);
      return found ? toRegisteredClient(found, client.consumerSecret) : null;
    },

    async updateClient(client, spec) {
      const asked = spec as ClientSpec<ClientSettings>;
      const before = await demand(client);
      const audience = chosenAudience(asked.settings);
      if (audience !== audienceOf(before)) {
        throw new ConnectorError("rejected", "A client stays with the API that it was made for. Make another client.");
      }
      const change = await changeAuthentication(administration, before, asked.settings.authentication);
      const body = { ...toClientObject(asked, before), ...change.members };
      const path = `/clients/${before.client_id}`;
      const request = { method: "PATCH", path, body, doing: "Updating the client" } as const;
      let after: ClientObject;
      try {
        after = await administration.read(request, clientObject);
      } catch (error) {
        await clearAway("a key of a failed update", before.client_id, change.undo);
        throw error;
      }
      await clearAway("a key that is used no more", before.client_id, change.finish);
      await grants.ensure(before.client_id, audience, spec.grantTypes);
      return toRegisteredClient(after, client.consumerSecret);
    },

    async deleteClient({ consumerKey }) {
      if (isClientId(consumerKey)) await remove(consumerKey);
    },

    checkAccess: () => checkAccess(management, grants),

    async findClients(marker) {
      // Nothing searches metadata without lagging behind, so every client is looked at.
      const query = { fields: "client_id,client_metadata", include_fields: "true" };
      const request = { path: "/clients", query, doing: "Looking for the client" };
      const ids: string[] = [];
      for await (const { clients } of pagesOf(administration, request, clientPage)) {
        ids.push(...clients.filter((client) => metadataOf(client, markerKey) === marker).map((c) => c.client_id));
      }
      const found = await Promise.all(ids.map((id) => find(id)));
      return found.filter((client) => client !== undefined).map((client) => toRegisteredClient(client));
    },

    async proveClient(client, { assertion } = {}) {
      const { consumerKey: clientId, consumerSecret } = client;
      if (!assertion && !consumerSecret) {
        throw new ConnectorError("unsupported", "Without its secret or an assertion, a client cannot be proven yours.");
      }
      const found = await demand(client);
      const prove = (
        credentials: SecretCredentials | { method: "client_assertion"; clientId: string; assertion: Secret },
      ) =>
        proveClientCredentials(dependencies, {
          tokenEndpoint,
          credentials,
          parameters: { audience: defaultAudience },
          // So Auth0 refuses a client that it has authenticated and that has no grant.
          refusals: ["access_denied"],
        });
      if (assertion) {
        if (authenticationOf(found) !== "private_key_jwt") {
          throw new ConnectorError("unsupported", "This client does not use a key, so an assertion proves nothing.");
        }
        await prove({ method: "client_assertion", clientId, assertion });
      } else if (!usesSecret(found) || !consumerSecret) {
        throw new ConnectorError("unsupported", "This client does not use a secret, so it cannot be proven with one.");
      } else if (!found.client_secret) {
        // The portal's application may not see secrets; the token endpoint knows.
        await eitherWay(client, prove);
      } else if (!isEqual(found.client_secret, consumerSecret.reveal())) {
        throw new ConnectorError("credentials_refused", "The secret is not the one that Auth0 has for this client.");
      }
      return toRegisteredClient(found, consumerSecret);
    },

    async rotateSecret(client) {
      const found = await demand(client);
      if (!usesSecret(found)) throw new ConnectorError("unsupported", "This client does not use a secret.");
      const path = `/clients/${found.client_id}/rotate-secret`;
      const doing = "Making a new secret";
      const answer = await administration.run({ method: "POST", path, doing });
      const made = administration.parse(answer, clientObject, doing);
      if (!made.client_secret) throw unreadable(answer, doing, "holds no secret");
      return toRegisteredClient(made);
    },

    async issueToken(client, { scopes }) {
      const { connection } = settings;
      const wish = tokenParameters({ connection, client: { audience: await audienceFor(client) } });
      return asClient(client, (credentials) =>
        clientCredentialsToken(dependencies, { tokenEndpoint, credentials, ...tokenRequestOf(wish, scopes) }),
      );
    },

    async exchangeToken(client, { subjectToken, scopes, audience: wanted }) {
      if (!exchangeTokenType) {
        throw new ConnectorError(
          "unsupported",
          "Auth0 exchanges tokens only through a custom token exchange profile. Make one, and enter its subject token type in this key manager.",
        );
      }
      const audience = wanted === undefined ? await audienceFor(client) : chosenAudience({ audience: wanted });
      const request = { tokenEndpoint, scopes, subjectToken, subjectTokenType: exchangeTokenType, audience };
      return asClient(client, (credentials) => exchangedToken(dependencies, { ...request, credentials }));
    },

    async revokeToken(client, token, kind) {
      if (kind === "access_token") throw new ConnectorError("unsupported", accessTokensLive);
      const withCredentials = (credentials: ClientCredentials) =>
        revoke(dependencies, { revocationEndpoint, credentials, token, kind });
      // A public client says no more than who it is.
      if (!client.consumerSecret) return withCredentials({ method: "none", clientId: client.consumerKey });
      return eitherWay(client, withCredentials, "client_secret_post");
    },

    scopes: openScopes({ administration, grants, audiences }, async (client, scopes) => {
      const found = await demand(client);
      const wish = { audience: audienceOf(found), grantTypes: found.grant_types ?? [], scopes };
      await grants.set(found.client_id, wish);
    }),
  };
}

/** Ids of clients go into addresses as they are; anything else is no id, and must not climb out of the path. */
function isClientId(text: string): boolean {
  return /^[\w-]{1,200}$/.test(text);
}

/**
 * Runs a call as a client; which way its secret goes is a setting of the client.
 *
 * @throws {ConnectorError} `rejected` where the client was accepted and the grant was not: Auth0 answers 403 then
 */
function asClient<T>(client: ClientRef, call: (credentials: SecretCredentials) => Promise<T>): Promise<T> {
  return eitherWay(client, async (credentials) => {
    try {
      return await call(credentials);
    } catch (error) {
      if (!isConnectorError(error) || error.status !== 403) throw error;
      const message = "Auth0 knows the client, but does not give it this token: a grant or a scope is missing.";
      throw restated(error, { kind: "rejected", message });
    }
  });
}

/** Compares without telling by its duration how much was right. */
function isEqual(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
