/** What is known of the tenant's scopes at the key managers that hold scopes. */
import type { KeyManagerId, TenantId } from "../foundation/ids.ts";
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";
import type { ScopeMirrorState } from "./generated/enums.ts";

export type { ScopeMirrorState };

export type ScopeMirrorRecord = {
  id: string;
  keyManagerId: KeyManagerId;
  name: string;
  /** As it should stand at the key manager. */
  description: string;
  state: ScopeMirrorState;
  madeHere: boolean;
  unwanted: boolean;
  attempts: number;
  problem: string | null;
  nextTryAt: Date | null;
  leaseUntil: Date | null;
  attemptId: string | null;
};

const columns = {
  id: true,
  keyManagerId: true,
  name: true,
  description: true,
  state: true,
  madeHere: true,
  unwanted: true,
  attempts: true,
  problem: true,
  nextTryAt: true,
  leaseUntil: true,
  attemptId: true,
} as const;

/**
 * Writes down what should stand at the tenant's key managers: a row for each scope of an API at each enabled key
 * manager that the API accepts and that can hold scopes. Rows that nothing needs any more become unwanted. One
 * scope name may belong to several APIs; the description is that of the oldest which has one. A try that is on its
 * way with what stood before is no longer asked for its outcome.
 *
 * @param connectorIds connectors whose key managers hold scopes
 * @returns the key managers at which something is to be done, with the moment of the earliest
 */
export async function markWantedScopes(
  ctx: TenantContext,
  { connectorIds, now }: { connectorIds: readonly string[]; now: Date },
): Promise<{ keyManagerId: KeyManagerId; dueAt: Date }[]> {
  const db = tenantDb(ctx);
  const { tenantId } = ctx;
  const kinds = [...connectorIds];
  // One run at a time for each tenant: two that add the same row would meet at its unique name.
  await db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`scope_mirror.mark:${tenantId}`}, 0))`;
  await db.$executeRaw`
    WITH holder AS (
      SELECT id FROM key_manager
       WHERE tenant_id = ${tenantId}::uuid AND enabled AND token_type <> 'EXCHANGED' AND connector_id = ANY(${kinds}::text[])
    ), wanted AS (
      SELECT DISTINCT ON (holder.id, scope.name) holder.id AS key_manager_id, scope.name, scope.description
        FROM api_scope AS scope
        JOIN api ON api.tenant_id = scope.tenant_id AND api.id = scope.api_id
        JOIN holder ON api.accept_all_key_managers OR EXISTS (
          SELECT 1 FROM api_key_manager AS link
           WHERE link.tenant_id = api.tenant_id AND link.api_id = api.id AND link.key_manager_id = holder.id)
       WHERE scope.tenant_id = ${tenantId}::uuid
       ORDER BY holder.id, scope.name, scope.description = '', scope.api_id
    ), dropped AS (
      UPDATE scope_mirror AS mirror
         SET unwanted = true, state = 'WAITING', attempts = 0, problem = NULL, attempt_id = NULL,
             next_try_at = GREATEST(${now}::timestamptz, lease_until), updated_at = ${now}
       WHERE mirror.tenant_id = ${tenantId}::uuid AND NOT mirror.unwanted
         AND mirror.key_manager_id IN (SELECT id FROM holder)
         AND NOT EXISTS (SELECT 1 FROM wanted WHERE wanted.key_manager_id = mirror.key_manager_id AND wanted.name = mirror.name)
    )
    INSERT INTO scope_mirror AS mirror (id, tenant_id, key_manager_id, name, description, next_try_at, updated_at)
    SELECT gen_random_uuid(), ${tenantId}::uuid, key_manager_id, name, description, ${now}, ${now} FROM wanted
    ON CONFLICT (tenant_id, key_manager_id, name) DO UPDATE
       SET description = excluded.description, unwanted = false, state = 'WAITING', attempts = 0, problem = NULL,
           attempt_id = NULL, next_try_at = GREATEST(${now}::timestamptz, mirror.lease_until), updated_at = ${now}
     WHERE mirror.unwanted OR mirror.description <> excluded.description`;
  const due = await db.scopeMirror.groupBy({
    by: ["keyManagerId"],
    where: { nextTryAt: { not: null }, keyManager: usable },
    _min: { nextTryAt: true },
  });
  return due.flatMap(({ keyManagerId, _min: { nextTryAt } }) =>
    nextTryAt ? [{ keyManagerId: keyManagerId as KeyManagerId, dueAt: nextTryAt }] : [],
  );
}

/** A key manager that is worked at now. What is disabled, or takes no clients, is left as it stands. */
const usable = { enabled: true, tokenType: { not: "EXCHANGED" } } as const;

/** Every row of one key manager, by name. Takes turns with others that ask for the same key manager's rows. */
export async function lockScopeMirrors(ctx: TenantContext, keyManagerId: KeyManagerId): Promise<ScopeMirrorRecord[]> {
  await tenantDb(ctx)
    .$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`scope_mirror.run:${keyManagerId}`}, 0))`;
  const rows = await tenantDb(ctx).scopeMirror.findMany({
    where: { keyManagerId },
    select: columns,
    orderBy: { name: "asc" },
    take: 20_000,
  });
  return rows.map(toRecord);
}

