import { LRUCache } from "lru-cache";
import { withinDeadline } from "#lib/foundation/deadline.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { Grant } from "#lib/token-validation/snapshot.ts";

/** What one consumer key opens in one tenant. */
export type FoundGrant = {
  consumerKey: string;
  keyManagerId: string;
  grant: Grant;
};

/** Reads what consumer keys open, several at a time. It must end, if only by failing: until then it counts as under way. */
export type ReadGrants = (tenantId: TenantId, consumerKeys: readonly string[]) => Promise<readonly FoundGrant[]>;

export type GrantLimits = {
  /** Weight of all that is kept: one for each consumer key, and one for each of its subscriptions. */
  weight: number;
  /** Consumer keys in one reading. */
  batch: number;
  /** Readings under way at a time. */
  concurrentReads: number;
  /** For how long a call waits. The reading goes on, and what it brings is kept. */
  deadlineMs: number;
  /** Consumer keys that wait at a time; more are refused at once. */
  waiting: number;
};

export const defaultGrantLimits: GrantLimits = {
  weight: 500_000,
  batch: 200,
  concurrentReads: 4,
  deadlineMs: 5_000,
  waiting: 10_000,
};

/** What is changed for consumer keys of a tenant. */
export type GrantChange = { applicationId: string | null; consumerKey: string | null };

/** Consumer keys with what they open, as plain data. */
export type SavedGrants = readonly Entry[];

/** To write as many takes a millisecond or two, for which calls wait. */
const savedInOnePart = 500;

type Entry = {
  tenantId: TenantId;
  consumerKey: string;
  /** By key manager; empty where nobody holds the consumer key. */
  grants: ReadonlyMap<string, Grant>;
};

/** What is read of a tenant between two moments at which everything was forgotten. */
type Era = { isOver: boolean };
type Kept = { entry: Entry; era: Era };

type Waiting = { promise: Promise<Entry>; resolve: (entry: Entry) => void; reject: (error: unknown) => void };

/**
 * What consumer keys open, kept for those that are used. An installation may hold a million keys: each is read when it
 * is first asked about, those that are asked about in the same moment together, and forgotten when it changed or when
 * others are used more.
 */
export class GrantStore {
  readonly #read: ReadGrants;
  readonly #limits: GrantLimits;
  readonly #entries: LRUCache<string, Kept>;
  /** All that is kept: the cache looks each place up when it goes through them, which takes too long for calls to wait. */
  readonly #kept = new Set<Kept>();
  /** The present one of each tenant: to forget a tenant takes no longer where much is known of it. */
  readonly #eras = new Map<TenantId, Era>();
  /** Places of what is kept, by tenant and application: a change names the application alone. */
  readonly #byApplication = new Map<string, Set<string>>();
  /** Consumer keys that wait to be read, by tenant. */
  readonly #waiting = new Map<TenantId, Map<string, Waiting>>();
  /** How many those are. */
  #waitingKeys = 0;
  readonly #inFlight = new Map<string, Waiting>();
  #reads = 0;
  #isScheduled = false;

