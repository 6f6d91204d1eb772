import type { Clock } from "#lib/foundation/clock.ts";

/**
 * Reads a value at most once in a while; concurrent callers share one read. A failed read is not remembered.
 *
 * @param maximumAgeMs how old the value may be when it is handed out
 */
export function remember<T>(maximumAgeMs: number, clock: Clock, read: () => Promise<T>): () => Promise<T> {
  let kept: { at: number; value: Promise<T> } | undefined;
  return () => {
    const now = clock.now().getTime();
    if (kept && now - kept.at < maximumAgeMs) return kept.value;
    const value = read();
    const entry = { at: now, value };
    kept = entry;
    value.catch(() => {
      if (kept === entry) kept = undefined;
    });
    return value;
  };
}
