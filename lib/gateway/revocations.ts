import { toleratedAfterExpirySeconds } from "#lib/foundation/clock.ts";
import type { TokenFacts } from "#lib/token-validation/facts.ts";

/** One revocation, as the database keeps it. */
export type Revocation = {
  /** The key manager whose tokens are meant; "" for the tenant's own authorization server. */
  keyManager: string;
  kind: "TOKEN_ID" | "TOKEN_DIGEST" | "CONSUMER_KEY" | "SUBJECT";
  value: string;
  /** Tokens issued before this moment are revoked; null where one token is named. */
  issuedBefore: Date | null;
  /** When every token concerned has expired by itself. */
  expiresAt: Date;
};

export type SavedRevocations = { tokens: SavedTable; cutoffs: readonly (readonly [string, Cutoff])[] };
type SavedTable = { seeds: Uint32Array; hashes: Uint32Array; expires: Uint32Array; size: number };
type Cutoff = { issuedBefore: number; expiresAt: number };
/** A token that was not covered when as many revocations had been added. */
type Spared = { added: number; keyManager: string; digest: string };

/**
 * What is revoked in one tenant. Single tokens may be a million, so of each only 64 bits of a hash are kept, in one
 * flat table; the hash is seeded by chance, so nobody can choose a token id that stands for another.
 */
export class Revocations {
  #tokens = new HashTable();
  /** By kind, key manager and value. */
  readonly #cutoffs = new Map<string, Cutoff>();
  /** How often one was added: what was looked up before may be covered now. */
  #added = 0;
  /** What was looked up last about a token that is not covered: most are asked about again and again. */
  readonly #spared = new WeakMap<TokenFacts, Spared>();

  /** How many revocations are kept. */
  get size(): number {
    return this.#tokens.size + this.#cutoffs.size;
  }

