import type { TokenParameters } from "#lib/connector-kit/token-parameters.ts";
import type { Connection } from "./config.ts";

/**
 * Entra gives a client everything that it was granted at one API, and refuses scopes by their names (AADSTS1002012;
 * learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow).
 */
export function tokenParameters({
  connection: { resourceAppId },
}: {
  connection: Partial<Connection>;
}): TokenParameters {
  return { fixed: {}, ...(resourceAppId !== undefined && { scope: `${resourceAppId}/.default` }) };
}
