import { never, type Moment, type Moments } from "#lib/foundation/moments.ts";
import { Revocations, type SavedRevocations } from "./revocations.ts";
import type { RevocationPage, RevocationPosition } from "./snapshot-source.ts";

/** Revocations that are read page by page, in the order in which they were made. */
type Round = {
  after: RevocationPosition;
  /** From when on there was too much once more, where there was: rows become visible late, and may be behind us already. */
  again: Date | null;
  /** Whatever was revoked before this moment is read once the round is. */
  readonly startedAt: Moment;
};

/**
 * What is known to be revoked in one tenant, and up to when all of it is. At first that is nothing. What stands is read in a
 * round of pages; from then on comparisons bring what is new. Where one cannot, because it is too much, another round reads
 * it. A round that fails goes on from where it was.
 */
export class TenantRevocations {
  readonly list: Revocations;
  readonly #moments: Moments;
  #round: Round | null = null;
  #knownAt = never;

  private constructor(list: Revocations, moments: Moments) {
    this.list = list;
    this.#moments = moments;
  }

  /** Of a tenant of which nothing is known yet. */
  static unread(moments: Moments): TenantRevocations {
    const unread = new TenantRevocations(new Revocations(), moments);
    unread.#round = roundFrom(new Date(0), moments.now());
    return unread;
  }

  /** What was saved when all of it was known that was revoked before a moment. */
  static restore(saved: SavedRevocations, knownAt: Moment, moments: Moments): TenantRevocations {
    const restored = new TenantRevocations(Revocations.restore(saved), moments);
    restored.#knownAt = knownAt;
    return restored;
  }

  /** Whatever was revoked before this moment is known. */
  get knownAt(): Moment {
    return this.#knownAt;
  }

  /** What is to be read; null where comparisons bring everything. */
  get round(): Round | null {
    return this.#round;
  }

  /** Up to when everything is read, by the clock of the database; infinite where that is up to the last comparison. */
  get readUpTo(): number {
    if (!this.#round) return Infinity;
    return Math.min(this.#round.after.at.getTime(), this.#round.again?.getTime() ?? Infinity);
  }

  /** A comparison that began at this moment has brought whatever was new. */
  compared(at: Moment): void {
    if (!this.#round) this.#knownAt = at;
  }

  /** A comparison that began at a moment asked for what was revoked since another, and there was too much of it. */
  miss(since: Date, at: Moment): void {
    if (!this.#round) this.#round = roundFrom(since, at);
    else this.#round.again ??= since;
  }

  /**
   * Reads the next page of the round. One reader at a time.
   *
   * @param comparedAt when the last comparison began that succeeded
   */
  async readPage(read: (after: RevocationPosition) => Promise<RevocationPage>, comparedAt: Moment): Promise<void> {
    const round = this.#round;
    if (!round) return;
    const { revocations, next } = await read(round.after);
    for (const revocation of revocations) this.list.add(revocation);
    if (next) {
      round.after = next;
      return;
    }
    // Without more to be read, comparisons have brought all that came meanwhile.
    this.#knownAt = round.again ? round.startedAt : this.#moments.newer(round.startedAt, comparedAt);
    this.#round = round.again && roundFrom(round.again, this.#moments.now());
  }
}

/** The nil UUID (RFC 9562 §5.9) comes before all others. */
function roundFrom(since: Date, startedAt: Moment): Round {
  return { after: { at: since, id: "00000000-0000-0000-0000-000000000000" }, again: null, startedAt };
}