  /** Adds one; of two for the same tokens the later moments count. */
  add({ keyManager, kind, value, issuedBefore, expiresAt }: Revocation): void {
    this.#added++;
    const key = keyOf(kind, keyManager, value);
    const expires = Math.ceil(expiresAt.getTime() / 1000) + toleratedAfterExpirySeconds;
    if (issuedBefore === null) return this.#tokens.add(key, expires);
    const known = this.#cutoffs.get(key);
    this.#cutoffs.set(key, {
      issuedBefore: Math.max(known?.issuedBefore ?? 0, issuedBefore.getTime() / 1000),
      expiresAt: Math.max(known?.expiresAt ?? 0, expires),
    });
  }

  /**
   * Whether a token is revoked, alone or with all of its client or its subject. One that does not say when it was
   * issued counts as issued before.
   *
   * @param digest of the whole token, SHA-256 in base64url
   */
  covers(keyManager: string, facts: TokenFacts, digest: string): boolean {
    if (this.size === 0) return false;
    const spared = this.#spared.get(facts);
    if (spared?.added === this.#added && spared.keyManager === keyManager && spared.digest === digest) return false;
    if (this.#isNamed(keyManager, facts, digest) || this.#isCutOff(keyManager, facts)) return true;
    this.#spared.set(facts, { added: this.#added, keyManager, digest });
    return false;
  }

  #isNamed(keyManager: string, { tokenId }: TokenFacts, digest: string): boolean {
    if (this.#tokens.size === 0) return false;
    if (tokenId !== null && this.#tokens.has(keyOf("TOKEN_ID", keyManager, tokenId))) return true;
    return this.#tokens.has(keyOf("TOKEN_DIGEST", keyManager, digest));
  }

  #isCutOff(keyManager: string, { consumerKey, subject, issuedAt }: TokenFacts): boolean {
    if (this.#cutoffs.size === 0) return false;
    const isBefore = (kind: Revocation["kind"], value: string | null) => {
      const cutoff = value === null ? undefined : this.#cutoffs.get(keyOf(kind, keyManager, value));
      return cutoff !== undefined && (issuedAt === null || issuedAt < cutoff.issuedBefore);
    };
    return isBefore("CONSUMER_KEY", consumerKey) || isBefore("SUBJECT", subject);
  }

  /** Everything, as plain data that `restore` takes. */
  save(): SavedRevocations {
    return { tokens: this.#tokens.save(), cutoffs: [...this.#cutoffs] };
  }

  /** What was saved. */
  static restore({ tokens, cutoffs }: SavedRevocations): Revocations {
    const restored = new Revocations();
    restored.#tokens = HashTable.restore(tokens);
    for (const [key, cutoff] of cutoffs) restored.#cutoffs.set(key, cutoff);
    return restored;
  }

  /** Forgets what has expired anyway. @param now seconds since the epoch */
  sweep(now: number): void {
    this.#tokens.sweep(now);
    for (const [key, { expiresAt }] of this.#cutoffs) if (expiresAt <= now) this.#cutoffs.delete(key);
  }
}

/** Neither kinds nor ids of key managers hold a space. */
function keyOf(kind: Revocation["kind"], keyManager: string, value: string): string {
  return `${kind} ${keyManager} ${value}`;
}

const smallest = 64;

/** A set of texts that knows each by 64 bits, with the second at which it may be forgotten. */
class HashTable {
  #seeds = crypto.getRandomValues(new Uint32Array(2));
  /** Two words of hash for each place. */
  #hashes = new Uint32Array(2 * smallest);
  /** When the place expires; 0 where it is free. */
  #expires = new Uint32Array(smallest);
  #size = 0;
  /** The hash of the text that was looked at last. */
  #high = 0;
  #low = 0;

  get size(): number {
    return this.#size;
  }

  save(): SavedTable {
    return { seeds: this.#seeds, hashes: this.#hashes, expires: this.#expires, size: this.#size };
  }

  static restore({ seeds, hashes, expires, size }: SavedTable): HashTable {
    const restored = new HashTable();
    restored.#seeds = new Uint32Array(seeds);
    restored.#hashes = new Uint32Array(hashes);
    restored.#expires = new Uint32Array(expires);
    restored.#size = size;
    return restored;
  }

  has(text: string): boolean {
    this.#hash(text);
    return this.#expires[this.#place()] !== 0;
  }

  add(text: string, expires: number): void {
    // Half empty at least: looking for what is not there then takes a step or two.
    if (2 * (this.#size + 1) > this.#expires.length) this.#resize(2 * this.#expires.length, 0);
    this.#hash(text);
    this.#put(expires);
  }

  sweep(now: number): void {
    this.#resize(this.#expires.length, now);
  }

  #put(expires: number): void {
    const place = this.#place();
    const known = this.#expires[place] ?? 0;
    if (known === 0) this.#size++;
    this.#hashes[2 * place] = this.#high;
    this.#hashes[2 * place + 1] = this.#low;
    this.#expires[place] = Math.max(known, expires);
  }

  /** Where the hash stands, or would stand. */
  #place(): number {
    const mask = this.#expires.length - 1;
    let place = this.#low & mask;
    while (
      this.#expires[place] !== 0 &&
      (this.#hashes[2 * place] !== this.#high || this.#hashes[2 * place + 1] !== this.#low)
    ) {
      place = (place + 1) & mask;
    }
    return place;
  }

  /** Builds the table anew, without what has expired by `now`. */
  #resize(places: number, now: number): void {
    const [hashes, expires] = [this.#hashes, this.#expires];
    let left = 0;
    for (const at of expires) if (at > now) left++;
    while (places > smallest && 4 * left < places) places /= 2;
    this.#hashes = new Uint32Array(2 * places);
    this.#expires = new Uint32Array(places);
    this.#size = 0;
    for (let place = 0; place < expires.length; place++) {
      const at = expires[place] ?? 0;
      if (at === 0 || at <= now) continue;
      this.#high = hashes[2 * place] ?? 0;
      this.#low = hashes[2 * place + 1] ?? 0;
      this.#put(at);
    }
  }

  /** Two multiplicative hashes, each with its own seed, stirred into each other at the end. */
  #hash(text: string): void {
    let high = this.#seeds[0] ?? 0;
    let low = this.#seeds[1] ?? 0;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      high = Math.imul(high ^ unit, 0x85eb_ca6b);
      high = (high << 13) | (high >>> 19);
      low = Math.imul(low ^ unit, 0xc2b2_ae35);
      low = (low << 15) | (low >>> 17);
    }
    high ^= low >>> 15;
    high = Math.imul(high, 0x27d4_eb2f);
    low ^= high >>> 13;
    low = Math.imul(low, 0x1656_67b1);
    this.#high = (high ^ (low >>> 16)) >>> 0;
    this.#low = (low ^ (high >>> 16)) >>> 0;
  }
}
