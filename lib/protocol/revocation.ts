import type { Secret } from "#lib/foundation/secret.ts";
import { authenticatedForm, secretsOf, type ClientCredentials } from "./client-authentication.ts";
import { budgets, exchange, failureOf } from "./exchange.ts";
import type { TokenKind } from "./token-kind.ts";
import type { ProtocolDependencies } from "./token.ts";

/**
 * Revokes a token (RFC 7009). One that the server does not know is a success, as the standard says.
 *
 * @param credentials the client that the token was issued to
 */
export async function revoke(
  dependencies: ProtocolDependencies,
  request: {
    revocationEndpoint: string;
    credentials: ClientCredentials;
    token: Secret;
    kind: TokenKind;
    /** The `aud` of a signed assertion, where the server wants another than this endpoint (RFC 7523 §3). */
    assertionAudience?: string;
  },
): Promise<void> {
  const { revocationEndpoint, credentials, token, kind, assertionAudience = revocationEndpoint } = request;
  const place = { audience: assertionAudience, clock: dependencies.clock };
  const form = await authenticatedForm({ token: token.reveal(), token_type_hint: kind }, credentials, place);
  const answer = await exchange(dependencies.fetch, revocationEndpoint, { method: "POST", ...form, ...budgets.token });
  if (answer.status === 200 || answer.status === 204) return;
  const secrets = [token, ...secretsOf(credentials)];
  throw failureOf(answer, { now: dependencies.clock.now(), doing: "Revoking the token", secrets });
}
