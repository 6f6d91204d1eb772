import type { Clock } from "#lib/foundation/clock.ts";

/** What was written a moment ago and may not have reached every replica. */
export type RecentWrites = {
  /** Notes an id. */
  note(key: string): void;
  has(key: string): boolean;
  drop(key: string): void;
};

/**
 * Remembers writes for a while.
 *
 * @param forMs how long a write counts as recent
 */
export function rememberWrites(clock: Clock, forMs: number): RecentWrites {
  const endOf = new Map<string, number>();
  const now = () => clock.now().getTime();
  return {
    note(key) {
      for (const [known, end] of endOf) if (end <= now()) endOf.delete(known);
      endOf.set(key, now() + forMs);
    },
    has: (key) => (endOf.get(key) ?? 0) > now(),
    drop(key) {
      endOf.delete(key);
    },
  };
}
