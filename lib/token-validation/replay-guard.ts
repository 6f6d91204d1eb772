import { hash } from "node:crypto";

/**
 * Remembers which proofs were used, for as long as they could be used again (RFC 9449 §11.1). Two generations
 * take turns, so that forgetting costs nothing; an identifier stays for at least one whole lifetime. When a
 * generation is full, no proof is accepted until the next one begins: one that was forgotten could be used twice.
 */
export class ReplayGuard {
  readonly #lifetimeMs: number;
  readonly #capacity: number;
  #current = new Set<string>();
  #previous = new Set<string>();
  #currentSince = -Infinity;

  /**
   * @param options.lifetimeMs how long a proof can be used after it was first seen, at most
   * @param options.capacity proofs of one lifetime
   */
  constructor({ lifetimeMs, capacity }: { lifetimeMs: number; capacity: number }) {
    this.#lifetimeMs = lifetimeMs;
    this.#capacity = capacity;
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
    return Math.max(0, this.#currentSince + this.#lifetimeMs - nowMs);
  }

  #turn(nowMs: number): void {
    const age = nowMs - this.#currentSince;
    if (age < this.#lifetimeMs) return;
    this.#previous = age < 2 * this.#lifetimeMs ? this.#current : new Set();
    this.#current = new Set();
    this.#currentSince = nowMs;
  }
}