/** What may change of a row. */
export type ScopeMirrorChange = Partial<Omit<ScopeMirrorRecord, "id" | "keyManagerId" | "name">>;

/** Changes one row, if it is still held by this attempt where one is named. @returns false where it is not */
export async function updateScopeMirror(
  ctx: TenantContext,
  { id, attemptId }: { id: string; attemptId?: string },
  change: ScopeMirrorChange,
): Promise<boolean> {
  const { count } = await tenantDb(ctx).scopeMirror.updateMany({
    where: { id, ...(attemptId ? { attemptId } : {}) },
    data: change,
  });
  return count === 1;
}

/** Removes one row, if it is still held by this attempt and still unwanted. @returns false where it is not */
export async function deleteScopeMirror(
  ctx: TenantContext,
  { id, attemptId }: { id: string; attemptId?: string },
): Promise<boolean> {
  const { count } = await tenantDb(ctx).scopeMirror.deleteMany({
    where: { id, unwanted: true, ...(attemptId ? { attemptId } : {}) },
  });
  return count === 1;
}

/** Lets everything unfinished at some key managers, that nobody is working at, be tried now. @returns the key managers that have something */
export async function retryScopeMirrors(
  ctx: TenantContext,
  keyManagerIds: readonly KeyManagerId[],
  now: Date,
): Promise<KeyManagerId[]> {
  const rows = await tenantDb(ctx).scopeMirror.updateManyAndReturn({
    where: {
      keyManagerId: { in: [...keyManagerIds] },
      nextTryAt: { not: null },
      OR: [{ leaseUntil: null }, { leaseUntil: { lt: now } }],
    },
    data: { nextTryAt: now },
    select: { keyManagerId: true },
  });
  return [...new Set(rows.map(({ keyManagerId }) => keyManagerId as KeyManagerId))];
}

/** A scope of another tenant, or of another key manager, at the same authorization server. */
export type SharedScope = { id: string; tenantId: TenantId; madeHere: boolean; unwanted: boolean };

/**
 * Rows of the whole installation for one scope name at one authorization server, the asking row apart: a server may
 * be shared by tenants, and what one of them made is not somebody else's.
 */
export async function listSharedScopes(
  ctx: InstallationContext,
  { issuer, name, exceptId }: { issuer: string; name: string; exceptId: string },
): Promise<SharedScope[]> {
  const rows = await installationDb(ctx).scopeMirror.findMany({
    where: { name, id: { not: exceptId }, keyManager: { issuer } },
    select: { id: true, tenantId: true, madeHere: true, unwanted: true },
    orderBy: { id: "asc" },
    take: 1_000,
  });
  return rows.map((row) => ({ ...row, tenantId: row.tenantId as TenantId }));
}

/**
 * Hands a scope at a shared authorization server from one row, which goes, to another that still needs it.
 *
 * @returns false where the other one no longer needs it
 */
