import type { Connector, TokenKind } from "#lib/connector-kit/contract.ts";

/**
 * Why a kind of token cannot be ended at a kind of server.
 *
 * @returns a sentence, or null where it can
 */
export function revocationProblem(
  connector: Pick<Connector, "name" | "capabilities" | "missing" | "cannotRevoke"> | undefined,
  kind: TokenKind,
): string | null {
  if (!connector?.capabilities.includes("revokeToken")) {
    return connector?.missing.revokeToken ?? "Its kind of key manager revokes no tokens.";
  }
  return connector.cannotRevoke?.[kind] ?? null;
}
