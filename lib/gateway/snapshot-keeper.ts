import { LRUCache } from "lru-cache";
import type { Clock } from "#lib/foundation/clock.ts";
import { withinDeadline } from "#lib/foundation/deadline.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { Log } from "#lib/foundation/log.ts";
import { Moments, never, type Moment } from "#lib/foundation/moments.ts";
import type { Soon } from "#lib/foundation/soon.ts";
import type { TokenFacts } from "#lib/token-validation/facts.ts";
import { MissedRevocations } from "./missed-revocations.ts";
import { answeringWithin, type SnapshotSource } from "./snapshot-source.ts";
import { TenantEntry, type KeptTenant, type SavedTenant } from "./tenant-entry.ts";
import { TenantLoader, type TenantLoaderOptions } from "./tenant-loader.ts";

/** What revocations speak of. */
type RevocableToken = { facts: TokenFacts; digest: string };

/** What a call is to be judged by cannot be told at the moment. */
export class UnknownForNow extends Error {
  constructor() {
    super("The tenant is no longer known, and cannot be loaded.");
    this.name = "UnknownForNow";
  }
}

export type KeeperLimits = {
  /** How often versions are compared, announcements or not. */
  checkEveryMs: number;
  /** For how long a tenant rests after it was loaded, at most: where a load is slow, the next one waits. */
  longestRestMs: number;
  /** Without a successful comparison for this long, nothing is known for certain and every call is refused. */
  maximumUncheckedMs: number;
  /** Tenants kept at a time. */
  tenants: number;
  /** Revocations are asked for with this overlap: a row may become visible after a younger one. */
  revocationOverlapMs: number;
  /** How often revocations of tokens that have expired are forgotten. */
  sweepEveryMs: number;
  /** For how long a call waits for its tenant. */
  deadlineMs: number;
  /** For how long each answer of the source is waited for, beside the calls: longer than a database that is well may take. */
  answerDeadlineMs: number;
};

export const defaultKeeperLimits: KeeperLimits = {
  checkEveryMs: 2_000,
  longestRestMs: 2_000,
  maximumUncheckedMs: 900_000,
  tenants: 1_000,
  revocationOverlapMs: 30_000,
  sweepEveryMs: 600_000,
  deadlineMs: 5_000,
  answerDeadlineMs: 20_000,
};

/** A part of what is kept: how far it reaches, or one tenant. */
export type SavedKept = SavedReach | SavedTenant;

type SavedReach = {
  /** When versions were last compared, milliseconds since the epoch. */
  checkedAt: number;
  /** Up to when revocations are known, by the clock of the database, milliseconds since the epoch. */
  revokedUpTo: number | null;
};

export type SnapshotKeeperOptions = {
  source: SnapshotSource;
  /** What consumer keys open; told what has changed. */
  grants: TenantLoaderOptions["grants"];
  clock: Clock;
  log: Log;
  limits?: KeeperLimits;
  /** Milliseconds that have passed since some moment, whatever the clock is set to. */
  timer?: () => number;
};

/**
 * Keeps the snapshots of the tenants whose gateways ask. A tenant is loaded when it is first asked for;
 * later changes arrive by announcement (`hear`) or by the comparison that runs every two seconds, so they
 * take effect within five seconds even where announcements are lost. A change that concerns some consumer keys makes
 * only those be read again. A snapshot is never replaced by an older one, and one that could not be compared for
 * too long is no longer handed out.
 */
export class SnapshotKeeper {
  readonly #source: SnapshotSource;
  readonly #grants: SnapshotKeeperOptions["grants"];
  readonly #log: Log;
  readonly #limits: KeeperLimits;
  readonly #entries: LRUCache<TenantId, TenantEntry>;
  readonly #loader: TenantLoader;
  readonly #missed: MissedRevocations;
  readonly #timer: NodeJS.Timeout;
  readonly #moments: Moments;
  #checkedAt: Moment;
  /** When the database was last heard of. */
  #heardAt = never;
  /**
   * Up to when revocations are known, by the clock of the database, which wrote down when each was made: ours may be
   * ahead of it, or be set. Null before the first comparison.
   */
  #revokedUpTo: number | null = null;
  #checking: Promise<void> | null = null;

