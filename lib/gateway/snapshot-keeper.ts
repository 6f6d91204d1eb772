import { LRUCache } from "lru-cache";
import type { Clock } from "#lib/foundation/clock.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { Log } from "#lib/foundation/log.ts";
import { compileSnapshot, type Snapshot, type SnapshotData } from "#lib/token-validation/snapshot.ts";

/** A tenant as its gateways see it, with what admits them. */
export type LoadedTenant = {
  snapshot: SnapshotData;
  /** Digests of the gateway credentials that are not revoked. */
  credentials: readonly string[];
  revokedTokens: readonly { tokenId: string; expiresAt: Date }[];
};

export type KeptTenant = { readonly snapshot: Snapshot; readonly credentials: ReadonlySet<string> };

export type Revocation = { tenantId: TenantId; tokenId: string; expiresAt: Date };

export type SnapshotSource = {
  /** Null where there is no such tenant. */
  load(tenantId: TenantId): Promise<LoadedTenant | null>;
  /** The present versions, and the tokens revoked since a time. */
  check(
    tenantIds: readonly TenantId[],
    revokedSince: Date,
  ): Promise<{ versions: Map<TenantId, bigint>; revocations: readonly Revocation[] }>;
};

export type KeeperLimits = {
  /** How often versions are compared, announcements or not. */
  checkEveryMs: number;
  /** Without a successful comparison for this long, nothing is known for certain and every call is refused. */
  maximumUncheckedMs: number;
  /** Tenants kept at a time. */
  tenants: number;
  /** Revocations are asked for with this overlap: a row may become visible after a younger one. */
  revocationOverlapMs: number;
};

export const defaultKeeperLimits: KeeperLimits = {
  checkEveryMs: 2_000,
  maximumUncheckedMs: 60_000,
  tenants: 1_000,
  revocationOverlapMs: 30_000,
};

type Entry = {
  tenantId: TenantId;
  kept: KeptTenant | null;
  /** When `kept` was last known to be the newest. */
  freshAt: number;
  /** The version that was heard of; the snapshot is older while a load is under way. */
  wanted: bigint;
  loading: Promise<void> | null;
  /** Not before this time again: a large tenant that changes all the time must not load all the time. */
  restsUntil: number;
  revokedTokens: Map<string, number>;
};

export type SnapshotKeeperOptions = { source: SnapshotSource; clock: Clock; log: Log; limits?: KeeperLimits };

/**
 * Keeps the snapshots of the tenants whose gateways ask. A tenant is loaded when it is first asked for;
 * later changes arrive by announcement (`hear`) or by the comparison that runs every two seconds, so they
 * take effect within five seconds even where announcements are lost. A snapshot is never replaced by an
 * older one, and one that could not be compared for a minute is no longer handed out.
 */
export class SnapshotKeeper {
  readonly #source: SnapshotSource;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limits: KeeperLimits;
  readonly #entries: LRUCache<TenantId, Entry>;
  readonly #timer: NodeJS.Timeout;
  #checkedAt: number;
  #checking: Promise<void> | null = null;

  constructor({ source, clock, log, limits = defaultKeeperLimits }: SnapshotKeeperOptions) {
    this.#source = source;
    this.#clock = clock;
    this.#log = log;
    this.#limits = limits;
    // There is nothing yet that could have been missed.
    this.#checkedAt = clock.now().getTime();
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
    return this.#bring(tenantId);
  }

  /** The tenant, at least as new as this moment. */
  async reload(tenantId: TenantId): Promise<KeptTenant | null> {
    const entry = this.#entry(tenantId);
    await entry.loading;
    await this.#load(entry);
    return entry.kept;
  }

  isRevoked(tenantId: TenantId, tokenId: string): boolean {
    return this.#entries.peek(tenantId)?.revokedTokens.has(tokenId) ?? false;
  }

  /** A tenant was announced to have this version. */
  hear(tenantId: TenantId, version: bigint): void {
    const entry = this.#entries.peek(tenantId);
    if (!entry || version <= entry.wanted) return;
    entry.wanted = version;
    void this.#load(entry);
  }

  /** Seconds since the versions were last compared; for the metric. */
  secondsUnchecked(): number {
    return this.#entries.size === 0 ? 0 : (this.#clock.now().getTime() - this.#checkedAt) / 1000;
  }

  /** Compares versions now and loads what has changed. One comparison at a time; never throws. */
  compare(): Promise<void> {
    this.#checking ??= this.#compare().finally(() => (this.#checking = null));
    return this.#checking;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #isFresh({ freshAt }: Entry): boolean {
    return this.#clock.now().getTime() - freshAt <= this.#limits.maximumUncheckedMs;
  }

