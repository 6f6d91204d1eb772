import { LRUCache } from "lru-cache";
import type { Clock } from "#lib/foundation/clock.ts";
import { tokenDigest, type GatewayCredentialId, type TenantId } from "#lib/foundation/ids.ts";
import type { Log } from "#lib/foundation/log.ts";
import { GuardedLookUp } from "./guarded-look-up.ts";
import type { KeptTenant, SnapshotKeeper } from "./snapshot-keeper.ts";

export type CredentialOwner = { id: GatewayCredentialId; tenantId: TenantId };

export type CredentialSource = {
  /** Whose unrevoked credential has this digest; null where nobody's. */
  findOwner(digest: string): Promise<CredentialOwner | null>;
  /** Notes when credentials were last used. */
  noteUse(used: ReadonlyMap<GatewayCredentialId, Date>): Promise<void>;
};

/** A gateway that proved itself, a refusal, or no way to tell at the moment. */
export type Admitted = { tenantId: TenantId } | "refused" | "unavailable";

const shape = /^lkg_[A-Za-z0-9_-]{43}$/;
const noteEveryMs = 60_000;

/**
 * Tells which tenant a gateway speaks for. Only digests are compared, by look-up, so an answer takes the
 * same time for every wrong credential. What is remembered is whose a digest is; whether the credential
 * still stands is read from the tenant's snapshot on every call, so revoking one works like any change.
 */
export class GatewayCredentials {
  readonly #source: CredentialSource;
  readonly #keeper: SnapshotKeeper;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #owners = new LRUCache<string, CredentialOwner>({ max: 10_000 });
  /** A gateway sends the same credential with every call. */
  readonly #digests = new LRUCache<string, string>({ max: 1_000 });
  readonly #used = new Map<GatewayCredentialId, Date>();
  readonly #notedAt = new LRUCache<GatewayCredentialId, number>({ max: 10_000 });
  readonly #timer: NodeJS.Timeout;
  readonly #lookUps: GuardedLookUp<CredentialOwner>;

  constructor(options: { source: CredentialSource; keeper: SnapshotKeeper; clock: Clock; log: Log }) {
    this.#source = options.source;
    this.#keeper = options.keeper;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#lookUps = new GuardedLookUp({ ...options, find: (digest) => options.source.findOwner(digest) });
    this.#timer = setInterval(() => void this.flush(), noteEveryMs);
    this.#timer.unref();
  }

  /** @param credential as the gateway sent it */
  admit(credential: string | undefined): Admitted | Promise<Admitted> {
    if (credential === undefined || !shape.test(credential)) return "refused";
    const digest = this.#digestOf(credential);
    const known = this.#owners.get(digest);
    if (!known) return this.#lookUp(digest);
    const present = this.#keeper.current(known.tenantId);
    if (present instanceof Promise) return present.then((tenant) => this.#judge(digest, known, tenant));
    return this.#judge(digest, known, present);
  }

  /** Writes down when credentials were last used. Never throws. */
  async flush(): Promise<void> {
    if (this.#used.size === 0) return;
    const used = new Map(this.#used);
    this.#used.clear();
    try {
      await this.#source.noteUse(used);
    } catch (error) {
      this.#log.warn({ error }, "when gateways were last seen could not be written down");
    }
  }

  /** Whose each known digest is, as plain data that `restore` takes. */
  save(): [string, CredentialOwner][] {
    return [...this.#owners.entries()];
  }

  /** Knows again what was saved. Whether a credential still stands is asked on every call. */
  restore(saved: readonly (readonly [string, CredentialOwner])[]): void {
    for (const [digest, owner] of saved) this.#owners.set(digest, owner);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  #digestOf(credential: string): string {
    let digest = this.#digests.get(credential);
    if (digest === undefined) {
      digest = tokenDigest(credential);
      // Guesses must not push out what is in use.
      if (this.#owners.has(digest)) this.#digests.set(credential, digest);
    }
    return digest;
  }

  #judge(digest: string, owner: CredentialOwner, tenant: KeptTenant | null): Admitted {
    if (!tenant) return "unavailable";
    if (!tenant.credentials.has(digest)) return "refused";
    const now = this.#clock.now().getTime();
    if (now - (this.#notedAt.get(owner.id) ?? 0) >= noteEveryMs) {
      this.#notedAt.set(owner.id, now);
      this.#used.set(owner.id, new Date(now));
    }
    return { tenantId: owner.tenantId };
  }

  async #lookUp(digest: string): Promise<Admitted> {
    const owner = await this.#lookUps.find(digest);
    if (owner === "refused" || owner === "unavailable") return owner;
    this.#owners.set(digest, owner);
    const present = await this.#keeper.current(owner.tenantId);
    // The credential may be younger than the snapshot.
    const tenant = present?.credentials.has(digest) ? present : await this.#keeper.reload(owner.tenantId);
    return this.#judge(digest, owner, tenant);
  }
}
