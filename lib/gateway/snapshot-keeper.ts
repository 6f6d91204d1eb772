import { LRUCache } from "lru-cache";
import type { Clock } from "#lib/foundation/clock.ts";
import { withinDeadline } from "#lib/foundation/deadline.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { Log } from "#lib/foundation/log.ts";
import { Moments, never, type Moment } from "#lib/foundation/moments.ts";
import type { Soon } from "#lib/foundation/soon.ts";
import type { TokenFacts } from "#lib/token-validation/facts.ts";
import { compileSnapshot, type Snapshot } from "#lib/token-validation/snapshot.ts";
import type { BackendJwtConfiguration } from "./backend-jwt.ts";
import type { GrantStore } from "./grant-store.ts";
import type { SavedRevocations } from "./revocations.ts";
import type { LoadedTenant, RevocationPosition, SnapshotSource } from "./snapshot-source.ts";
import { TenantRevocations } from "./tenant-revocations.ts";

export type KeptTenant = {
  readonly snapshot: Snapshot;
  readonly credentials: ReadonlySet<string>;
  readonly backendJwt: BackendJwtConfiguration | null;
};

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
  maximumUncheckedMs: 900_000,
  tenants: 1_000,
  revocationOverlapMs: 30_000,
  sweepEveryMs: 600_000,
  deadlineMs: 5_000,
  answerDeadlineMs: 20_000,
};

type Entry = {
  tenantId: TenantId;
  kept: KeptTenant | null;
  /** What `kept` was made of. */
  loaded: LoadedTenant | null;
  /** When `kept` was last known to be the newest. */
  currentAt: Moment;
  /** When everything was last known: what is kept to be the newest, and what is revoked. */
  freshAt: Moment;
  /** The version up to which what changed is known; never newer than what is kept. */
  seen: bigint;
  /** The version that was heard of; the snapshot is older while a load is under way. */
  wanted: bigint;
  loading: Promise<void> | null;
  /** Not before this time again: a large tenant that changes all the time must not load all the time. */
  restsUntil: number;
  revoked: TenantRevocations;
  sweptAt: Moment;
};

/** A part of what is kept: how far it reaches, or one tenant. */
export type SavedKept = SavedReach | SavedTenant;

type SavedReach = {
  /** When versions were last compared, milliseconds since the epoch. */
  checkedAt: number;
  /** Up to when revocations are known, by the clock of the database, milliseconds since the epoch. */
  revokedUpTo: number | null;
};

type SavedTenant = {
  tenantId: TenantId;
  loaded: LoadedTenant;
  seen: bigint;
  freshAt: number;
  revocations: SavedRevocations;
};

export type SnapshotKeeperOptions = {
  source: SnapshotSource;
  /** What consumer keys open; told what has changed. */
  grants: Pick<GrantStore, "forget" | "forgetForeign" | "forgetAll">;
  clock: Clock;
  log: Log;
  limits?: KeeperLimits;
  /** Milliseconds that have passed since some moment, whatever the clock is set to. */
  timer?: () => number;
};

