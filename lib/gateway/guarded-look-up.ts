import { LRUCache } from "lru-cache";
import type { Clock } from "#lib/foundation/clock.ts";
import { withinDeadline } from "#lib/foundation/deadline.ts";
import type { Log } from "#lib/foundation/log.ts";

const refusedMs = 5_000;
const concurrentLookUps = 4;
const deadlineMs = 5_000;

export type GuardedLookUpOptions<T> = {
  /** Whose credential has this digest; null where nobody's. It must end, if only by failing: until then it is under way. */
  find(digest: string): Promise<T | null>;
  clock: Clock;
  log: Log;
};

/**
 * Looks credentials up by their digests. Guesses must not become a queue at the database: a few look-ups run at a time, what
 * was nobody's is not asked about again for a while, and calls with one credential that come together ask once.
 */
export class GuardedLookUp<T> {
  readonly #options: GuardedLookUpOptions<T>;
  readonly #refusedUntil = new LRUCache<string, number>({ max: 10_000 });
  readonly #underWay = new Map<string, Promise<T | "refused" | "unavailable">>();

  constructor(options: GuardedLookUpOptions<T>) {
    this.#options = options;
  }

  /** @returns "unavailable" where it cannot be told at the moment; never rejects */
  async find(digest: string): Promise<T | "refused" | "unavailable"> {
    if ((this.#refusedUntil.get(digest) ?? 0) > this.#options.clock.now().getTime()) return "refused";
    let lookUp = this.#underWay.get(digest);
    if (!lookUp) {
      if (this.#underWay.size >= concurrentLookUps) return "unavailable";
      lookUp = this.#ask(digest).finally(() => this.#underWay.delete(digest));
      this.#underWay.set(digest, lookUp);
    }
    // One that is late goes on, and answers whoever asks again.
    return withinDeadline(lookUp, deadlineMs).catch(() => "unavailable");
  }

  async #ask(digest: string): Promise<T | "refused" | "unavailable"> {
    const { find, clock, log } = this.#options;
    try {
      const found = await find(digest);
      if (found !== null) return found;
      this.#refusedUntil.set(digest, clock.now().getTime() + refusedMs);
      return "refused";
    } catch (error) {
      log.warn({ error }, "a credential could not be looked up");
      return "unavailable";
    }
  }
}
