import type { TenantId } from "#lib/foundation/ids.ts";
import { never, type Moment, type Moments } from "#lib/foundation/moments.ts";
import { compileSnapshot, type Snapshot } from "#lib/token-validation/snapshot.ts";
import type { BackendJwtConfiguration } from "./backend-jwt.ts";
import type { SavedRevocations } from "./revocations.ts";
import type { LoadedTenant, RevocationPosition, SnapshotSource } from "./snapshot-source.ts";
import { TenantRevocations } from "./tenant-revocations.ts";

/** What the calls of one tenant are judged by. */
export type KeptTenant = {
  readonly snapshot: Snapshot;
  readonly credentials: ReadonlySet<string>;
  readonly backendJwt: BackendJwtConfiguration | null;
};

/** A tenant as plain data. */
export type SavedTenant = {
  tenantId: TenantId;
  loaded: LoadedTenant;
  seen: bigint;
  /** Milliseconds since the epoch. */
  freshAt: number;
  revocations: SavedRevocations;
};

/**
 * What is known of one tenant: what its calls are judged by, what is revoked, up to which version its changes are known, and
 * how fresh all of this is. A version never goes back.
 */
export class TenantEntry {
  readonly tenantId: TenantId;
  readonly #moments: Moments;
  #kept: KeptTenant | null = null;
  /** What `#kept` was made of. */
  #loaded: LoadedTenant | null = null;
  #revoked: TenantRevocations;
  /** The version up to which what changed is known; never newer than what is kept. */
  #seen = -1n;
  /** The version that was heard of; the snapshot is older while a load is under way. */
  #wanted = -1n;
  /** When `#kept` was last known to be the newest. */
  #currentAt = never;
  /** When everything was last known: what is kept to be the newest, and what is revoked. */
  #freshAt = never;
  #sweptAt: Moment;

  constructor(tenantId: TenantId, moments: Moments) {
    this.tenantId = tenantId;
    this.#moments = moments;
    this.#revoked = TenantRevocations.unread(moments);
    this.#sweptAt = moments.now();
  }

  /** Null where it was not loaded, or is gone. */
  get kept(): KeptTenant | null {
    return this.#kept;
  }

  get revoked(): TenantRevocations {
    return this.#revoked;
  }

  get seen(): bigint {
    return this.#seen;
  }

  get wanted(): bigint {
    return this.#wanted;
  }

  get freshAt(): Moment {
    return this.#freshAt;
  }

  /** Whether there are changes that are not known yet. */
  get isBehind(): boolean {
    return this.#kept !== null && this.#seen < this.#wanted;
  }

  /**
   * The tenant is said to have this version.
   *
   * @returns whether that is new
   */
  hear(version: bigint): boolean {
    if (version <= this.#wanted) return false;
    this.#wanted = version;
    return true;
  }

  /** A comparison that began at this moment saw this version, and what was revoked by then. */
  compared(version: bigint, at: Moment): void {
    this.hear(version);
    if (this.#kept && !this.isBehind) this.#currentAt = at;
    this.#freshen();
  }

  /** A load that began at this moment, when this version was wanted, is done. */
  caughtUp(wanted: bigint, at: Moment): void {
    // One that changes faster than it loads is always behind, and yet as new as the moment at which its load began.
    if (this.#seen >= wanted) this.#currentAt = this.#moments.newer(this.#currentAt, at);
    this.#freshen();
  }

  /** Keeps what was loaded, unless what is kept is newer. */
  keep(loaded: LoadedTenant): void {
    const { snapshot, credentials, backendJwt } = loaded;
    if (this.#kept && snapshot.version < this.#kept.snapshot.version) return;
    this.#loaded = loaded;
    this.#kept = { snapshot: compileSnapshot(snapshot), credentials: new Set(credentials), backendJwt };
  }

  /** Keeps nothing any more: the tenant is gone. */
  clear(): void {
    this.#kept = null;
  }

  /** Whatever changed up to this version is known. */
  see(version: bigint): void {
    if (version > this.#seen) this.#seen = version;
    const kept = this.#kept;
    if (!kept) return;
    // What was loaded may be newer than the changes that are known: they are asked for once more.
    if (kept.snapshot.version > this.#wanted) this.#wanted = kept.snapshot.version;
    else if (kept.snapshot.version < this.#seen) {
      this.#kept = { ...kept, snapshot: { ...kept.snapshot, version: this.#seen } };
    }
    if (this.#seen > this.#wanted) this.#wanted = this.#seen;
  }

  /**
   * Reads the next page of what is revoked.
   *
   * @param comparedAt when the last comparison began that succeeded
   */
  async readPage(source: Pick<SnapshotSource, "revocations">, comparedAt: Moment): Promise<void> {
    const read = (after: RevocationPosition) => source.revocations(this.tenantId, after);
    await this.#revoked.readPage(read, comparedAt);
    this.#freshen();
  }

  /**
   * Forgets revocations of tokens that have expired, unless that was done lately.
   *
   * @param readAt the moment by the clock of the database: a token has expired for certain where both clocks say so
   */
  sweep(now: Moment, readAt: Date, everyMs: number): void {
    if (this.#moments.age(this.#sweptAt) <= everyMs) return;
    this.#sweptAt = now;
    this.#revoked.list.sweep(Math.min(now.clock, readAt.getTime()) / 1000);
  }

  /** Null where there is nothing to save. */
  save(): SavedTenant | null {
    if (!this.#kept || !this.#loaded) return null;
    const snapshot = { ...this.#loaded.snapshot, version: this.#kept.snapshot.version };
    return {
      tenantId: this.tenantId,
      loaded: { ...this.#loaded, snapshot },
      seen: this.#seen,
      freshAt: this.#moments.toClock(this.#freshAt),
      revocations: this.#revoked.list.save(),
    };
  }

  /** Knows again what was saved, as old as it is. */
  restore({ loaded, seen, freshAt, revocations }: Omit<SavedTenant, "tenantId">): void {
    this.keep(loaded);
    const at = this.#moments.fromClock(freshAt);
    this.#revoked = TenantRevocations.restore(revocations, at, this.#moments);
    this.#seen = seen;
    this.#wanted = seen;
    this.#currentAt = at;
    this.#freshAt = at;
  }

  /** As fresh as whichever is older, what is kept or what is known to be revoked. */
  #freshen(): void {
    this.#freshAt = this.#moments.older(this.#currentAt, this.#revoked.knownAt);
  }
}
