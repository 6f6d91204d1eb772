import { z } from "zod";
import type { RevocationRecord } from "#lib/data/revocations.ts";
import { tokenDigest } from "#lib/foundation/ids.ts";
import { parseUntrustedJson } from "#lib/foundation/json.ts";

const claimsShape = z.object({
  iss: z.string().optional().catch(undefined),
  jti: z.string().min(1).max(1_024).optional().catch(undefined),
  // Year 9999: beyond, no database has a moment.
  exp: z.number().min(0).max(253_402_300_799).optional().catch(undefined),
});

/** By what a token is known without the token itself, and what it says about itself; nothing of that is verified. */
export type PastedToken = {
  /** It is no signed JWT: its issuer alone can read it. */
  isOpaque: boolean;
  marks: Pick<RevocationRecord, "kind" | "value">[];
  issuer: string | undefined;
  expiresAt: Date | undefined;
};

/**
 * Reads a token that is to be revoked. It is known by its digest, and a JWT also by its `jti` (RFC 7519 §4.1.7): of some
 * algorithms one claim set has several good signatures, so that its digest alone would not hold it.
 */
export function readPastedToken(token: string): PastedToken {
  const claims = readClaims(token);
  const { iss: issuer, jti, exp } = claims ?? {};
  const marks: PastedToken["marks"] = [{ kind: "TOKEN_DIGEST", value: tokenDigest(token) }];
  if (jti !== undefined) marks.unshift({ kind: "TOKEN_ID", value: jti });
  const isOpaque = claims === null;
  return { isOpaque, marks, issuer, expiresAt: exp === undefined ? undefined : new Date(Math.ceil(exp) * 1_000) };
}

/** @returns null where it is no signed JWT */
function readClaims(token: string): z.output<typeof claimsShape> | null {
  const parts = token.split(".");
  if (parts.length !== 3) return null;
  try {
    return claimsShape.parse(parseUntrustedJson(Buffer.from(parts[1] ?? "", "base64url").toString("utf8")));
  } catch {
    return null;
  }
}
