/** The moments that bound a revocation. */
import { keptDays } from "./contract.ts";

const dayMs = 24 * 60 * 60_000;

/**
 * The moment before which tokens are revoked that were issued up to now. `iat` is commonly a whole second (RFC 7519 §2),
 * so it is the beginning of the next one: what is issued within the rest of this second is revoked too.
 */
export function issuedUntil(now: Date): Date {
  return new Date((Math.floor(now.getTime() / 1_000) + 1) * 1_000);
}

/** The end of the day (UTC): counted from there, a span ends at the same moment whenever within the day it begins. */
export function endOfDay(now: Date): Date {
  return new Date((Math.floor(now.getTime() / dayMs) + 1) * dayMs);
}

/** When a revocation may be forgotten, because every token that it concerns has expired. */
export function keptUntil(now: Date, days: number = keptDays.fallback): Date {
  return new Date(now.getTime() + days * dayMs);
}
