import type { Clock } from "#lib/foundation/clock.ts";

/** A value that is read at most once in a while. */
export type Remembered<T> = {
  read(): Promise<T>;
  /** Makes the next caller read afresh. */
  forget(): void;
};

/**
 * Reads a value at most once in a while; concurrent callers share one read. A failed read is not remembered.
 *
 * @param maximumAgeMs how old the value may be when it is handed out
 */
export function remember<T>(maximumAgeMs: number, clock: Clock, read: () => Promise<T>): Remembered<T> {
  let kept: { at: number; value: Promise<T> } | undefined;
  return {
    read() {
      const now = clock.now().getTime();
      if (kept && now - kept.at < maximumAgeMs) return kept.value;
      const value = read();
      const entry = { at: now, value };
      kept = entry;
      value.catch(() => {
        if (kept === entry) kept = undefined;
      });
      return value;
    },
    forget() {
      kept = undefined;
    },
  };
}
