/**
 * Key managers of the installation. Each tenant that one serves has a row of its own among its key managers: the
 * settings are copied there, the connection stays here. So a tenant's lists, references and row-level security
 * need not know that some of its key managers are shared.
 */
import { newId, type GlobalKeyManagerId, type KeyManagerId, type TenantId } from "../foundation/ids.ts";
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";
import { Prisma } from "./generated/client.ts";
import {
  factColumns,
  listQuery,
  lockIssuerIn,
  readFacts,
  readValues,
  toColumns,
  toSortedPage,
  valueColumns,
  type KeyManagerFacts,
  type KeyManagerListOptions,
  type KeyManagerValues,
  type RowHistory,
} from "./key-manager-rows.ts";
import { type Page } from "./paging.ts";

/** Every tenant, new ones too, or those that are listed: the tenants that have a copy. */
export type Serving = "ALL" | "LISTED";

type Identity = { id: GlobalKeyManagerId; serves: Serving };

/** A global key manager, as lists show it, with how many tenants it serves. */
export type GlobalKeyManagerSummary = KeyManagerFacts & RowHistory & Identity & { tenants: number };
/** A global key manager with everything; its secrets are sealed. */
export type GlobalKeyManagerRecord = KeyManagerValues & RowHistory & Identity;

const summaryColumns = { ...factColumns, serves: true, _count: { select: { copies: true } } } as const;
const columns = { ...valueColumns, serves: true } as const;

type Row = Prisma.GlobalKeyManagerGetPayload<{ select: typeof columns }>;

/** Columns that a copy takes from what it stands for. A test holds this list against the two tables. */
export const copiedColumns = [
  "name",
  "display_name",
  "description",
  "connector_id",
  "enabled",
  "token_type",
  "exchange_audience",
  "claim_mappings",
  "well_known_url",
  "issuer",
  "endpoints",
  "grant_types",
  "consumer_key_claim",
  "scopes_claim",
  "token_handling",
  "signing_keys",
  "validation_method",
  "token_generation",
  "client_creation",
  "client_mapping",
  "mapped_client_check",
  "application_scopes",
  "constraints",
  "simulated",
] as const;

const copied = Prisma.raw(copiedColumns.join(", "));
const copiedFromOriginal = Prisma.raw(copiedColumns.map((column) => `original.${column}`).join(", "));
const takenOver = Prisma.raw(copiedColumns.map((column) => `${column} = original.${column}`).join(", "));

/**
 * Keeps others from changing which tenants are served until the transaction ends: a tenant that is created at the
 * same moment must not be left out.
 */
