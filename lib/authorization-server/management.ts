/** Registration routes beside those of RFC 7591 and RFC 7592; client-metadata.ts describes them. */
import type { Client, Provider } from "oidc-provider";
import { deleteAuthorizationStatesOfClient, findAuthorizationStatesByUid } from "#lib/data/authorization-state.ts";
import type { Database } from "#lib/data/database.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import { routes } from "./addresses.ts";
import type { ClientSecrets } from "./client-secrets.ts";
import { registrationPolicy } from "./store.ts";

export type ManagementOptions = {
  database: Database;
  tenantId: TenantId;
  issuer: string;
  provider: Provider;
};

export type JsonAnswer = { status: number; body: unknown; headers?: Record<string, string> };

/** What somebody is told who may not use a route. */
export const unauthorized = (issuer: string): JsonAnswer => ({
  status: 401,
  body: { error: "invalid_token", error_description: "the token is missing, unknown or not for this client" },
  headers: { "www-authenticate": `Bearer realm="${issuer}", error="invalid_token"` },
});

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
    const { client_secret: _apart, ...metadata } = client.metadata();
    clients.push({ ...metadata, ...managedAt(options, client, await registration.save()) });
  }
  return { status: 200, body: { clients } };
}

/**
 * RFC 7592 §2.2 lets an update repeat the secret that it was given. The library would compare it with what stands for
 * the client's secrets, so it is compared here and taken out; a wrong one becomes one that never fits.
 */
export async function settleRepeatedSecret(
  secrets: ClientSecrets,
  clientId: string,
  metadata: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const { client_secret: given, ...rest } = metadata;
  if (typeof given !== "string") return metadata;
  return (await secrets.holds(clientId, given)) ? rest : { ...rest, client_secret: "" };
}

/** Where a client is managed (RFC 7592 §3), and with what. */
export function managedAt({ issuer }: Pick<ManagementOptions, "issuer">, client: Client, token: string) {
  return {
    registration_client_uri: `${issuer}${routes.registration}/${client.clientId}`,
    registration_access_token: token,
  };
}
