import type { Log } from "#lib/foundation/log.ts";
import type { Moment } from "#lib/foundation/moments.ts";
import type { SnapshotSource } from "./snapshot-source.ts";
import type { TenantEntry } from "./tenant-entry.ts";

export type MissedRevocationsOptions = {
  source: Pick<SnapshotSource, "revocations">;
  log: Log;
  entries(): readonly TenantEntry[];
  /** Whether calls are still judged by it: it may have given way to others. */
  isHeld(entry: TenantEntry): boolean;
  /** When the last comparison began that succeeded. */
  comparedAt(): Moment;
};

/** Reads what was revoked and comparisons did not bring, because it was too much, beside them and the calls. */
export class MissedRevocations {
  readonly #options: MissedRevocationsOptions;
  #reading: Promise<void> | null = null;

  constructor(options: MissedRevocationsOptions) {
    this.#options = options;
  }

  /** Reads until no tenant misses anything. One reader at a time. What fails goes on with the next one, from where it was. */
  read(): void {
    this.#reading ??= this.#readAll().finally(() => (this.#reading = null));
  }

  async #readAll(): Promise<void> {
    while (await this.#readRounds());
  }

  /**
   * Reads a page of each tenant in turn, so that none waits for all of another's, until each has what it missed by now.
   *
   * @returns whether one of them has
   */
  async #readRounds(): Promise<boolean> {
    let isOneRead = false;
    // What stands already is read when a tenant is loaded.
    const kept = this.#options.entries().filter((entry) => entry.kept);
    const rounds = new Map(
      kept.flatMap((entry) => (entry.revoked.round ? [[entry, entry.revoked.round] as const] : [])),
    );
    while (rounds.size > 0) {
      for (const [entry, round] of rounds) {
        const goesOn = this.#options.isHeld(entry) && (await this.#tryPage(entry));
        if (goesOn && entry.revoked.round === round) continue;
        rounds.delete(entry);
        isOneRead ||= goesOn;
      }
    }
    return isOneRead;
  }

  async #tryPage(entry: TenantEntry): Promise<boolean> {
    const { source, log, comparedAt } = this.#options;
    try {
      await entry.readPage(source, comparedAt());
      return true;
    } catch (error) {
      log.warn({ error, tenantId: entry.tenantId }, "what was revoked could not be read to its end");
      return false;
    }
  }
}
