import { proofAlgorithms } from "#lib/token-validation/dpop.ts";
import type { Refused } from "#lib/token-validation/verdict.ts";

const realm = 'realm="latchkey"';
const algorithms = `algs="${proofAlgorithms.join(" ")}"`;
const scopeList = /^[\x21\x23-\x5B\x5D-\x7E]+( [\x21\x23-\x5B\x5D-\x7E]+)*$/;

/**
 * The `WWW-Authenticate` that belongs to a refusal (RFC 6750 §3), or null where another token would not
 * help. A request without any token learns only that one is needed (§3.1). A token that came as DPoP, or should
 * have, is answered in that scheme, with the algorithms of proofs (RFC 9449 §7.1).
 */
export function challengeOf(refused: Refused): string | null {
  const { reason, status, requiredScopes } = refused;
  if (reason === "token_missing") return `Bearer ${realm}`;
  if (reason === "token_in_query") return challenge(refused, "invalid_request");
  if (reason === "scope_missing") {
    const scopes = requiredScopes?.join(" ") ?? "";
    return challenge(refused, "insufficient_scope") + (scopeList.test(scopes) ? `, scope="${scopes}"` : "");
  }
  if (status !== 401) return null;
  return challenge(refused, reason.startsWith("dpop_proof_") ? "invalid_dpop_proof" : "invalid_token");
}

function challenge({ reason, scheme, message }: Refused, error: string): string {
  const isDpop = scheme === "DPoP" || reason === "dpop_required";
  const words = `${realm}, error="${error}", error_description="${message}"`;
  return isDpop ? `DPoP ${words}, ${algorithms}` : `Bearer ${words}`;
}
