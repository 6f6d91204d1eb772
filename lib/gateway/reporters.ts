import { LRUCache } from "lru-cache";
import type { Reporter } from "#lib/features/revocations/report.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import { tokenDigest } from "#lib/foundation/ids.ts";
import type { Log } from "#lib/foundation/log.ts";

const shape = /^lkr_[A-Za-z0-9_-]{43}$/;
const refusedMs = 5_000;
const concurrentLookUps = 4;

export type ReportersOptions = {
  /** Whose credential it is; null where nobody's. */
  find(credential: string): Promise<Reporter | null>;
  clock: Clock;
  log: Log;
};

/**
 * Tells which authorization server a credential belongs to, from the database each time: reports are rare, and a revoked
 * credential ends at once. Guesses must not become a queue there.
 */
export class Reporters {
  readonly #options: ReportersOptions;
  readonly #refusedUntil = new LRUCache<string, number>({ max: 10_000 });
  #lookUps = 0;

  constructor(options: ReportersOptions) {
    this.#options = options;
  }

  /** @param credential as the server sent it */
  async admit(credential: string | undefined): Promise<Reporter | "refused" | "unavailable"> {
    if (credential === undefined || !shape.test(credential)) return "refused";
    const { find, clock, log } = this.#options;
    const digest = tokenDigest(credential);
    if ((this.#refusedUntil.get(digest) ?? 0) > clock.now().getTime()) return "refused";
    if (this.#lookUps >= concurrentLookUps) return "unavailable";
    this.#lookUps++;
    try {
      const reporter = await find(credential);
      if (reporter) return reporter;
      this.#refusedUntil.set(digest, clock.now().getTime() + refusedMs);
      return "refused";
    } catch (error) {
      log.warn({ error }, "the credential of an authorization server could not be looked up");
      return "unavailable";
    } finally {
      this.#lookUps--;
    }
  }
}
