import { createHash, timingSafeEqual } from "node:crypto";
import { decodeJwt } from "jose";
import { unlessAbsent } from "#lib/connector-kit/administration.ts";
import type {
  ClientRef,
  ClientSpec,
  ConnectorDependencies,
  ManagingAdapter,
  KeyManagerSettings,
  RegisteredClient,
} from "#lib/connector-kit/contract.ts";
import { ConnectorError, isConnectorError, withCredentials } from "#lib/connector-kit/errors.ts";
import { refuseIdleSecret } from "#lib/connector-kit/preset.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { SecretCredentials } from "#lib/protocol/client-authentication.ts";
import { unreadable } from "#lib/protocol/exchange.ts";
import { introspect } from "#lib/protocol/introspection.ts";
import { revoke } from "#lib/protocol/revocation.ts";
import { clientCredentialsToken, exchangedToken, proveClientCredentials } from "#lib/protocol/token.ts";
import { checkAccess } from "./access.ts";
import type { ClientSettings, Connection } from "./config.ts";
import { openRealm } from "./realm.ts";
import { openScopes } from "./scopes.ts";
import {
  carriesMarker,
  clientList,
  clientRepresentation,
  clientSecret,
  mappersFor,
  toRegisteredClient,
  toRepresentation,
  usesSecret,
  type ClientRepresentation,
} from "./wire.ts";

const uuid = /^[0-9a-f-]{36}$/i;

/** Opens a realm through Keycloak's admin REST API. */
export function openKeycloakAdapter(
  settings: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): ManagingAdapter {
  const realm = openRealm(settings, dependencies);
  const { log } = dependencies;
  const atTokenEndpoint = { tokenEndpoint: realm.endpoints.token, assertionAudience: realm.issuer };

  async function byClientId(clientId: string): Promise<ClientRepresentation | undefined> {
    const path = `/clients?clientId=${encodeURIComponent(clientId)}`;
    const found = await realm.read({ method: "GET", path, doing: "Looking for the client" }, clientList);
    // The parameter may match more loosely than by equality.
    return found.find((client) => client.clientId === clientId);
  }

  async function byId(id: string): Promise<ClientRepresentation | undefined> {
    const path = `/clients/${encodeURIComponent(id)}`;
    return unlessAbsent(realm.read({ method: "GET", path, doing: "Reading the client" }, clientRepresentation));
  }

  async function find(client: ClientRef): Promise<ClientRepresentation | undefined> {
    if (!client.vendorId) return byClientId(client.consumerKey);
    const found = await byId(client.vendorId);
    return found?.clientId === client.consumerKey ? found : byClientId(client.consumerKey);
  }

  async function demand(client: ClientRef): Promise<ClientRepresentation> {
    const found = await find(client);
    if (found) return found;
    throw new ConnectorError("not_found", "Keycloak has no such client.");
  }

  /** Runs a call as a client with a secret: sent along or, where its client says so, as the key of an assertion. */
  async function asClient<T>(client: ClientRef, call: (credentials: SecretCredentials) => Promise<T>): Promise<T> {
    try {
      return await call(credentialsOf(client, "client_secret_post"));
    } catch (error) {
      if (!isConnectorError(error) || error.kind !== "credentials_refused") throw error;
      const found = await find(client);
      if (found?.clientAuthenticatorType !== "client-secret-jwt") throw error;
      return call(credentialsOf(client, "client_secret_jwt"));
    }
  }

  async function remove(id: string): Promise<void> {
    await unlessAbsent(realm.run({ method: "DELETE", path: `/clients/${id}`, doing: "Deleting the client" }));
  }

  /** A realm's client policy may keep the old secret alive for a while; “replaced” means that it is dead. */
  async function endOldSecret(secretPath: string): Promise<void> {
    try {
      await realm.run({ method: "DELETE", path: `${secretPath}/rotated`, doing: "Ending the old secret" });
    } catch (error) {
      // Nothing was kept, or this Keycloak keeps nothing.
      if (!isConnectorError(error) || !["not_found", "unsupported"].includes(error.kind)) throw error;
    }
  }

  /** A client that was made but could not be read must not stay behind unknown. */
  async function readNew(id: string): Promise<ClientRepresentation> {
    const path = `/clients/${id}`;
    try {
      return await realm.read({ method: "GET", path, doing: "Reading the new client" }, clientRepresentation);
    } catch (error) {
      await remove(id).catch((failure: unknown) => {
        if (!isConnectorError(failure)) throw failure;
        log.warn({ error: failure, clientUuid: id }, "a client that could not be read could not be deleted either");
      });
      throw error;
    }
  }

  /** An assertion is good once, so the token endpoint is asked and not the admin API. */
  async function proveByAssertion(client: ClientRef, assertion: Secret): Promise<RegisteredClient> {
    await proveClientCredentials(dependencies, {
      tokenEndpoint: realm.endpoints.token,
      credentials: { method: "client_assertion", clientId: client.consumerKey, assertion },
    });
    const found = await byClientId(client.consumerKey);
    if (!found) throw new ConnectorError("not_found", "Keycloak has no client with this id.");
    return toRegisteredClient(found);
  }

  return {
    async registerClient(spec) {
      const doing = "Registering the client";
      const representation = toRepresentation(spec as ClientSpec<ClientSettings>);
      refuseIdleSecret(spec, usesSecret(representation));
      const body = {
        ...representation,
        // Keycloak lets us choose: the marker finds the client again even if the answer is lost.
        clientId: spec.consumerKey ?? spec.marker,
        ...(spec.consumerSecret && { secret: spec.consumerSecret.reveal() }),
        // A client gets the roles it is given and no others.
        fullScopeAllowed: false,
        protocolMappers: mappersFor(spec.settings as ClientSettings, realm.portalClient.clientId),
      };
      const secrets = spec.consumerSecret ? [spec.consumerSecret] : [];
      const answer = await realm.run({ method: "POST", path: "/clients", body, secrets, doing });
      const id = answer.headers.get("location")?.split("/").at(-1) ?? "";
      if (answer.status !== 201 || !uuid.test(id)) throw unreadable(answer, doing, "does not say where the client is");
      return toRegisteredClient(await readNew(id));
    },

    async readClient(client) {
      const found = await find(client);
      return found ? keepingSecret(toRegisteredClient(found), client) : null;
    },

    async updateClient(client, spec) {
      const before = await demand(client);
      // An update replaces the whole object, so the whole object is sent back, changed.
      const body = { ...before, ...toRepresentation(spec as ClientSpec<ClientSettings>, before) };
      const path = `/clients/${before.id}`;
      await realm.run({ method: "PUT", path, body, doing: "Updating the client" });
      const after = await byId(before.id);
      if (!after) throw new ConnectorError("not_found", "The client vanished while it was updated.");
      return keepingSecret(toRegisteredClient(after), client);
    },

    async deleteClient(client) {
      const found = await find(client);
      if (found) await remove(found.id);
    },

    checkAccess: () => checkAccess(realm, settings.connection),

    async findClients(marker, consumerKey = marker) {
      const found = await byClientId(consumerKey);
      return found && carriesMarker(found, marker) ? [toRegisteredClient(found)] : [];
    },

    async proveClient(client, proof) {
      if (proof?.assertion) return proveByAssertion(client, proof.assertion);
      const { consumerSecret } = credentialsToProve(client);
      const found = await byClientId(client.consumerKey);
      if (!found) throw new ConnectorError("not_found", "Keycloak has no client with this id.");
      if (!usesSecret(found)) {
        throw new ConnectorError(
          "unsupported",
          "This client does not use a secret, so a secret cannot prove that it is yours.",
        );
      }
      const path = `/clients/${found.id}/client-secret`;
      const { value } = await realm.read({ method: "GET", path, doing: "Checking the secret" }, clientSecret);
      if (/^\*+$/.test(value)) {
        throw new ConnectorError(
          "credentials_refused",
          "The portal's client may not see secrets: it lacks manage-clients.",
        );
      }
      if (!isEqual(value, consumerSecret.reveal())) {
        throw new ConnectorError("credentials_refused", "The secret is not the one that Keycloak has for this client.");
      }
      return keepingSecret(toRegisteredClient(found), client);
    },

    async rotateSecret(client, { keepsOld } = { keepsOld: false }) {
      const found = await demand(client);
      const path = `/clients/${found.id}/client-secret`;
      const doing = "Making a new secret";
      const { value } = await realm.read({ method: "POST", path, body: {}, doing }, clientSecret);
      try {
        if (!keepsOld) await endOldSecret(path);
      } catch (error) {
        throw isConnectorError(error) ? withCredentials(error, { consumerSecret: new Secret(value) }) : error;
      }
      return toRegisteredClient({ ...found, secret: value });
    },

    issueToken: (client, { scopes }) =>
      asClient(client, (credentials) =>
        clientCredentialsToken(dependencies, { ...atTokenEndpoint, credentials, scopes }),
      ),

    exchangeToken: (client, request) =>
      asClient(client, (credentials) => exchangedToken(dependencies, { ...request, ...atTokenEndpoint, credentials })),

    revokeToken: (client, token, kind) =>
      asClient(client, (credentials) =>
        revoke(dependencies, {
          revocationEndpoint: realm.endpoints.revocation,
          assertionAudience: realm.issuer,
          credentials,
          token,
          kind,
        }),
      ),

    async introspectToken(token) {
      const result = await introspect(dependencies, {
        introspectionEndpoint: realm.endpoints.introspection,
        credentials: realm.portalClient,
        assertionAudience: realm.issuer,
        token,
      });
      if (result.active || !lacksAudience(token, settings)) return result;
      throw new ConnectorError(
        "unsupported",
        "Keycloak tells the portal nothing about this token, because it does not name the portal's client as an audience. Add an audience mapper to the client, or check the token by its signature.",
      );
    },

    scopes: openScopes(realm, async (client) => (await find(client))?.id),
  };
}

