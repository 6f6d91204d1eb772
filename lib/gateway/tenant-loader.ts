import type { Log } from "#lib/foundation/log.ts";
import type { Moment, Moments } from "#lib/foundation/moments.ts";
import type { GrantStore } from "./grant-store.ts";
import type { SnapshotSource } from "./snapshot-source.ts";
import type { TenantEntry } from "./tenant-entry.ts";

export type TenantLoaderOptions = {
  source: Pick<SnapshotSource, "load" | "changes" | "revocations">;
  /** What consumer keys open; told what has changed. */
  grants: Pick<GrantStore, "forget" | "forgetAll">;
  log: Log;
  moments: Moments;
  /** After a load a tenant rests for four times as long as that took, and for this long at most. */
  longestRestMs: number;
  /**
   * Compares once, unless that was done already: whatever is revoked from then on, the next comparison asks for.
   *
   * @returns when the last comparison began that succeeded
   * @throws {Error} where none did
   */
  onceCompared(): Promise<Moment>;
  /** There is no such tenant any more. */
  forget(entry: TenantEntry): void;
};

/** Changes of these name the application or the consumer key that they concern. */
const namedSubjects = new Set(["key_mapping", "application", "subscription"]);
/**
 * Changes of these concern consumer keys alone; all others but revocations concern the snapshot. Those may concern consumer
 * keys too, which they do not name: whether another tenant's application may call an API depends on both tenants, the API
 * and the key manager, and its consumer key may be one that an application of the tenant has elsewhere.
 */
const grantSubjects = new Set([...namedSubjects, "cross_tenant_subscription"]);
/** What is revoked arrives with the comparison. */
const revocationSubject = "revocation";

/**
 * Brings tenants up to the version that was heard of, each by one load at a time. Where the changes are on record, a load
 * reads no more than what they concern.
 */
export class TenantLoader {
  readonly #options: TenantLoaderOptions;
  readonly #underWay = new WeakMap<TenantEntry, Promise<void>>();
  /** Not before this time again: a large tenant that changes all the time must not load all the time. */
  readonly #restsUntil = new WeakMap<TenantEntry, number>();

  constructor(options: TenantLoaderOptions) {
    this.#options = options;
  }

  /**
   * Loads once; what is heard of meanwhile is loaded next. Failures are logged, and what was kept stays. Never rejects.
   */
  load(entry: TenantEntry): Promise<void> {
    const before = this.#underWay.get(entry);
    if (before) return before;
    const loading = this.#tryLoad(entry).then((isLoaded) => {
      this.#underWay.delete(entry);
      if (isLoaded && entry.isBehind) void this.load(entry);
    });
    this.#underWay.set(entry, loading);
    return loading;
  }

  /** Waits for the load that is under way, where there is one. */
  async settled(entry: TenantEntry): Promise<void> {
    await this.#underWay.get(entry);
  }

  async #tryLoad(entry: TenantEntry): Promise<boolean> {
    try {
      await pause((this.#restsUntil.get(entry) ?? 0) - performance.now());
      await this.#loadOnce(entry);
      return true;
    } catch (error) {
      const { tenantId } = entry;
      this.#options.log.warn({ error, tenantId }, "a tenant could not be loaded for its gateways");
      return false;
    }
  }

  async #loadOnce(entry: TenantEntry): Promise<void> {
    const measuredFrom = performance.now();
    const { wanted } = entry;
    const startedAt = this.#options.moments.now();
    await this.#catchUp(entry);
    entry.caughtUp(wanted, startedAt);
    const now = performance.now();
    this.#restsUntil.set(entry, now + Math.min(this.#options.longestRestMs, 4 * (now - measuredFrom)));
  }

  async #catchUp(entry: TenantEntry): Promise<void> {
    const { source, grants, forget } = this.#options;
    const { tenantId } = entry;
    const changes = entry.kept ? await source.changes(tenantId, entry.seen) : null;
    const reached = changes?.at(-1)?.version ?? entry.seen;
    if (changes === null || reached < entry.wanted) return this.#loadAll(entry);
    const concerning = changes.filter(({ subject }) => subject !== revocationSubject);
    if (concerning.some(({ subject }) => !grantSubjects.has(subject))) {
      const loaded = await source.load(tenantId);
      if (!loaded) return forget(entry);
      entry.keep(loaded);
    }
    // Whatever was read of a consumer key before this moment may be older than its change.
    if (concerning.some(({ subject }) => !namedSubjects.has(subject))) grants.forgetAll(tenantId);
    else if (concerning.length > 0) grants.forget(tenantId, concerning);
    entry.see(reached);
  }

  async #loadAll(entry: TenantEntry): Promise<void> {
    const { source, grants, forget, onceCompared } = this.#options;
    await onceCompared();
    const loaded = await source.load(entry.tenantId);
    if (!loaded) return forget(entry);
    const { round } = entry.revoked;
    while (!entry.kept && round && entry.revoked.round === round) await entry.readPage(source, await onceCompared());
    entry.keep(loaded);
    grants.forgetAll(entry.tenantId);
    entry.see(loaded.snapshot.version);
  }
}

function pause(milliseconds: number): Promise<void> | undefined {
  if (milliseconds <= 0) return undefined;
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
