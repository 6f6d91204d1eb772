import { LRUCache } from "lru-cache";
import type { Clock } from "#lib/foundation/clock.ts";
import { tokenDigest, type GatewayCredentialId, type TenantId } from "#lib/foundation/ids.ts";
import type { Log } from "#lib/foundation/log.ts";
import { whenThere } from "#lib/foundation/soon.ts";
import { GuardedLookUp } from "./guarded-look-up.ts";
import type { SnapshotKeeper } from "./snapshot-keeper.ts";
import type { KeptTenant } from "./tenant-entry.ts";

export type CredentialOwner = { id: GatewayCredentialId; tenantId: TenantId };

export type CredentialSource = {
  /** Whose unrevoked credential has this digest; null where nobody's. */
  findOwner(digest: string): Promise<CredentialOwner | null>;
  /** Notes when credentials were last used. */
  noteUse(used: ReadonlyMap<GatewayCredentialId, Date>): Promise<void>;
};

/** A gateway that proved itself, a refusal, or no way to tell at the moment. */
export type Admitted = { tenantId: TenantId } | "refused" | "unavailable";

/** Whose a credential is, and when its use was last noted, in milliseconds since the epoch. */
type Known = { readonly digest: string; readonly owner: CredentialOwner; notedAt: number };

const shape = /^lkg_[A-Za-z0-9_-]{43}$/;
const noteEveryMs = 60_000;

/**
 * Tells which tenant a gateway speaks for. Only digests are compared, by look-up, so an answer takes the
 * same time for every wrong credential. What is remembered is whose a digest is; whether the credential
 * still stands is read from the tenant's snapshot on every call, so revoking one works like any change.
 */
export class GatewayCredentials {
  readonly #source: CredentialSource;
  readonly #keeper: Pick<SnapshotKeeper, "current" | "reload">;
  readonly #clock: Clock;
  readonly #log: Log;
  /** By digest. */
  readonly #known = new LRUCache<string, Known>({ max: 10_000 });
  /** By the credential itself: a gateway sends the same one with every call. Guesses never stand here. */
  readonly #recent = new LRUCache<string, Known>({ max: 1_000 });
  readonly #used = new Map<GatewayCredentialId, Date>();
  readonly #timer: NodeJS.Timeout;
  readonly #lookUps: GuardedLookUp<CredentialOwner>;

  constructor(options: {
    source: CredentialSource;
    keeper: Pick<SnapshotKeeper, "current" | "reload">;
    clock: Clock;
    log: Log;
  }) {
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
    if (credential === undefined) return "refused";
    const known = this.#recent.get(credential);
    return known ? this.#judgePresent(known) : this.#recognise(credential);
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
    return [...this.#known.entries()].map(([digest, { owner }]) => [digest, owner]);
  }

  /** Knows again what was saved. Whether a credential still stands is asked on every call. */
  restore(saved: readonly (readonly [string, CredentialOwner])[]): void {
    for (const [digest, owner] of saved) this.#keep(digest, owner);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  #keep(digest: string, owner: CredentialOwner): Known {
    const known: Known = { digest, owner, notedAt: 0 };
    this.#known.set(digest, known);
    return known;
  }

  #recognise(credential: string): Admitted | Promise<Admitted> {
    if (!shape.test(credential)) return "refused";
    const digest = tokenDigest(credential);
    const known = this.#known.get(digest);
    if (!known) return this.#lookUp(digest);
    this.#recent.set(credential, known);
    return this.#judgePresent(known);
  }

  #judgePresent(known: Known): Admitted | Promise<Admitted> {
    return whenThere(this.#keeper.current(known.owner.tenantId), (tenant) => this.#judge(known, tenant));
  }

  #judge(known: Known, tenant: KeptTenant | null): Admitted {
    const { digest, owner } = known;
    if (!tenant) return "unavailable";
    if (!tenant.credentials.has(digest)) return "refused";
    const now = this.#clock.now().getTime();
    if (now - known.notedAt >= noteEveryMs) {
      known.notedAt = now;
      this.#used.set(owner.id, new Date(now));
    }
    return owner;
  }

  async #lookUp(digest: string): Promise<Admitted> {
    const owner = await this.#lookUps.find(digest);
    if (owner === "refused" || owner === "unavailable") return owner;
    const known = this.#keep(digest, owner);
    const present = await this.#keeper.current(owner.tenantId);
    // Whoever waited in vain would wait as long again.
    if (!present) return "unavailable";
    // The credential may be younger than the snapshot.
    const tenant = present.credentials.has(digest) ? present : await this.#keeper.reload(owner.tenantId);
    return this.#judge(known, tenant);
  }
}
