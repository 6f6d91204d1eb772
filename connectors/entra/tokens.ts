/** What an access token of Entra says. The claims decide nothing: the token came from Entra itself a moment ago. */
import { decodeJwt } from "jose";
import { z } from "zod";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import type { IssuedToken } from "#lib/protocol/token.ts";

/** learn.microsoft.com/entra/identity-platform/access-token-claims-reference. */
const claims = z.looseObject({
  iss: z.string().max(2048),
  ver: z.string().max(10).optional(),
  azp: z.string().max(100).optional(),
  appid: z.string().max(100).optional(),
  roles: z.array(z.string().max(500)).max(2000).optional(),
});
export type TokenClaims = z.output<typeof claims>;

/** The claims of an access token, or undefined where it is no JWT of Entra's. */
export function claimsOf(token: Secret): TokenClaims | undefined {
  try {
    return claims.parse(decodeJwt(token.reveal()));
  } catch {
    return undefined;
  }
}

/** The application that a token was issued to: `azp` in version 2, `appid` in version 1. */
export function applicationOf(token: Secret): string | undefined {
  const found = claimsOf(token);
  return found?.azp ?? found?.appid;
}

/**
 * A token with the scopes that it holds. Whoever asks Entra for `.default` gets everything that was granted, and a token
 * even where nothing was: what was asked for must be looked up in the answer.
 *
 * @param asked scopes that it must hold
 * @throws {ConnectorError} `rejected` where one of them is missing, `bad_response` where that cannot be told
 */
export function withGrantedScopes(token: IssuedToken, asked: readonly string[]): IssuedToken {
  const found = claimsOf(token.accessToken);
  if (!found && asked.length > 0) {
    throw new ConnectorError("bad_response", "Getting a token failed: it is no JWT, so its scopes cannot be seen.");
  }
  const roles = found?.roles ?? [];
  const missing = asked.filter((scope) => !roles.includes(scope));
  if (missing.length === 0) return { ...token, scopes: roles };
  throw new ConnectorError(
    "rejected",
    `Getting a token failed: this client was not granted “${missing.join("”, “")}”. A grant made a moment ago may take a minute to reach tokens.`,
  );
}
