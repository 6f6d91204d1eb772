/** Registration routes beside those of RFC 7591 and RFC 7592; client-metadata.ts describes them. */
import type { Client, Provider } from "oidc-provider";
import { deleteAuthorizationStatesOfClient, findAuthorizationStatesByUid } from "#lib/data/authorization-state.ts";
import type { Database } from "#lib/data/database.ts";
import { randomToken, type TenantId } from "#lib/foundation/ids.ts";
import { routes } from "./addresses.ts";
import { matchesSecretDigest } from "./client-secret.ts";
import { registrationPolicy, type Store } from "./store.ts";

export type ManagementOptions = {
  database: Database;
  tenantId: TenantId;
  issuer: string;
  provider: Provider;
  store: Store;
};

export type JsonAnswer = { status: number; body: unknown; headers?: Record<string, string> };

/** What somebody is told who may not use a route. */
export const unauthorized = (issuer: string): JsonAnswer => ({
  status: 401,
  body: { error: "invalid_token", error_description: "the token is missing, unknown or not for this client" },
  headers: { "www-authenticate": `Bearer realm="${issuer}", error="invalid_token"` },
});

/**
 * Makes a new secret for a client; the one before is dead.
 *
 * @param token the client's registration access token
 */
export async function rotateClientSecret(
  options: ManagementOptions,
  clientId: string,
  token: string,
): Promise<JsonAnswer> {
  const { issuer, provider, store } = options;
  const registration = await provider.RegistrationAccessToken.find(token);
  const client = await provider.Client.find(clientId);
  if (!registration || !client || registration.clientId !== client.clientId) return unauthorized(issuer);
  if (client.tokenEndpointAuthMethod === "none") {
    return {
      status: 400,
      body: { error: "invalid_client_metadata", error_description: "this client has no secret" },
    };
  }
  const secret = randomToken();
  const metadata = { ...client.metadata(), client_secret: secret, client_secret_expires_at: 0 };
  await store("Client").upsert(client.clientId, metadata);
  return { status: 200, body: { ...metadata, ...managedAt(options, client, token) } };
}

/**
 * Finds clients by their software id, so that somebody who lost the answer to a registration can go on.
 * Each comes with a new registration access token; the one before is dead.
 *
 * @param token the initial access token
 */
export async function findClients(options: ManagementOptions, softwareId: string, token: string): Promise<JsonAnswer> {
  const { database, tenantId, issuer, provider } = options;
  if (!(await provider.InitialAccessToken.find(token))) return unauthorized(issuer);
  const rows = await database.inTenant(tenantId, (ctx) => findAuthorizationStatesByUid(ctx, "Client", softwareId));
  const clients = [];
  for (const { id } of rows) {
    const client = await provider.Client.find(id);
    if (!client) continue;
    await database.inTenant(tenantId, (ctx) => deleteAuthorizationStatesOfClient(ctx, "RegistrationAccessToken", id));
    const registration = new provider.RegistrationAccessToken();
    Object.assign(registration, { client, policies: [registrationPolicy] });
    const { client_secret: _digest, ...metadata } = client.metadata();
    clients.push({ ...metadata, ...managedAt(options, client, await registration.save()) });
  }
  return { status: 200, body: { clients } };
}

/**
 * RFC 7592 §2.2 lets an update repeat the secret it was given. The library would compare it with what is
 * stored, which is a digest, so it is compared here and taken out; a wrong one becomes one that never fits.
 */
export async function settleRepeatedSecret(
  { provider }: Pick<ManagementOptions, "provider">,
  clientId: string,
  metadata: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const { client_secret: given, ...rest } = metadata;
  if (typeof given !== "string") return metadata;
  const kept = (await provider.Client.find(clientId))?.clientSecret;
  return kept && matchesSecretDigest(given, kept) ? rest : { ...rest, client_secret: "" };
}

function managedAt({ issuer }: ManagementOptions, client: Client, token: string) {
  return {
    registration_client_uri: `${issuer}${routes.registration}/${client.clientId}`,
    registration_access_token: token,
  };
}
