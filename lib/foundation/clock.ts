/** Where the time comes from; tests pass their own. */
export type Clock = { now(): Date };

export const systemClock: Clock = { now: () => new Date() };

/**
 * For how long a token may be used after it has expired, at the most, as clocks differ. A revocation is in force, and kept,
 * for as much longer.
 */
export const toleratedAfterExpirySeconds = 600;

/** What expired at this moment is used by nobody any more. */
export function longExpired(now: Date): Date {
  return new Date(now.getTime() - toleratedAfterExpirySeconds * 1_000);
}
