import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Clock } from "#lib/foundation/clock.ts";
import type { Log } from "#lib/foundation/log.ts";
import { Moments, never, type Moment } from "#lib/foundation/moments.ts";
import { wasBusy } from "#lib/foundation/outbound-error.ts";
import type { Soon } from "#lib/foundation/soon.ts";
import { findKey, readKeySet, readPem, type KeySet, type TrustedKey } from "./key-set.ts";
import type { TrustAnchor } from "./snapshot.ts";

/** Fetches and parses the key set document of a key manager. May fail. */
export type FetchKeySet = (url: string) => Promise<unknown>;

export type KeySetLimits = {
  /** After this age a set is fetched again, in the background. */
  maximumAgeMs: number;
  /** After this age a set that could not be fetched again is not trusted any more. */
  maximumStaleMs: number;
  /** Between two fetches of one set lies at least this time, whether they succeed or fail. */
  coolDownMs: number;
  /** Sets kept at a time. */
  sets: number;
};

export const defaultKeySetLimits: KeySetLimits = {
  maximumAgeMs: 10 * 60_000,
  maximumStaleMs: 24 * 3_600_000,
  coolDownMs: 30_000,
  sets: 10_000,
};

/** Where a key was found: what the store keeps of its source, and the set that stood there. One for each set. */
export type KeyOrigin = { readonly entry: Entry; readonly keys: KeySet };

/** A key, and where it comes from. */
export type FoundKey =
  | { found: "key"; key: TrustedKey; origin: KeyOrigin }
  | { found: "nothing" }
  | { found: "unavailable"; retryAfterSeconds: number };

export type KeySetStoreOptions = {
  fetchKeySet: FetchKeySet;
  clock: Clock;
  /** Milliseconds that have passed since some moment, whatever the clock is set to; Node's own where left out. */
  timer?: (() => number) | undefined;
  log: Log;
  limits: KeySetLimits;
};

/** For the store alone to look into. */
type Entry = {
  /** The set that stands; null before the first one was read, and once the store has no room for this entry any more. */
  current: KeyOrigin | null;
  /** Digest of the source: a set that was fetched again and is the same stays. */
  digest: string;
  fetchedAt: Moment;
  attemptedAt: Moment;
  lastAttemptFailed: boolean;
  inFlight: Promise<void> | null;
};

/**
 * The key sets of all sources that key managers name. jose's own remote set asks again on every call while a server fails and
 * drops valid keys on the first failure; this one does neither:
 *
 * - A warm set answers without I/O; past its maximum age it is fetched again in the background.
 * - While the server fails, the set serves until it is too stale; then everything is `unavailable`.
 * - An unknown key id causes at most one fetch per cool-down, shared by all callers and key managers.
 */
export class KeySetStore {
  /** Those of each kind of source apart, by the source itself: a text of one kind is none of the other. */
  readonly #entries: Record<TrustAnchor["signingKeys"]["kind"], LRUCache<string, Entry>>;
  readonly #fetchKeySet: FetchKeySet;
  readonly #moments: Moments;
  readonly #log: Log;
  readonly #limits: KeySetLimits;

  constructor({ fetchKeySet, clock, timer, log, limits }: KeySetStoreOptions) {
    this.#fetchKeySet = fetchKeySet;
    this.#moments = new Moments(clock, timer);
    this.#log = log;
    this.#limits = limits;
    const dispose = (entry: Entry) => void Object.assign(entry, { current: null, digest: "" });
    const entries = () => new LRUCache<string, Entry>({ max: limits.sets, dispose });
    this.#entries = { jwks: entries(), pem: entries(), none: entries() };
  }

