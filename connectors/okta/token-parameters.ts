import type { TokenParameters } from "#lib/connector-kit/token-parameters.ts";
import type { Connection } from "./config.ts";

/**
 * A request of a client for itself that names no scopes gets those that the authorization server marks as default,
 * and is refused where there are none (developer.okta.com, OpenID Connect & OAuth 2.0 API, /token).
 */
export function tokenParameters({
  connection: { defaultScopes = [] },
}: {
  connection: Partial<Connection>;
}): TokenParameters {
  return { fixed: {}, defaultScopes };
}
