import { hash } from "node:crypto";

/**
 * Remembers which proofs were used, for as long as they could be used again (RFC 9449 §11.1). Two generations
 * take turns, so that forgetting costs nothing; an identifier stays for at least one whole lifetime. When a
 * generation is full, no proof is accepted until the next one begins: one that was forgotten could be used twice.
 *
 * A lifetime is over when the clock says so, by which proofs are judged, and a timer that nobody can set: a clock that
 * jumps forward and back again makes nothing be forgotten.
 */
export class ReplayGuard {
  readonly #lifetimeMs: number;
  readonly #capacity: number;
  #current = new Set<string>();
  #previous = new Set<string>();
  #currentSince = { clock: -Infinity, timer: -Infinity };
  readonly #timer: () => number;

  /**
   * @param options.lifetimeMs how long a proof can be used after it was first seen, at most
   * @param options.capacity proofs of one lifetime
   * @param options.timer milliseconds that have passed since some moment, whatever the clock is set to
   */
  constructor({
    lifetimeMs,
    capacity,
    timer,
  }: {
    lifetimeMs: number;
    capacity: number;
    timer?: (() => number) | undefined;
  }) {
    this.#lifetimeMs = lifetimeMs;
    this.#capacity = capacity;
    this.#timer = timer ?? (() => performance.now());
  }

  /**
   * Notes a proof as used.
   *
   * @param key names the proof among all
   * @returns "used" where it was used before, "full" where it cannot be noted
   */
  use(key: string, nowMs: number): "fresh" | "used" | "full" {
    this.#turn(nowMs);
    // 128 bits tell proofs apart, in a fraction of the memory of their names.
    const short = hash("sha256", key, "buffer").toString("latin1", 0, 16);
    if (this.#current.has(short) || this.#previous.has(short)) return "used";
    if (this.#current.size >= this.#capacity) return "full";
    this.#current.add(short);
    return "fresh";
  }

  /** Milliseconds until a full generation makes room. */
  roomInMs(nowMs: number): number {
    return Math.max(0, this.#lifetimeMs - this.#age(nowMs));
  }

  #age(nowMs: number): number {
    const { clock, timer } = this.#currentSince;
    return Math.min(nowMs - clock, this.#timer() - timer);
  }

  #turn(nowMs: number): void {
    const age = this.#age(nowMs);
    if (age < this.#lifetimeMs) return;
    this.#previous = age < 2 * this.#lifetimeMs ? this.#current : new Set();
    this.#current = new Set();
    this.#currentSince = { clock: nowMs, timer: this.#timer() };
  }
}