  /** The key that a token of this key manager names, at once where it is known. */
  find(anchor: TrustAnchor, keyId: string | undefined, algorithm: string): Soon<FoundKey> {
    const entry = this.#entry(anchor);
    const age = this.#age(entry);
    if (age > this.#limits.maximumStaleMs) return this.#findAfterwards(anchor, entry, { keyId, algorithm });
    if (age > this.#limits.maximumAgeMs) void this.#refresh(anchor, entry);
    return this.#pick(entry, keyId, algorithm) ?? this.#findAfterwards(anchor, entry, { keyId, algorithm });
  }

  /** Asks the server first, as often as it may be asked. */
  async #findAfterwards(
    anchor: TrustAnchor,
    entry: Entry,
    { keyId, algorithm }: { keyId: string | undefined; algorithm: string },
  ): Promise<FoundKey> {
    if (!(await this.#refresh(anchor, entry))) return this.#unavailable(entry);
    const fresh = this.#pick(entry, keyId, algorithm);
    if (fresh) return fresh;
    // The server may have published the key since we last heard from it.
    return entry.lastAttemptFailed ? this.#unavailable(entry) : { found: "nothing" };
  }

  /** The ids of the keys that are known of a key manager at the moment, for people. */
  names(anchor: TrustAnchor): string[] {
    return (this.#entry(anchor).current?.keys ?? []).map(({ keyId }) => keyId ?? "a key without an id");
  }

  /**
   * Whether what was verified with a key of this origin still stands. Answers without I/O; a set past its maximum age is
   * fetched again in the background.
   *
   * @param anchor the key manager, with the source of keys that it had then
   */
  stillTrusts(anchor: TrustAnchor, origin: KeyOrigin): boolean {
    const { entry } = origin;
    if (entry.current !== origin) return false;
    const age = this.#age(entry);
    if (age > this.#limits.maximumStaleMs) return false;
    if (age > this.#limits.maximumAgeMs) void this.#refresh(anchor, entry);
    return true;
  }

  #entry(anchor: TrustAnchor): Entry {
    const entries = this.#entries[anchor.signingKeys.kind];
    const source = sourceOf(anchor);
    let entry = entries.get(source);
    if (!entry) {
      entry = {
        current: null,
        digest: "",
        fetchedAt: never,
        attemptedAt: never,
        lastAttemptFailed: false,
        inFlight: null,
      };
      entries.set(source, entry);
    }
    return entry;
  }

  #age(entry: Entry): number {
    return this.#moments.age(entry.fetchedAt);
  }

  #isTrusted(entry: Entry): boolean {
    return entry.current !== null && this.#age(entry) <= this.#limits.maximumStaleMs;
  }

  #pick(entry: Entry, keyId: string | undefined, algorithm: string): FoundKey | null {
    const origin = entry.current;
    const key = origin && findKey(origin.keys, keyId, algorithm);
    return key && { found: "key", key, origin };
  }

  #unavailable(entry: Entry): FoundKey {
    const waitMs = this.#limits.coolDownMs - this.#moments.age(entry.attemptedAt);
    return { found: "unavailable", retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) };
  }

  /** @returns whether the set is trusted afterwards */
  async #refresh(anchor: TrustAnchor, entry: Entry): Promise<boolean> {
    if (!entry.inFlight) {
      if (this.#moments.age(entry.attemptedAt) < this.#limits.coolDownMs) return this.#isTrusted(entry);
      entry.attemptedAt = this.#moments.now();
      entry.inFlight = this.#load(anchor, entry).finally(() => (entry.inFlight = null));
    }
    await entry.inFlight;
    return this.#isTrusted(entry);
  }

  async #load(anchor: TrustAnchor, entry: Entry): Promise<void> {
    try {
      const source = await this.#read(anchor.signingKeys);
      if (source.digest !== entry.digest) {
        entry.current = { entry, keys: source.keys };
        entry.digest = source.digest;
      }
      entry.fetchedAt = this.#moments.now();
      entry.lastAttemptFailed = false;
    } catch (error) {
      // The set that stands keeps serving; the caller sees `unavailable` where there is none.
      entry.lastAttemptFailed = true;
      if (wasBusy(error)) {
        // Nothing was sent: the next who asks may try at once.
        entry.attemptedAt = never;
        return;
      }
      this.#log.warn({ keyManagerId: anchor.keyManagerId, error }, "the key set of a key manager could not be read");
    }
  }

  async #read(signingKeys: TrustAnchor["signingKeys"]): Promise<{ digest: string; keys: KeySet }> {
    if (signingKeys.kind === "pem")
      return { digest: hash("sha256", signingKeys.value), keys: readPem(signingKeys.value) };
    if (signingKeys.kind === "none") throw new Error("The key manager has no signing keys.");
    const document = await this.#fetchKeySet(signingKeys.url);
    return { digest: hash("sha256", JSON.stringify(document)), keys: readKeySet(document) };
  }
}

/**
 * Key managers with one source share its set, so that a server is asked no more often where many tenants trust it: nothing
 * but the address decides what is fetched. For what a key is trusted is each key manager's own, and so is its source.
 */
function sourceOf({ signingKeys }: TrustAnchor): string {
  if (signingKeys.kind === "none") return "";
  return signingKeys.kind === "jwks" ? signingKeys.url : signingKeys.value;
}