export async function lockServing(ctx: InstallationContext | TenantContext): Promise<void> {
  const db = "tenantId" in ctx ? tenantDb(ctx) : installationDb(ctx);
  await db.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('global_key_manager.serving', 0))`;
}

/** Makes concurrent writers of one issuer, tenants' administrators included, wait until the transaction ends. */
export function lockGlobalIssuer(ctx: InstallationContext, issuer: string): Promise<void> {
  return lockIssuerIn(installationDb(ctx), issuer);
}

/** A page of the installation's key managers. */
export async function listGlobalKeyManagers(
  ctx: InstallationContext,
  options: KeyManagerListOptions,
): Promise<Page<GlobalKeyManagerSummary>> {
  const rows = await installationDb(ctx).globalKeyManager.findMany({ ...listQuery(options), select: summaryColumns });
  return toSortedPage(rows, options, ({ _count, ...row }) => ({
    ...readFacts(row),
    id: row.id as GlobalKeyManagerId,
    tenants: _count.copies,
  }));
}

export async function findGlobalKeyManager(
  ctx: InstallationContext,
  id: GlobalKeyManagerId,
): Promise<GlobalKeyManagerRecord | null> {
  const row = await installationDb(ctx).globalKeyManager.findUnique({ where: { id }, select: columns });
  return row && toRecord(row);
}

/** @throws a unique violation where another global key manager has the name */
export async function insertGlobalKeyManager(
  ctx: InstallationContext,
  id: GlobalKeyManagerId,
  values: KeyManagerValues & { serves: Serving },
): Promise<GlobalKeyManagerRecord> {
  const row = await installationDb(ctx).globalKeyManager.create({
    data: { id, ...toColumns(values) },
    select: columns,
  });
  return toRecord(row);
}

/**
 * Replaces what is given, if the row still stands at this revision, and brings its copies up to date in the same
 * transaction.
 *
 * @returns null where the revision has moved on, or the row is gone
 */
export async function updateGlobalKeyManager(
  ctx: InstallationContext,
  { id, revision }: { id: GlobalKeyManagerId; revision: number },
  values: Partial<Omit<KeyManagerValues, "name"> & { serves: Serving }>,
): Promise<GlobalKeyManagerRecord | null> {
  const db = installationDb(ctx);
  const [row] = await db.globalKeyManager.updateManyAndReturn({
    where: { id, revision },
    data: { ...toColumns(values), revision: { increment: 1 } },
    select: columns,
  });
  if (!row) return null;
  await db.$executeRaw`
    UPDATE key_manager AS copy
       SET ${takenOver}, revision = copy.revision + 1, updated_at = original.updated_at
      FROM global_key_manager AS original
     WHERE original.id = ${id}::uuid AND copy.global_key_manager_id = original.id`;
  return toRecord(row);
}

/** Stores whether a global key manager is a simulator, here and in its copies; the revisions stand. */
export async function setGlobalSimulated(
  ctx: InstallationContext,
  id: GlobalKeyManagerId,
  simulated: boolean,
): Promise<void> {
  const db = installationDb(ctx);
  await db.globalKeyManager.updateMany({ where: { id }, data: { simulated } });
  await db.keyManager.updateMany({ where: { globalKeyManagerId: id }, data: { simulated } });
}

/** Deletes a global key manager whose copies are gone. @throws a foreign key violation where one is left */
export async function deleteGlobalKeyManager(ctx: InstallationContext, id: GlobalKeyManagerId): Promise<void> {
  await installationDb(ctx).globalKeyManager.delete({ where: { id }, select: { id: true } });
}

/** Makes the copies of a global key manager in these tenants, where it is not yet. */
export async function insertCopies(
  ctx: InstallationContext,
  id: GlobalKeyManagerId,
  tenantIds: readonly TenantId[],
): Promise<void> {
  await installationDb(ctx).$executeRaw(copyInto(id, tenantIds));
}

function copyInto(id: GlobalKeyManagerId, tenantIds: readonly TenantId[]): Prisma.Sql {
  const ids = tenantIds.map(() => newId<KeyManagerId>());
  return Prisma.sql`
    INSERT INTO key_manager (id, tenant_id, global_key_manager_id, connection, sealed_secrets, updated_at, ${copied})
    SELECT copy.id, copy.tenant_id, original.id, '{}', '{}', original.updated_at, ${copiedFromOriginal}
      FROM global_key_manager AS original,
           unnest(${ids}::text[]::uuid[], ${[...tenantIds]}::text[]::uuid[]) AS copy(id, tenant_id)
     WHERE original.id = ${id}::uuid
    ON CONFLICT (global_key_manager_id, tenant_id) DO NOTHING`;
}

/**
 * Takes the copies of a global key manager from these tenants.
 *
 * @throws a foreign key violation where an API or an application there uses it
 */
export async function deleteCopies(
  ctx: InstallationContext,
  id: GlobalKeyManagerId,
  tenantIds: readonly TenantId[],
): Promise<void> {
  await installationDb(ctx).keyManager.deleteMany({
    where: { globalKeyManagerId: id, tenantId: { in: [...tenantIds] } },
  });
}

/**
 * Gives a new tenant its copies of the key managers that serve every tenant.
 *
 * @param ctx the transaction in which the tenant is made
 */
export async function insertCopiesOfNewTenant(
  ctx: TenantContext,
): Promise<{ id: KeyManagerId; displayName: string }[]> {
  await lockServing(ctx);
  const db = tenantDb(ctx);
  // Raw: a tenant's own client refuses the installation's tables.
  const originals = await db.$queryRaw<{ id: GlobalKeyManagerId }[]>`
    SELECT id::text FROM global_key_manager WHERE serves = 'ALL' ORDER BY id`;
  for (const { id } of originals) await db.$executeRaw(copyInto(id, [ctx.tenantId]));
  const copies = await db.keyManager.findMany({
    where: { globalKeyManagerId: { not: null } },
    select: { id: true, displayName: true },
    orderBy: { id: "asc" },
  });
  return copies.map((copy) => ({ ...copy, id: copy.id as KeyManagerId }));
}

/** The tenants that have a copy. */
export async function listServedTenantIds(ctx: InstallationContext, id: GlobalKeyManagerId): Promise<TenantId[]> {
  const rows = await installationDb(ctx).keyManager.findMany({
    where: { globalKeyManagerId: id },
    select: { tenantId: true },
    orderBy: { tenantId: "asc" },
  });
  return rows.map(({ tenantId }) => tenantId as TenantId);
}

export type ServedTenant = {
  id: TenantId;
  name: string;
  slug: string;
  /** APIs that name it, and applications that hold keys of it. */
  apis: number;
  applications: number;
};

/**
 * Tenants that have a copy, in the order of their addresses, with who uses it there.
 *
 * @param options.after the address that the page begins behind
 * @param options.inUse those only where an API or an application uses it
 * @param options.among those only among these tenants
 */
export async function listServedTenants(
  ctx: InstallationContext,
  id: GlobalKeyManagerId,
  options: { after?: string | undefined; limit: number; inUse?: boolean; among?: readonly TenantId[] },
): Promise<{ items: ServedTenant[]; nextCursor: string | null }> {
  const { after = "", limit, inUse = false, among } = options;
  const rows = await installationDb(ctx).$queryRaw<ServedTenant[]>`
    SELECT tenant.id::text AS id, tenant.name, tenant.slug, used.apis, used.applications
      FROM key_manager AS copy
      JOIN tenant ON tenant.id = copy.tenant_id,
      LATERAL (
        SELECT (SELECT count(*) FROM api_key_manager AS link
                 WHERE link.tenant_id = copy.tenant_id AND link.key_manager_id = copy.id)::int AS apis,
               (SELECT count(DISTINCT mapping.application_id) FROM key_mapping AS mapping
                 WHERE mapping.tenant_id = copy.tenant_id AND mapping.key_manager_id = copy.id)::int AS applications
      ) AS used
     WHERE copy.global_key_manager_id = ${id}::uuid
       AND tenant.slug > ${after}
       AND (NOT ${inUse} OR used.apis + used.applications > 0)
       AND (${among === undefined} OR copy.tenant_id = ANY(${[...(among ?? [])]}::text[]::uuid[]))
     ORDER BY tenant.slug
     LIMIT ${limit + 1}::int`;
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.slug ?? null) : null };
}

/** Who uses a global key manager, over all tenants that it serves. */
export type GlobalUse = { tenants: number; apis: number; applications: number };

/** @param among those only among these tenants; all that it serves where it is left out */
export async function countGlobalUse(
  ctx: InstallationContext,
  ids: readonly GlobalKeyManagerId[],
  among?: readonly TenantId[],
): Promise<ReadonlyMap<GlobalKeyManagerId, GlobalUse>> {
  const none: GlobalUse = { tenants: 0, apis: 0, applications: 0 };
  const use = new Map(ids.map((id): [GlobalKeyManagerId, GlobalUse] => [id, none]));
  if (ids.length === 0) return use;
  const rows = await installationDb(ctx).$queryRaw<(GlobalUse & { id: GlobalKeyManagerId })[]>`
    SELECT used.id::text AS id, count(*)::int AS tenants, sum(used.apis)::int AS apis,
           sum(used.applications)::int AS applications
      FROM (SELECT copy.global_key_manager_id AS id,
                   (SELECT count(*) FROM api_key_manager AS link
                     WHERE link.tenant_id = copy.tenant_id AND link.key_manager_id = copy.id) AS apis,
                   (SELECT count(DISTINCT mapping.application_id) FROM key_mapping AS mapping
                     WHERE mapping.tenant_id = copy.tenant_id AND mapping.key_manager_id = copy.id) AS applications
              FROM key_manager AS copy
             WHERE copy.global_key_manager_id = ANY(${[...ids]}::text[]::uuid[])
               AND (${among === undefined} OR copy.tenant_id = ANY(${[...(among ?? [])]}::text[]::uuid[]))) AS used
     WHERE used.apis + used.applications > 0
     GROUP BY used.id`;
  for (const { id, ...counts } of rows) use.set(id, counts);
  return use;
}

/** Tenants in whose way something stands: how many, and the first few of them by name. */
export type TenantsInTheWay = { count: number; names: string[] };

const namedTenants = 3;

/** Which of these tenants have a key manager of their own, or of another global one, with this name. */
export function findTenantsWithName(
  ctx: InstallationContext,
  { name, tenantIds }: { name: string; tenantIds: readonly TenantId[] },
): Promise<TenantsInTheWay> {
  return inTheWay(ctx, tenantIds, Prisma.sql`held.name = ${name}`);
}

/** Which of these tenants have another enabled key manager with this issuer that no claims tell apart. */
export function findTenantsWithIssuer(
  ctx: InstallationContext,
  { issuer, tenantIds, except }: { issuer: string; tenantIds: readonly TenantId[]; except: GlobalKeyManagerId },
): Promise<TenantsInTheWay> {
  return inTheWay(
    ctx,
    tenantIds,
    Prisma.sql`held.issuer = ${issuer} AND held.enabled AND held.token_handling->>'kind' <> 'JWT' AND held.global_key_manager_id IS DISTINCT FROM ${except}::uuid`,
  );
}

async function inTheWay(
  ctx: InstallationContext,
  tenantIds: readonly TenantId[],
  condition: Prisma.Sql,
): Promise<TenantsInTheWay> {
  const rows = await installationDb(ctx).$queryRaw<{ name: string; count: number }[]>`
    SELECT tenant.name, count(*) OVER ()::int AS count
      FROM tenant
     WHERE tenant.id = ANY(${[...tenantIds]}::text[]::uuid[])
       AND EXISTS (SELECT 1 FROM key_manager AS held WHERE held.tenant_id = tenant.id AND ${condition})
     ORDER BY tenant.name
     LIMIT ${namedTenants}::int`;
  return { count: rows[0]?.count ?? 0, names: rows.map(({ name }) => name) };
}

function toRecord(row: Row): GlobalKeyManagerRecord {
  return { ...readValues(row), id: row.id as GlobalKeyManagerId };
}
