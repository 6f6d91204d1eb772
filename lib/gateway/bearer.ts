const bearer = /^Bearer +([^\s]+) *$/i;

/** The token of an `Authorization: Bearer` header (RFC 6750 §2.1); undefined for anything else. */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  // Nearly every header has this very form; the expression is for the others.
  if (authorization.startsWith("Bearer ") && authorization.indexOf(" ", 7) < 0) return authorization.slice(7);
  return bearer.exec(authorization)?.[1];
}

const basic = /^Basic +([A-Za-z0-9+/]+=*) *$/i;

/**
 * A credential that stands in `Authorization` as a bearer token, or as the password of HTTP Basic beside any user name
 * (RFC 7617 §2).
 */
export function bearerOrPassword(authorization: string | undefined): string | undefined {
  const [, encoded] = basic.exec(authorization ?? "") ?? [];
  if (encoded === undefined) return bearerToken(authorization);
  const pair = Buffer.from(encoded, "base64").toString();
  return pair.slice(pair.indexOf(":") + 1);
}

const dpop = /^DPoP +([^\s]+) *$/i;

/** The token of an `Authorization: DPoP` header (RFC 9449 §7.1); undefined for anything else. */
export function dpopToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : dpop.exec(authorization)?.[1];
}

/**
 * Whether an address carries an access token in its query (RFC 6750 §2.3). Such tokens end up in logs and
 * histories, and are refused even beside a good header.
 */
export function hasTokenInQuery(address: string): boolean {
  const query = address.indexOf("?");
  if (query < 0) return false;
  return new URLSearchParams(address.slice(query + 1)).has("access_token");
}
