import { timingSafeEqual } from "node:crypto";
import { tokenDigest } from "#lib/foundation/ids.ts";

/**
 * What is kept of a client secret. The secrets are 256 random bits, so one round of SHA-256 is enough; a
 * slow hash would only let strangers keep the processor busy.
 */
export function secretDigest(secret: string): string {
  return `sha256.${tokenDigest(secret)}`;
}

/** Tells a stored digest from a secret that was just made: secrets of ours hold no dot. */
export function isSecretDigest(text: unknown): boolean {
  return typeof text === "string" && /^sha256\.[A-Za-z0-9_-]{43}$/.test(text);
}

/** Compares in constant time; both sides are digests of equal length. */
export function matchesSecretDigest(secret: string, digest: string): boolean {
  const [given, kept] = [Buffer.from(secretDigest(secret)), Buffer.from(digest)];
  return given.length === kept.length && timingSafeEqual(given, kept);
}