  constructor({ read, limits = defaultGrantLimits }: { read: ReadGrants; limits?: GrantLimits }) {
    this.#read = read;
    this.#limits = limits;
    this.#entries = new LRUCache({
      maxSize: limits.weight,
      sizeCalculation: ({ entry }) => weightOf(entry),
      dispose: (kept, place) => this.#unlink(kept, place),
    });
  }

  /**
   * What the consumer key opens at a key manager of the tenant: at once where it is known, otherwise after reading.
   *
   * @returns null where it belongs to nobody; rejects where it could not be read, or not in time
   */
  find(tenantId: TenantId, keyManagerId: string, consumerKey: string): Grant | null | Promise<Grant | null> {
    const known = this.#entries.get(placeOf(tenantId, consumerKey));
    if (known && !known.era.isOver) return known.entry.grants.get(keyManagerId) ?? null;
    const found = withinDeadline(this.#wait(tenantId, consumerKey), this.#limits.deadlineMs);
    return found.then(({ grants }) => grants.get(keyManagerId) ?? null);
  }

  /** Forgets what has changed. What is being read at this moment may be older, and is not kept either. */
  forget(tenantId: TenantId, changes: Iterable<GrantChange>): void {
    for (const { applicationId, consumerKey } of changes) {
      if (consumerKey !== null) this.#drop(placeOf(tenantId, consumerKey));
      if (applicationId === null) continue;
      for (const place of [...(this.#byApplication.get(placeOf(tenantId, applicationId)) ?? [])]) this.#drop(place);
    }
    this.#disownReads(tenantId);
  }

  /** Forgets everything about a tenant. */
  forgetAll(tenantId: TenantId): void {
    const era = this.#eras.get(tenantId);
    if (era) era.isOver = true;
    this.#eras.delete(tenantId);
    this.#disownReads(tenantId);
  }

  /** Everything that is kept at this moment, as plain data in parts that `restore` takes. */
  *save(): Generator<SavedGrants> {
    const entries = [...this.#kept].filter(({ era }) => !era.isOver).map(({ entry }) => entry);
    for (let at = 0; at < entries.length; at += savedInOnePart) yield entries.slice(at, at + savedInOnePart);
  }

  /** Keeps again what was saved. Whoever restores it has it follow the changes since. */
  restore(saved: Iterable<SavedGrants>): void {
    for (const part of saved) {
      for (const entry of part) this.#keep(placeOf(entry.tenantId, entry.consumerKey), entry);
    }
  }

  /** How many consumer keys are kept. */
  get size(): number {
    return this.#entries.size;
  }

  #drop(place: string): void {
    this.#entries.delete(place);
  }

  /** Whoever waits for a reading gets it; what comes later reads again. */
  #disownReads(tenantId: TenantId): void {
    for (const place of this.#inFlight.keys()) if (place.startsWith(`${tenantId} `)) this.#inFlight.delete(place);
  }

  #wait(tenantId: TenantId, consumerKey: string): Promise<Entry> {
    const underWay = this.#inFlight.get(placeOf(tenantId, consumerKey));
    if (underWay) return underWay.promise;
    const place = this.#waiting.get(tenantId)?.get(consumerKey) ?? this.#takePlace(tenantId, consumerKey);
    if (!place) return Promise.reject(new Error("Too many consumer keys wait to be read."));
    this.#schedule();
    return place.promise;
  }

  /** @returns null where too many wait */
  #takePlace(tenantId: TenantId, consumerKey: string): Waiting | null {
    if (this.#waitingKeys >= this.#limits.waiting) return null;
    let waiting = this.#waiting.get(tenantId);
    if (!waiting) this.#waiting.set(tenantId, (waiting = new Map<string, Waiting>()));
    const place = Promise.withResolvers<Entry>();
    waiting.set(consumerKey, place);
    this.#waitingKeys++;
    return place;
  }

  /** Calls that arrive together are read together. */
  #schedule(): void {
    if (this.#isScheduled || this.#reads >= this.#limits.concurrentReads) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      for (const tenantId of [...this.#waiting.keys()]) {
        if (this.#reads < this.#limits.concurrentReads) void this.#readBatch(tenantId);
      }
      if (this.#waiting.size > 0) this.#schedule();
    });
  }

  async #readBatch(tenantId: TenantId): Promise<void> {
    const batch = this.#takeBatch(tenantId);
    for (const [consumerKey, waiting] of batch) this.#inFlight.set(placeOf(tenantId, consumerKey), waiting);
    this.#reads++;
    try {
      const read = await this.#read(tenantId, [...batch.keys()]);
      const found = Map.groupBy(read, ({ consumerKey }) => consumerKey);
      for (const [consumerKey, waiting] of batch) {
        const entry = toEntry(tenantId, consumerKey, found.get(consumerKey) ?? []);
        const place = placeOf(tenantId, consumerKey);
        if (this.#inFlight.get(place) === waiting) this.#keep(place, entry);
        waiting.resolve(entry);
      }
    } catch (error) {
      for (const { reject } of batch.values()) reject(error);
    } finally {
      this.#reads--;
      for (const [consumerKey, waiting] of batch) {
        const place = placeOf(tenantId, consumerKey);
        if (this.#inFlight.get(place) === waiting) this.#inFlight.delete(place);
      }
      if (this.#waiting.size > 0) this.#schedule();
    }
  }

  #takeBatch(tenantId: TenantId): Map<string, Waiting> {
    const waiting = this.#waiting.get(tenantId) ?? new Map<string, Waiting>();
    const batch = new Map([...waiting].slice(0, this.#limits.batch));
    for (const consumerKey of batch.keys()) waiting.delete(consumerKey);
    this.#waitingKeys -= batch.size;
    if (waiting.size === 0) this.#waiting.delete(tenantId);
    return batch;
  }

  #keep(place: string, entry: Entry): void {
    let era = this.#eras.get(entry.tenantId);
    if (!era) this.#eras.set(entry.tenantId, (era = { isOver: false }));
    const kept = { entry, era };
    this.#entries.set(place, kept);
    // One that outweighs all that may be kept is not.
    if (this.#entries.peek(place) !== kept) return;
    this.#kept.add(kept);
    for (const { application } of entry.grants.values()) {
      within(this.#byApplication, placeOf(entry.tenantId, application.id)).add(place);
    }
  }

  #unlink(kept: Kept, place: string): void {
    this.#kept.delete(kept);
    const { entry } = kept;
    for (const { application } of entry.grants.values()) {
      without(this.#byApplication, placeOf(entry.tenantId, application.id), place);
    }
  }
}

/** Ids of tenants hold no space. */
function placeOf(tenantId: TenantId, name: string): string {
  return `${tenantId} ${name}`;
}

function weightOf({ grants }: Entry): number {
  let weight = 1;
  for (const { subscriptions } of grants.values()) weight += subscriptions.size;
  return weight;
}

function toEntry(tenantId: TenantId, consumerKey: string, found: readonly FoundGrant[]): Entry {
  return {
    tenantId,
    consumerKey,
    grants: new Map(found.map(({ keyManagerId, grant }) => [keyManagerId, grant])),
  };
}

function within<K>(sets: Map<K, Set<string>>, key: K): Set<string> {
  let set = sets.get(key);
  if (!set) sets.set(key, (set = new Set()));
  return set;
}

function without<K>(sets: Map<K, Set<string>>, key: K, item: string): void {
  const set = sets.get(key);
  set?.delete(item);
  if (set?.size === 0) sets.delete(key);
}