  constructor({ source, grants, clock, log, limits = defaultKeeperLimits, timer }: SnapshotKeeperOptions) {
    this.#source = answeringWithin(source, limits.answerDeadlineMs);
    this.#grants = grants;
    this.#log = log;
    this.#limits = limits;
    this.#moments = new Moments(clock, timer);
    // There is nothing yet that could have been missed.
    this.#checkedAt = this.#moments.now();
    this.#entries = new LRUCache({ max: limits.tenants });
    const shared = { source: this.#source, log };
    this.#loader = new TenantLoader({
      ...shared,
      grants,
      moments: this.#moments,
      longestRestMs: limits.longestRestMs,
      onceCompared: () => this.#onceCompared(),
      forget: (entry) => this.#forget(entry),
    });
    this.#missed = new MissedRevocations({
      ...shared,
      entries: () => [...this.#entries.values()],
      isHeld: (entry) => this.#entries.peek(entry.tenantId) === entry,
      comparedAt: () => this.#checkedAt,
    });
    this.#timer = setInterval(() => void this.compare(), limits.checkEveryMs);
    this.#timer.unref();
  }

  /**
   * The tenant as it is now: at once where it is known and fresh, otherwise after loading.
   *
   * @returns null where it cannot be known for certain, or does not exist
   */
  current(tenantId: TenantId): KeptTenant | null | Promise<KeptTenant | null> {
    const entry = this.#entries.get(tenantId);
    if (entry?.kept && this.#isFresh(entry)) return entry.kept;
    return this.#bring(tenantId).then((brought) => brought?.kept ?? null);
  }

  /** The tenant, at least as new as this moment; null where it cannot be had in time. */
  async reload(tenantId: TenantId): Promise<KeptTenant | null> {
    const entry = this.#entry(tenantId);
    const isThere = await this.#inTime(async () => {
      await this.#loader.settled(entry);
      await this.#loader.load(entry);
    });
    return isThere ? entry.kept : null;
  }

  /**
   * Whether a token is revoked: at once where its tenant is known, as for most that were just judged by it; one that gave
   * way to others meanwhile is loaded again. Rejects with `UnknownForNow` where that fails.
   *
   * @param digest of the whole token, SHA-256 in base64url
   */
  isRevoked(tenantId: TenantId, keyManager: string, { facts, digest }: RevocableToken): Soon<boolean> {
    const entry = this.#entries.peek(tenantId);
    if (entry?.kept) return entry.revoked.list.covers(keyManager, facts, digest);
    return this.#bring(tenantId).then((brought) => {
      if (!brought) throw new UnknownForNow();
      return brought.revoked.list.covers(keyManager, facts, digest);
    });
  }

  /** A tenant was announced to have this version. */
  hear(tenantId: TenantId, version: bigint): void {
    const entry = this.#entries.peek(tenantId);
    if (entry?.hear(version)) void this.#loader.load(entry);
  }

  /** Seconds since everything was last known of all tenants, of that for which it is longest; for the metric. */
  secondsUnchecked(): number {
    if (this.#entries.size === 0) return 0;
    const moments = [this.#checkedAt, ...this.#keptEntries().map(({ freshAt }) => freshAt)];
    return Math.max(...moments.map((moment) => this.#moments.age(moment))) / 1000;
  }

  /** Compares versions now and loads what has changed. One comparison at a time; never throws. */
  compare(): Promise<void> {
    this.#checking ??= this.#compare().finally(() => (this.#checking = null));
    return this.#checking;
  }

  /**
   * Everything that is kept, as plain data that `restore` takes. Each part is made when it is asked for, and holds until the
   * next one is. How far it reaches comes first: what tenants learn meanwhile is asked for once more, and nothing is missed.
   */
  *save(): Generator<SavedKept> {
    yield { checkedAt: this.#moments.toClock(this.#checkedAt), revokedUpTo: this.#allRevokedUpTo() };
    for (const entry of [...this.#entries.values()]) {
      const saved = entry.save();
      if (saved) yield saved;
    }
  }

  /**
   * Keeps again what was saved, as old as it is: what has changed since follows with the next comparison, and what is
   * too old is not handed out before.
   */
  restore(saved: Iterable<SavedKept>): void {
    for (const part of saved) {
      if ("tenantId" in part) this.#entry(part.tenantId).restore(part);
      else {
        this.#checkedAt = this.#moments.fromClock(part.checkedAt);
        this.#heardAt = this.#checkedAt;
        this.#revokedUpTo = part.revokedUpTo;
      }
    }
  }

  /** Whether the database was heard of lately enough to answer for certain. */
  isCertain(): boolean {
    return this.#moments.age(this.#heardAt) <= this.#limits.maximumUncheckedMs;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #isFresh({ freshAt }: TenantEntry): boolean {
    return this.#moments.age(freshAt) <= this.#limits.maximumUncheckedMs;
  }

  #keptEntries(): TenantEntry[] {
    return [...this.#entries.values()].filter((entry) => entry.kept);
  }

  #entry(tenantId: TenantId): TenantEntry {
    let entry = this.#entries.get(tenantId);
    if (!entry) this.#entries.set(tenantId, (entry = new TenantEntry(tenantId, this.#moments)));
    return entry;
  }

  /** Null where it cannot be known for certain, or does not exist. */
  async #bring(tenantId: TenantId): Promise<TenantEntry | null> {
    const entry = this.#entry(tenantId);
    await this.#inTime(() => this.#refresh(entry));
    return entry.kept && this.#isFresh(entry) ? entry : null;
  }

  /** Never rejects. */
  async #refresh(entry: TenantEntry): Promise<void> {
    if (!entry.kept) await this.#loader.load(entry);
    // A load that went on from before may be no fresher than the last comparison.
    if (this.#isFresh(entry)) return;
    await this.compare();
    await this.#loader.settled(entry);
  }

  /** Whether it was done before a call may wait no longer; what was not goes on. */
  #inTime(work: () => Promise<void>): Promise<boolean> {
    return withinDeadline(work(), this.#limits.deadlineMs).then(
      () => true,
      () => false,
    );
  }

  async #onceCompared(): Promise<Moment> {
    if (this.#revokedUpTo === null) await this.compare();
    if (this.#revokedUpTo === null) throw new Error("It is not known up to when revocations are known.");
    return this.#checkedAt;
  }

  async #compare(): Promise<void> {
    const startedAt = this.#moments.now();
    const entries = [...this.#entries.values()];
    try {
      await this.#compareEntries(entries, startedAt);
      this.#checkedAt = startedAt;
      this.#heardAt = startedAt;
      this.#missed.read();
    } catch (error) {
      this.#log.warn({ error }, "the versions of the gateways' snapshots could not be compared");
    }
  }

  async #compareEntries(entries: readonly TenantEntry[], startedAt: Moment): Promise<void> {
    const since = this.#revokedUpTo === null ? null : new Date(this.#revokedUpTo - this.#limits.revocationOverlapMs);
    const tenantIds = entries.map(({ tenantId }) => tenantId);
    const { versions, revocations, readAt } = await this.#source.check(tenantIds, since);
    for (const { tenantId, ...revocation } of revocations ?? []) {
      this.#entries.peek(tenantId)?.revoked.list.add(revocation);
    }
    for (const entry of entries) {
      if (!revocations && since) entry.revoked.miss(since, startedAt);
      else entry.revoked.compared(startedAt);
      entry.sweep(startedAt, readAt, this.#limits.sweepEveryMs);
      const version = versions.get(entry.tenantId);
      if (version === undefined) this.#forget(entry);
      else entry.compared(version, startedAt);
      if (entry.isBehind) void this.#loader.load(entry);
    }
    this.#revokedUpTo = readAt.getTime();
  }

  /** Up to when the revocations of all tenants are known. */
  #allRevokedUpTo(): number | null {
    if (this.#revokedUpTo === null) return null;
    const known = this.#keptEntries().map(({ revoked }) => revoked.readUpTo + this.#limits.revocationOverlapMs);
    return Math.min(this.#revokedUpTo, ...known);
  }

  #forget(entry: TenantEntry): void {
    entry.clear();
    this.#grants.forgetAll(entry.tenantId);
    if (this.#entries.peek(entry.tenantId) === entry) this.#entries.delete(entry.tenantId);
  }
}