/** Changes of these concern some consumer keys; all others but revocations concern the snapshot. */
const grantSubjects = new Set(["key_mapping", "application", "subscription", "cross_tenant_subscription"]);
/** What is revoked arrives with the comparison. */
const revocationSubject = "revocation";

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
  readonly #entries: LRUCache<TenantId, Entry>;
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
  /** Reads what comparisons did not bring. */
  #catchingUp: Promise<void> | null = null;

  constructor({ source, grants, clock, log, limits = defaultKeeperLimits, timer }: SnapshotKeeperOptions) {
    this.#source = source;
    this.#grants = grants;
    this.#log = log;
    this.#limits = limits;
    this.#moments = new Moments(clock, timer);
    // There is nothing yet that could have been missed.
    this.#checkedAt = this.#moments.now();
    this.#entries = new LRUCache({ max: limits.tenants });
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
      await entry.loading;
      await this.#load(entry);
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
    if (!entry || version <= entry.wanted) return;
    entry.wanted = version;
    void this.#load(entry);
  }

  /** Seconds since everything was last known of all tenants, of that for which it is longest; for the metric. */
  secondsUnchecked(): number {
    if (this.#entries.size === 0) return 0;
    const kept = [...this.#entries.values()].filter((entry) => entry.kept);
    return (
      Math.max(...[this.#checkedAt, ...kept.map(({ freshAt }) => freshAt)].map((at) => this.#moments.age(at))) / 1000
    );
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
      const { tenantId, kept, loaded, seen, freshAt, revoked } = entry;
      if (!kept || !loaded) continue;
      const snapshot = { ...loaded.snapshot, version: kept.snapshot.version };
      const saved = { seen, freshAt: this.#moments.toClock(freshAt), revocations: revoked.list.save() };
      yield { tenantId, loaded: { ...loaded, snapshot }, ...saved };
    }
  }

  /**
   * Keeps again what was saved, as old as it is: what has changed since follows with the next comparison, and what is
   * too old is not handed out before.
   */
  restore(saved: Iterable<SavedKept>): void {
    for (const part of saved) {
      if ("tenantId" in part) this.#restoreTenant(part);
      else {
        this.#checkedAt = this.#moments.fromClock(part.checkedAt);
        this.#heardAt = this.#checkedAt;
        this.#revokedUpTo = part.revokedUpTo;
      }
    }
  }

  #restoreTenant({ tenantId, loaded, seen, freshAt, revocations }: SavedTenant): void {
    const entry = this.#entry(tenantId);
    this.#keep(entry, loaded);
    const at = this.#moments.fromClock(freshAt);
    const revoked = TenantRevocations.restore(revocations, at, this.#moments);
    Object.assign(entry, { seen, wanted: seen, currentAt: at, freshAt: at, revoked });
  }

  /** Whether the database was heard of lately enough to answer for certain. */
  isCertain(): boolean {
    return this.#moments.age(this.#heardAt) <= this.#limits.maximumUncheckedMs;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #isFresh({ freshAt }: Entry): boolean {
    return this.#moments.age(freshAt) <= this.#limits.maximumUncheckedMs;
  }

  #entry(tenantId: TenantId): Entry {
    let entry = this.#entries.get(tenantId);
    if (!entry) {
      entry = {
        tenantId,
        kept: null,
        loaded: null,
        currentAt: never,
        freshAt: never,
        seen: -1n,
        wanted: -1n,
        loading: null,
        restsUntil: 0,
        revoked: TenantRevocations.unread(this.#moments),
        sweptAt: this.#moments.now(),
      };
      this.#entries.set(tenantId, entry);
    }
    return entry;
  }

  /** Null where it cannot be known for certain, or does not exist. */
  async #bring(tenantId: TenantId): Promise<Entry | null> {
    const entry = this.#entry(tenantId);
    await this.#inTime(() => this.#refresh(entry));
    return entry.kept && this.#isFresh(entry) ? entry : null;
  }

  /** Never rejects. */
  async #refresh(entry: Entry): Promise<void> {
    if (!entry.kept) await this.#load(entry);
    // A load that went on from before may be no fresher than the last comparison.
    if (this.#isFresh(entry)) return;
    await this.compare();
    await entry.loading;
  }

  /** Whether it was done before a call may wait no longer; what was not goes on. */
  #inTime(work: () => Promise<void>): Promise<boolean> {
    return withinDeadline(work(), this.#limits.deadlineMs).then(
      () => true,
      () => false,
    );
  }

  /** An answer of the source, which no call waits for: one that is late is worth as much. */
  #answer<T>(asked: Promise<T>): Promise<T> {
    return withinDeadline(asked, this.#limits.answerDeadlineMs);
  }

  async #compare(): Promise<void> {
    const startedAt = this.#moments.now();
    const entries = [...this.#entries.values()];
    try {
      await this.#compareEntries(entries, startedAt);
      this.#checkedAt = startedAt;
      this.#heardAt = startedAt;
      this.#catchingUp ??= this.#readMissed().finally(() => (this.#catchingUp = null));
    } catch (error) {
      this.#log.warn({ error }, "the versions of the gateways' snapshots could not be compared");
    }
  }

  async #compareEntries(entries: readonly Entry[], startedAt: Moment): Promise<void> {
    const since = this.#revokedUpTo === null ? null : new Date(this.#revokedUpTo - this.#limits.revocationOverlapMs);
    const tenantIds = entries.map(({ tenantId }) => tenantId);
    const { versions, revocations, readAt } = await this.#answer(this.#source.check(tenantIds, since));
    for (const { tenantId, ...revocation } of revocations ?? []) {
      this.#entries.peek(tenantId)?.revoked.list.add(revocation);
    }
    for (const entry of entries) {
      if (!revocations && since) entry.revoked.miss(since, startedAt);
      else entry.revoked.compared(startedAt);
      const version = versions.get(entry.tenantId);
      if (version === undefined) this.#forget(entry);
      else if (version > entry.wanted) entry.wanted = version;
      if (this.#moments.age(entry.sweptAt) > this.#limits.sweepEveryMs) {
        entry.sweptAt = startedAt;
        // A token has expired for certain where both clocks say so.
        entry.revoked.list.sweep(Math.min(startedAt.clock, readAt.getTime()) / 1000);
      }
      if (this.#isBehind(entry)) void this.#load(entry);
      else if (entry.kept) entry.currentAt = startedAt;
      this.#freshen(entry);
    }
    this.#revokedUpTo = readAt.getTime();
  }

  /** Reads what comparisons did not bring. What fails goes on with the next comparison, from where it was. */
  async #readMissed(): Promise<void> {
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
    const kept = [...this.#entries.values()].filter((entry) => entry.kept);
    const rounds = new Map(
      kept.flatMap((entry) => (entry.revoked.round ? [[entry, entry.revoked.round] as const] : [])),
    );
    while (rounds.size > 0) {
      for (const [entry, round] of rounds) {
        const goesOn = this.#entries.peek(entry.tenantId) === entry && (await this.#tryPage(entry));
        if (goesOn && entry.revoked.round === round) continue;
        rounds.delete(entry);
        isOneRead ||= goesOn;
      }
    }
    return isOneRead;
  }

  async #tryPage(entry: Entry): Promise<boolean> {
    try {
      await this.#readPage(entry);
      return true;
    } catch (error) {
      this.#log.warn({ error, tenantId: entry.tenantId }, "what was revoked could not be read to its end");
      return false;
    }
  }

  async #readPage(entry: Entry): Promise<void> {
    const read = (after: RevocationPosition) => this.#answer(this.#source.revocations(entry.tenantId, after));
    await entry.revoked.readPage(read, this.#checkedAt);
    this.#freshen(entry);
  }

  /** A tenant is as fresh as whichever is older, what is kept of it or what is known to be revoked. */
  #freshen(entry: Entry): void {
    entry.freshAt = this.#moments.older(entry.currentAt, entry.revoked.knownAt);
  }

  /** Up to when the revocations of all tenants are known. */
  #allRevokedUpTo(): number | null {
    if (this.#revokedUpTo === null) return null;
    const kept = [...this.#entries.values()].filter((entry) => entry.kept);
    const known = kept.map(({ revoked }) => revoked.readUpTo + this.#limits.revocationOverlapMs);
    return Math.min(this.#revokedUpTo, ...known);
  }

  #forget(entry: Entry): void {
    entry.kept = null;
    this.#grants.forgetAll(entry.tenantId);
    if (this.#entries.peek(entry.tenantId) === entry) this.#entries.delete(entry.tenantId);
  }

  #isBehind({ kept, seen, wanted }: Entry): boolean {
    return kept !== null && seen < wanted;
  }

  /** Loads once; what was heard of meanwhile is loaded next. Failures are logged; the old snapshot stays. */
  #load(entry: Entry): Promise<void> {
    entry.loading ??= this.#tryLoad(entry).then((isLoaded) => {
      entry.loading = null;
      if (isLoaded && this.#isBehind(entry)) void this.#load(entry);
    });
    return entry.loading;
  }

  async #tryLoad(entry: Entry): Promise<boolean> {
    try {
      await pause(entry.restsUntil - performance.now());
      await this.#loadOnce(entry);
      return true;
    } catch (error) {
      this.#log.warn({ error, tenantId: entry.tenantId }, "a tenant could not be loaded for its gateways");
      return false;
    }
  }

  async #loadOnce(entry: Entry): Promise<void> {
    const measuredFrom = performance.now();
    const { wanted } = entry;
    const startedAt = this.#moments.now();
    await this.#catchUp(entry);
    // One that changes faster than it loads is always behind, and yet as new as the moment at which its load began.
    if (entry.seen >= wanted) entry.currentAt = this.#moments.newer(entry.currentAt, startedAt);
    const now = performance.now();
    entry.restsUntil = now + Math.min(this.#limits.checkEveryMs, 4 * (now - measuredFrom));
    this.#freshen(entry);
  }

  async #catchUp(entry: Entry): Promise<void> {
    const { tenantId } = entry;
    const changes = entry.kept ? await this.#answer(this.#source.changes(tenantId, entry.seen)) : null;
    const reached = changes?.at(-1)?.version ?? entry.seen;
    if (changes === null || reached < entry.wanted) return this.#loadAll(entry);
    const concerning = changes.filter(({ subject }) => subject !== revocationSubject);
    if (concerning.some(({ subject }) => !grantSubjects.has(subject))) {
      const loaded = await this.#answer(this.#source.load(tenantId));
      if (!loaded) return this.#forget(entry);
      this.#keep(entry, loaded);
      this.#grants.forgetForeign(tenantId);
    }
    // Whatever was read of a consumer key before this moment may be older than its change.
    if (concerning.length > 0) this.#grants.forget(tenantId, concerning);
    if (concerning.some(({ subject }) => subject === "cross_tenant_subscription")) this.#grants.forgetForeign(tenantId);
    this.#see(entry, reached);
  }

  async #loadAll(entry: Entry): Promise<void> {
    // Whatever is revoked from here on, the next comparison must ask for.
    if (this.#revokedUpTo === null) await this.compare();
    if (this.#revokedUpTo === null) throw new Error("It is not known up to when revocations are known.");
    const loaded = await this.#answer(this.#source.load(entry.tenantId));
    if (!loaded) return this.#forget(entry);
    const { round } = entry.revoked;
    while (!entry.kept && round && entry.revoked.round === round) await this.#readPage(entry);
    this.#keep(entry, loaded);
    this.#grants.forgetAll(entry.tenantId);
    this.#see(entry, loaded.snapshot.version);
  }

  #see(entry: Entry, version: bigint): void {
    if (version > entry.seen) entry.seen = version;
    const { kept } = entry;
    if (!kept) return;
    // What was loaded may be newer than the changes that are known: they are asked for once more.
    if (kept.snapshot.version > entry.wanted) entry.wanted = kept.snapshot.version;
    else if (kept.snapshot.version < entry.seen) {
      entry.kept = { ...kept, snapshot: { ...kept.snapshot, version: entry.seen } };
    }
    if (entry.seen > entry.wanted) entry.wanted = entry.seen;
  }

  #keep(entry: Entry, loaded: LoadedTenant): void {
    const { snapshot, credentials, backendJwt } = loaded;
    if (entry.kept && snapshot.version < entry.kept.snapshot.version) return;
    entry.loaded = loaded;
    entry.kept = { snapshot: compileSnapshot(snapshot), credentials: new Set(credentials), backendJwt };
  }
}

function pause(milliseconds: number): Promise<void> | undefined {
  if (milliseconds <= 0) return undefined;
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
