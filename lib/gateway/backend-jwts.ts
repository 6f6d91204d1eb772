import { LRUCache } from "lru-cache";
import type { Clock } from "#lib/foundation/clock.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { Log } from "#lib/foundation/log.ts";
import { refuseForNow, type Allowed, type Refused, type Verdict } from "#lib/token-validation/verdict.ts";
import { backendClaims } from "./backend-claims.ts";
import type { SignBackendJwt } from "./backend-jwt-signer.ts";
import type { BackendJwtConfiguration } from "./backend-jwt.ts";
import { saysTheSame } from "./same-verdict.ts";

/** A tenant as far as it matters here; null where it cannot be known for certain. */
type Tenant = { readonly backendJwt: BackendJwtConfiguration | null } | null;

export type BackendJwtPorts = {
  clock: Clock;
  log: Log;
  tenant: (tenantId: TenantId) => Tenant | Promise<Tenant>;
  sign: SignBackendJwt;
  /** Characters of all that is kept. */
  maximumCharacters?: number;
};

/** A JWT that was made for one token at one API, and what it was made of. */
type Entry = {
  verdict: Allowed;
  configuration: BackendJwtConfiguration;
  /** All of it as text: what is loaded anew is often the same. */
  grounds: string;
  token: string;
  /** Milliseconds since the epoch from which on another one is needed. */
  renewAt: number;
};

const defaultMaximumCharacters = 64 * 1024 * 1024;
/** What a kept JWT weighs beside its characters. */
const overheadCharacters = 500;
/** A backend must not be handed a JWT that expires on the way. */
const marginMs = 30_000;

/**
 * Completes allowed verdicts with the JWT that tells the backend who calls, where the tenant wants that. One is made for
 * each token at each API and kept until shortly before it expires; another one is made as soon as it would say something
 * else. Where none can be made, the call is refused: a backend that relies on it must never miss it.
 */
export class BackendJwts {
  readonly #ports: BackendJwtPorts;
  /** By the object that stands for the verified token, then by API. */
  readonly #kept: LRUCache<object, Map<string, Entry>>;
  readonly #underWay = new Map<string, Promise<Entry>>();

  constructor(ports: BackendJwtPorts) {
    this.#ports = ports;
    this.#kept = new LRUCache({
      maxSize: ports.maximumCharacters ?? defaultMaximumCharacters,
      sizeCalculation: (entries) => [...entries.values()].reduce((sum, entry) => sum + weightOf(entry), 1),
    });
  }

  /** @returns the verdict with `backendToken`, at once where it is kept; a refusal for now where there can be none */
  complete(tenantId: TenantId, verdict: Allowed): Verdict | Promise<Verdict> {
    const tenant = this.#ports.tenant(tenantId);
    if (tenant instanceof Promise) return tenant.then((known) => this.#completeIn(tenantId, known, verdict));
    return this.#completeIn(tenantId, tenant, verdict);
  }

  #completeIn(tenantId: TenantId, tenant: Tenant, verdict: Allowed): Verdict | Promise<Verdict> {
    if (!tenant) return refuseForNow(1);
    const configuration = tenant.backendJwt;
    if (!configuration) return verdict;
    const now = this.#ports.clock.now().getTime();
    const kept = this.#kept.get(verdict.claims)?.get(verdict.api.id);
    if (kept && kept.renewAt > now && kept.configuration === configuration && saysTheSame(kept.verdict, verdict)) {
      return withToken(verdict, configuration, kept.token);
    }
    return this.#renew(tenantId, { verdict, configuration, kept, now });
  }

  #renew(
    tenantId: TenantId,
    {
      verdict,
      configuration,
      kept,
      now,
    }: Pick<Entry, "verdict" | "configuration"> & { kept?: Entry | undefined; now: number },
  ): Verdict | Promise<Verdict> {
    const claims = backendClaims(verdict, configuration);
    const { algorithm, ttlSeconds } = configuration;
    const grounds = JSON.stringify([algorithm, ttlSeconds, verdict.expiresAt, claims]);
    if (kept && kept.renewAt > now && kept.grounds === grounds) {
      Object.assign(kept, { verdict, configuration });
      return withToken(verdict, configuration, kept.token);
    }
    const place = `${tenantId} ${grounds}`;
    let making = this.#underWay.get(place);
    if (!making) {
      making = this.#make(tenantId, { verdict, configuration, grounds, claims, now });
      this.#underWay.set(place, making);
      const done = () => this.#underWay.delete(place);
      making.then(done, done);
    }
    return making.then(
      ({ token }) => withToken(verdict, configuration, token),
      (error: unknown) => this.#refuse(tenantId, error),
    );
  }

  async #make(
    tenantId: TenantId,
    made: Pick<Entry, "verdict" | "configuration" | "grounds"> & { claims: Record<string, unknown>; now: number },
  ): Promise<Entry> {
    const { verdict, configuration, grounds, claims, now } = made;
    const issuedAt = Math.floor(now / 1000);
    const tokenEnds = Math.floor(verdict.expiresAt ?? Infinity);
    const expiresAt = Math.min(issuedAt + configuration.ttlSeconds, tokenEnds);
    const token = await this.#ports.sign(tenantId, configuration, { ...claims, iat: issuedAt, exp: expiresAt });
    // Nothing lives longer than the token that it was made for, so near its end there is nothing to renew.
    const renewAt = expiresAt < tokenEnds ? expiresAt * 1000 - marginMs : Infinity;
    const entry: Entry = { verdict, configuration, grounds, token, renewAt };
    const entries = this.#kept.get(verdict.claims) ?? new Map<string, Entry>();
    // Set anew, because its weight is another one.
    this.#kept.set(verdict.claims, entries.set(verdict.api.id, entry));
    return entry;
  }

  #refuse(tenantId: TenantId, error: unknown): Refused {
    this.#ports.log.error({ error, tenantId }, "no JWT for the backend could be signed, so the call was refused");
    return refuseForNow(1);
  }
}

function withToken(verdict: Allowed, { header }: BackendJwtConfiguration, token: string): Allowed {
  return { ...verdict, backendToken: { header, token } };
}

function weightOf({ token, grounds }: Entry): number {
  return token.length + grounds.length + overheadCharacters;
}
