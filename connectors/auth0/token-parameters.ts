import type { TokenParameters } from "#lib/connector-kit/token-parameters.ts";
import type { ClientSettings, Connection } from "./config.ts";

/**
 * Auth0 issues access tokens for one API, which each request names (auth0.com/docs, Client Credentials Flow).
 *
 * @returns the API that the client was made for, or the key manager's own where the client names none of its APIs
 */
export function tokenParameters({
  connection,
  client,
}: {
  connection: Partial<Connection>;
  client: Partial<ClientSettings>;
}): TokenParameters {
  const { audience, furtherAudiences = [] } = connection;
  const isOffered = client.audience !== undefined && furtherAudiences.includes(client.audience);
  const named = isOffered ? client.audience : audience;
  return { fixed: named === undefined ? {} : { audience: named } };
}
