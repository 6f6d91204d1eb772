/** What the database tells of tenants and their changes. */
import { withinDeadline } from "#lib/foundation/deadline.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { SnapshotData } from "#lib/token-validation/snapshot.ts";
import type { BackendJwtConfiguration } from "./backend-jwt.ts";
import type { Revocation } from "./revocations.ts";

/** A tenant as its gateways see it, with what admits them. */
export type LoadedTenant = {
  snapshot: SnapshotData;
  /** Digests of the gateway credentials that are not revoked. */
  credentials: readonly string[];
  /** Null where the tenant's backends get no JWT. */
  backendJwt: BackendJwtConfiguration | null;
};

export type TenantRevocation = Revocation & { tenantId: TenantId };

/** A point in the list of what a tenant revoked, by the clock of the database. */
export type RevocationPosition = { at: Date; id: string };
/** `next` is null where nothing follows. */
export type RevocationPage = { revocations: readonly Revocation[]; next: RevocationPosition | null };

/** One change of a tenant's configuration. */
export type ConfigChange = {
  version: bigint;
  /** The table whose row changed. */
  subject: string;
  applicationId: string | null;
  consumerKey: string | null;
};

export type SnapshotSource = {
  /** Null where there is no such tenant. */
  load(tenantId: TenantId): Promise<LoadedTenant | null>;
  /** What changed after a version, oldest first; null where that is no longer on record, or is too much. */
  changes(tenantId: TenantId, after: bigint): Promise<readonly ConfigChange[] | null>;
  /** A page of what is revoked behind a point, in the order in which it was; what is revoked meanwhile comes last. */
  revocations(tenantId: TenantId, after: RevocationPosition): Promise<RevocationPage>;
  /**
   * The present versions, and what was revoked since a moment of the source's own clock: nothing where that is null, and
   * null where it is too much for one answer. `readAt` is the moment of that clock from which on something may not have been seen.
   */
  check(
    tenantIds: readonly TenantId[],
    revokedSince: Date | null,
  ): Promise<{ versions: Map<TenantId, bigint>; revocations: readonly TenantRevocation[] | null; readAt: Date }>;
};

/** A source whose answers are waited for no longer than that, each on its own: what comes later comes to nobody. */
export function answeringWithin(source: SnapshotSource, deadlineMs: number): SnapshotSource {
  return {
    load: (tenantId) => withinDeadline(source.load(tenantId), deadlineMs),
    changes: (tenantId, after) => withinDeadline(source.changes(tenantId, after), deadlineMs),
    revocations: (tenantId, after) => withinDeadline(source.revocations(tenantId, after), deadlineMs),
    check: (tenantIds, revokedSince) => withinDeadline(source.check(tenantIds, revokedSince), deadlineMs),
  };
}