export async function handOverScope(
  ctx: InstallationContext,
  { from, to, now }: { from: string; to: string; now: Date },
): Promise<boolean> {
  const { count } = await installationDb(ctx).scopeMirror.updateMany({
    where: { id: to, unwanted: false },
    // Due, because its own description is another one.
    data: { madeHere: true, state: "WAITING", problem: null, attempts: 0, nextTryAt: now },
  });
  if (count === 0) return false;
  await installationDb(ctx).scopeMirror.deleteMany({ where: { id: from, unwanted: true } });
  return true;
}

/** Key managers of every tenant at which something should have been done before a moment, longest waiting first. */
export async function listDueScopeMirrors(
  ctx: InstallationContext,
  { before, limit }: { before: Date; limit: number },
): Promise<{ tenantId: TenantId; keyManagerId: KeyManagerId }[]> {
  const rows = await installationDb(ctx).scopeMirror.groupBy({
    by: ["tenantId", "keyManagerId"],
    where: { nextTryAt: { lt: before }, keyManager: usable },
    _min: { nextTryAt: true },
    orderBy: { _min: { nextTryAt: "asc" } },
    take: limit,
  });
  return rows.map(({ tenantId, keyManagerId }) => ({
    tenantId: tenantId as TenantId,
    keyManagerId: keyManagerId as KeyManagerId,
  }));
}

export type ScopeMirrorCounts = { mirrored: number; found: number; waiting: number; failed: number; removing: number };

/** How many scopes stand, wait or failed at each of some key managers. */
export async function countScopeMirrors(
  ctx: TenantContext,
  keyManagerIds: readonly KeyManagerId[],
): Promise<ReadonlyMap<KeyManagerId, ScopeMirrorCounts>> {
  const rows = await tenantDb(ctx).scopeMirror.groupBy({
    by: ["keyManagerId", "state", "unwanted"],
    where: { keyManagerId: { in: [...keyManagerIds] } },
    _count: { _all: true },
  });
  const counts = new Map<KeyManagerId, ScopeMirrorCounts>();
  for (const { keyManagerId, state, unwanted, _count } of rows) {
    const id = keyManagerId as KeyManagerId;
    const own = counts.get(id) ?? { mirrored: 0, found: 0, waiting: 0, failed: 0, removing: 0 };
    const name =
      state === "FAILED" ? "failed" : unwanted ? "removing" : (state.toLowerCase() as Lowercase<typeof state>);
    own[name] += _count._all;
    counts.set(id, own);
  }
  return counts;
}

/** A page of one key manager's rows, by name. */
export async function listScopeMirrors(
  ctx: TenantContext,
  { keyManagerId, after, limit }: { keyManagerId: KeyManagerId; after: string | null; limit: number },
): Promise<{ items: ScopeMirrorRecord[]; next: string | null }> {
  const rows = await tenantDb(ctx).scopeMirror.findMany({
    where: { keyManagerId, ...(after === null ? {} : { name: { gt: after } }) },
    select: columns,
    orderBy: { name: "asc" },
    take: limit + 1,
  });
  const items = rows.slice(0, limit).map(toRecord);
  return { items, next: rows.length > limit ? (items.at(-1)?.name ?? null) : null };
}

/** The rows of some scope names at some key managers. */
export async function findScopeMirrors(
  ctx: TenantContext,
  { keyManagerIds, names }: { keyManagerIds: readonly KeyManagerId[]; names: readonly string[] },
): Promise<ScopeMirrorRecord[]> {
  const rows = await tenantDb(ctx).scopeMirror.findMany({
    where: { keyManagerId: { in: [...keyManagerIds] }, name: { in: [...names] } },
    select: columns,
    orderBy: [{ keyManagerId: "asc" }, { name: "asc" }],
    take: 20_000,
  });
  return rows.map(toRecord);
}

function toRecord(row: Omit<ScopeMirrorRecord, "keyManagerId"> & { keyManagerId: string }): ScopeMirrorRecord {
  return { ...row, keyManagerId: row.keyManagerId as KeyManagerId };
}
