import { timingSafeEqual } from "node:crypto";
import type { ClientSecretRecord } from "#lib/data/client-secrets.ts";
import { newId, tokenDigest } from "#lib/foundation/ids.ts";

/**
 * Stands where the library expects the one secret of a client: it wants to see that there is one, and who gets in is
 * decided by client-secrets.ts. Secrets of ours hold no dot.
 */
export const keptApart = "kept.apart";

/**
 * What is kept of a client secret. The secrets are 256 random bits, so one round of SHA-256 is enough; a
 * slow hash would only let strangers keep the processor busy.
 */
export function secretDigest(secret: string): string {
  return `sha256.${tokenDigest(secret)}`;
}

/** Compares in constant time; both sides are digests of equal length. */
export function matchesSecretDigest(secret: string, digest: string): boolean {
  const [given, kept] = [Buffer.from(secretDigest(secret)), Buffer.from(digest)];
  return given.length === kept.length && timingSafeEqual(given, kept);
}

/** What may be wished of a new secret. */
export type SecretWish = { description?: string; expiresAt?: Date | null };

/**
 * The row of a secret that was just made. Four of its 43 characters tell people which it is, and leave 232 bits to guess.
 *
 * @param now when it was made
 */
export function toSecretRecord(
  secret: string,
  now: Date,
  { description = "", expiresAt = null }: SecretWish = {},
): ClientSecretRecord {
  return { id: newId(), digest: secretDigest(secret), hint: secret.slice(-4), description, createdAt: now, expiresAt };
}
