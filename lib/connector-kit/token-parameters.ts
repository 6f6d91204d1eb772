/** What a request for a token holds beside the grant type and the client's credentials (RFC 6749 §4.4.2). */

/** How servers of one kind want their clients to ask for a token. Plain data: programs and the portal ask alike. */
export type TokenParameters = {
  /** Sent with every request, such as `audience`. */
  fixed: Readonly<Record<string, string>>;
  /** Sent as `scope` whatever is asked for, by servers that give a client all it was granted. */
  scope?: string;
  /** Asked for where a request names no scopes. */
  defaultScopes?: readonly string[];
};

/** The standard's: the scopes, and nothing else. */
export const standardTokenParameters: TokenParameters = { fixed: {} };

/**
 * What is sent for a token with these scopes.
 *
 * @param scopes by the names that the portal knows; may be empty
 * @returns the scopes as the server wants them named, and the further parameters
 */
export function tokenRequestOf(
  { fixed, scope, defaultScopes = [] }: TokenParameters,
  scopes: readonly string[],
): { scopes: readonly string[]; parameters: Record<string, string> } {
  const parameters = { ...fixed };
  if (scope !== undefined) return { scopes: [scope], parameters };
  return { scopes: scopes.length > 0 ? scopes : defaultScopes, parameters };
}