  #entry(tenantId: TenantId): Entry {
    let entry = this.#entries.get(tenantId);
    if (!entry) {
      entry = {
        tenantId,
        kept: null,
        freshAt: -Infinity,
        wanted: -1n,
        loading: null,
        restsUntil: 0,
        revokedTokens: new Map(),
      };
      this.#entries.set(tenantId, entry);
    }
    return entry;
  }

  async #bring(tenantId: TenantId): Promise<KeptTenant | null> {
    const entry = this.#entry(tenantId);
    if (!entry.kept) await this.#load(entry);
    else await this.compare();
    await entry.loading;
    if (!entry.kept) this.#entries.delete(tenantId);
    return this.#isFresh(entry) ? entry.kept : null;
  }

  async #compare(): Promise<void> {
    const startedAt = this.#clock.now().getTime();
    const entries = [...this.#entries.values()];
    try {
      if (entries.length > 0) await this.#compareEntries(entries, startedAt);
      this.#checkedAt = startedAt;
    } catch (error) {
      this.#log.warn({ error }, "the versions of the gateways' snapshots could not be compared");
    }
  }

  async #compareEntries(entries: readonly Entry[], startedAt: number): Promise<void> {
    // A long silence leaves a hole in the revocations; then everything is read again.
    const isSilent = startedAt - this.#checkedAt > this.#limits.maximumUncheckedMs;
    const { versions, revocations } = await this.#source.check(
      entries.map(({ tenantId }) => tenantId),
      new Date((isSilent ? startedAt : this.#checkedAt) - this.#limits.revocationOverlapMs),
    );
    for (const { tenantId, tokenId, expiresAt } of revocations) {
      this.#entries.peek(tenantId)?.revokedTokens.set(tokenId, expiresAt.getTime());
    }
    for (const entry of entries) {
      const version = versions.get(entry.tenantId);
      if (version === undefined) this.#forget(entry);
      else if (version > entry.wanted) entry.wanted = version;
      if (isSilent || this.#isBehind(entry)) void this.#load(entry);
      else entry.freshAt = startedAt;
    }
  }

  #forget(entry: Entry): void {
    entry.kept = null;
    this.#entries.delete(entry.tenantId);
  }

  #isBehind({ kept, wanted }: Entry): boolean {
    return kept !== null && kept.snapshot.version < wanted;
  }

  /** Loads until the snapshot is as new as what was heard of. Failures are logged; the old snapshot stays. */
  #load(entry: Entry): Promise<void> {
    entry.loading ??= this.#loadUntilCurrent(entry).finally(() => (entry.loading = null));
    return entry.loading;
  }

  async #loadUntilCurrent(entry: Entry): Promise<void> {
    try {
      do {
        await pause(entry.restsUntil - performance.now());
        await this.#loadOnce(entry);
      } while (this.#isBehind(entry));
    } catch (error) {
      this.#log.warn({ error, tenantId: entry.tenantId }, "a tenant could not be loaded for its gateways");
    }
  }

  async #loadOnce(entry: Entry): Promise<void> {
    const startedAt = this.#clock.now().getTime();
    const measuredFrom = performance.now();
    const loaded = await this.#source.load(entry.tenantId);
    const now = performance.now();
    entry.restsUntil = now + Math.min(this.#limits.checkEveryMs, 4 * (now - measuredFrom));
    if (!loaded) return this.#forget(entry);
    this.#keep(entry, loaded);
    entry.freshAt = startedAt;
  }

  #keep(entry: Entry, { snapshot, credentials, revokedTokens }: LoadedTenant): void {
    if (entry.kept && snapshot.version < entry.kept.snapshot.version) return;
    const now = this.#clock.now().getTime();
    for (const [tokenId, expiresAt] of entry.revokedTokens) {
      // A token may be used for its clock tolerance longer than it lives.
      if (expiresAt + 600_000 < now) entry.revokedTokens.delete(tokenId);
    }
    for (const { tokenId, expiresAt } of revokedTokens) entry.revokedTokens.set(tokenId, expiresAt.getTime());
    entry.kept = { snapshot: compileSnapshot(snapshot), credentials: new Set(credentials) };
    if (snapshot.version > entry.wanted) entry.wanted = snapshot.version;
  }
}

function pause(milliseconds: number): Promise<void> | undefined {
  if (milliseconds <= 0) return undefined;
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
