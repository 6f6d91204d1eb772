/**
 * Claims that say what a token is (RFC 7519 §4.1, RFC 9068 §2.2, RFC 8693 §4): only its issuer writes them, so
 * no claim of somebody else's token may be carried over under one of these names.
 */
const reserved = new Set(
  "iss sub aud exp nbf iat jti client_id azp scope scp cnf act may_act typ auth_time acr amr idp".split(" "),
);

/** Whether a claim of another server's token may be carried over under this name. */
export function isMappableClaim(name: string): boolean {
  return !reserved.has(name);
}
