import type { Refused } from "#lib/token-validation/verdict.ts";

const realm = 'Bearer realm="latchkey"';
const scopeList = /^[\x21\x23-\x5B\x5D-\x7E]+( [\x21\x23-\x5B\x5D-\x7E]+)*$/;

/**
 * The `WWW-Authenticate` that belongs to a refusal (RFC 6750 §3), or null where another token would not
 * help. A request without any token learns only that one is needed (§3.1).
 */
export function challengeOf({ reason, status, message, requiredScopes }: Refused): string | null {
  if (reason === "token_missing") return realm;
  if (reason === "token_in_query") return `${realm}, error="invalid_request", error_description="${message}"`;
  if (reason === "scope_missing") {
    const scopes = requiredScopes?.join(" ") ?? "";
    const scope = scopeList.test(scopes) ? `, scope="${scopes}"` : "";
    return `${realm}, error="insufficient_scope", error_description="${message}"${scope}`;
  }
  return status === 401 ? `${realm}, error="invalid_token", error_description="${message}"` : null;
}