function credentialsOf(client: ClientRef, method: SecretCredentials["method"]): SecretCredentials {
  if (client.consumerSecret) return { method, clientId: client.consumerKey, clientSecret: client.consumerSecret };
  throw new ConnectorError("unsupported", "This client has no secret, so the portal cannot authenticate as it.");
}

function credentialsToProve(client: ClientRef): { consumerSecret: Secret } {
  if (client.consumerSecret) return { consumerSecret: client.consumerSecret };
  throw new ConnectorError("unsupported", "A client without a secret cannot be proven to be yours.");
}

/** Callers without manage-clients see asterisks; what is known already stays. */
function keepingSecret(found: RegisteredClient, before: ClientRef): RegisteredClient {
  const { method } = found.state.settings["authentication"] as { method: string };
  const isSecretless = !method.startsWith("client_secret");
  if (isSecretless || found.ref.consumerSecret || !before.consumerSecret) return found;
  return { ...found, ref: { ...found.ref, consumerSecret: before.consumerSecret } };
}

/** Compares without telling by its duration how much was right. */
function isEqual(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

/**
 * Whether Keycloak would call this token inactive whatever its state: since 26 it answers only for tokens
 * whose audience is the client that asks.
 */
function lacksAudience(token: Secret, { connection, issuer }: KeyManagerSettings<Connection>): boolean {
  try {
    const { aud, iss } = decodeJwt(token.reveal());
    return iss === issuer && ![aud ?? []].flat().includes(connection.signIn.clientId);
  } catch {
    return false;
  }
}
