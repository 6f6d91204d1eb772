import type { IssuedToken } from "#lib/connector-kit/contract.ts";
import type { TokenView } from "./contract.ts";

/** A token in the one answer that shows it. */
export function toTokenView({ accessToken, tokenType, expiresInSeconds, scopes }: IssuedToken): TokenView {
  return { accessToken: accessToken.reveal(), tokenType, expiresInSeconds: expiresInSeconds ?? null, scopes };
}
