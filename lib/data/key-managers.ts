import type { ApiId, ApplicationId, GlobalKeyManagerId, KeyManagerId } from "../foundation/ids.ts";
import { tenantDb, type TenantContext } from "./database.ts";
import type { Prisma } from "./generated/client.ts";
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
import { afterPosition, readCursor, toPage, type Page } from "./paging.ts";

export type { KeyManagerValues };

type Identity = {
  id: KeyManagerId;
  /** The global key manager that this one stands for in its tenant; null for the tenant's own. */
  globalKeyManagerId: GlobalKeyManagerId | null;
};

/** A tenant's key manager, as lists show it. */
export type KeyManagerSummary = KeyManagerFacts & RowHistory & Identity;

/** A tenant's key manager with everything; what stands for a global one has no connection and no secrets. */
export type KeyManagerRecord = KeyManagerValues & RowHistory & Identity;

const summaryColumns = { ...factColumns, globalKeyManagerId: true } as const;
const columns = { ...valueColumns, globalKeyManagerId: true } as const;

type SummaryRow = Prisma.KeyManagerGetPayload<{ select: typeof summaryColumns }>;
type Row = Prisma.KeyManagerGetPayload<{ select: typeof columns }>;

/** A page of the tenant's key managers. */
export async function listKeyManagers(
  ctx: TenantContext,
  options: KeyManagerListOptions,
): Promise<Page<KeyManagerSummary>> {
  const rows = await tenantDb(ctx).keyManager.findMany({ ...listQuery(options), select: summaryColumns });
  return toSortedPage(rows, options, toSummary);
}

/** Every enabled key manager of the tenant, by display name. A tenant has tens of them. */
export async function listEnabledKeyManagers(ctx: TenantContext): Promise<KeyManagerSummary[]> {
  return readByDisplayName(ctx, { enabled: true });
}

/** Every key manager of the tenant, by display name. */
export async function listAllKeyManagers(ctx: TenantContext): Promise<KeyManagerSummary[]> {
  return readByDisplayName(ctx, {});
}

async function readByDisplayName(ctx: TenantContext, where: Prisma.KeyManagerWhereInput): Promise<KeyManagerSummary[]> {
  const rows = await tenantDb(ctx).keyManager.findMany({
    where,
    orderBy: [{ displayName: "asc" }, { id: "asc" }],
    select: summaryColumns,
    take: 500,
  });
  return rows.map(toSummary);
}

export async function findKeyManager(ctx: TenantContext, id: KeyManagerId): Promise<KeyManagerRecord | null> {
  const row = await tenantDb(ctx).keyManager.findUnique({ where: { id }, select: columns });
  return row && toRecord(row);
}

/** Those among the ids that exist in this tenant, with everything. */
export async function findKeyManagerRecords(
  ctx: TenantContext,
  ids: readonly KeyManagerId[],
): Promise<KeyManagerRecord[]> {
  if (ids.length === 0) return [];
  const rows = await tenantDb(ctx).keyManager.findMany({ where: { id: { in: [...ids] } }, select: columns });
  return rows.map(toRecord);
}

/**
 * The tenant's first key manager of a kind, such as the permanent one. Names the tenant itself, so that it
 * is right in an installation-wide transaction too.
 */
export async function findKeyManagerByConnector(
  ctx: TenantContext,
  connectorId: string,
): Promise<KeyManagerRecord | null> {
  const row = await tenantDb(ctx).keyManager.findFirst({
    where: { tenantId: ctx.tenantId, connectorId },
    orderBy: { id: "asc" },
    select: columns,
  });
  return row && toRecord(row);
}

/** Enabled key managers with this issuer; several only where they were stored before that was refused. */
export async function findEnabledByIssuer(ctx: TenantContext, issuer: string): Promise<KeyManagerSummary[]> {
  const rows = await tenantDb(ctx).keyManager.findMany({
    where: { issuer, enabled: true },
    orderBy: { id: "asc" },
    select: summaryColumns,
    take: 20,
  });
  return rows.map(toSummary);
}

/** Enabled key managers whose tokens are exchanged. A tenant has few of them. */
export async function listExchangeTrust(ctx: TenantContext): Promise<KeyManagerRecord[]> {
  const rows = await tenantDb(ctx).keyManager.findMany({
    where: { enabled: true, tokenType: { in: ["EXCHANGED", "BOTH"] } },
    orderBy: { id: "asc" },
    select: columns,
    take: 500,
  });
  return rows.map(toRecord);
}

/** Makes concurrent writers of one issuer, in whichever tenant, wait for each other until the transaction ends. */
export async function lockIssuer(ctx: TenantContext, issuer: string): Promise<void> {
  await lockIssuerIn(tenantDb(ctx), issuer);
}

/** @throws a unique violation where the name is taken */
export async function insertKeyManager(
  ctx: TenantContext,
  id: KeyManagerId,
  values: KeyManagerValues,
): Promise<KeyManagerRecord> {
  const row = await tenantDb(ctx).keyManager.create({
    data: { id, tenantId: ctx.tenantId, ...toColumns(values) },
    select: columns,
  });
  return toRecord(row);
}

/**
 * Inserts a key manager unless one of that name exists; for those that each tenant has by itself.
 *
 * @returns true where it was inserted
 */
export async function insertKeyManagerIfAbsent(
  ctx: TenantContext,
  id: KeyManagerId,
  values: KeyManagerValues,
): Promise<boolean> {
  const { count } = await tenantDb(ctx).keyManager.createMany({
    data: [{ id, tenantId: ctx.tenantId, ...toColumns(values) }],
    skipDuplicates: true,
  });
  return count === 1;
}

/**
 * Replaces what is given, if the row still stands at this revision.
 *
 * @returns null where the revision has moved on, or the row is gone
 */
export async function updateKeyManager(
  ctx: TenantContext,
  { id, revision }: { id: KeyManagerId; revision: number },
  values: Partial<Omit<KeyManagerValues, "name">>,
): Promise<KeyManagerRecord | null> {
  const [row] = await tenantDb(ctx).keyManager.updateManyAndReturn({
    where: { id, revision },
    data: { ...toColumns(values), revision: { increment: 1 } },
    select: columns,
  });
  return row ? toRecord(row) : null;
}

/** @throws a foreign key violation where an API or an application uses it */
export async function deleteKeyManager(ctx: TenantContext, id: KeyManagerId): Promise<void> {
  await tenantDb(ctx).keyManager.delete({ where: { id }, select: { id: true } });
}

/** Who uses a key manager: APIs that name it, and applications that hold keys of it. */
export type KeyManagerUsageCounts = { apis: number; applications: number };

/**
 * Counts for several key managers at once; an API that accepts all names none. Counting stops at `upTo`, so that
 * a list costs the same however many use what it shows.
 */
export async function countUsage(
  ctx: TenantContext,
  ids: readonly KeyManagerId[],
  upTo: number,
): Promise<ReadonlyMap<KeyManagerId, KeyManagerUsageCounts>> {
  const usage = new Map(ids.map((id): [KeyManagerId, KeyManagerUsageCounts] => [id, { apis: 0, applications: 0 }]));
  if (ids.length === 0) return usage;
  const wanted = [...ids] as string[];
  // Prisma cannot count distinct values by group; row-level security scopes raw SQL too.
  const rows = await tenantDb(ctx).$queryRaw<{ id: KeyManagerId; apis: number; applications: number }[]>`
    SELECT wanted.id::text AS id,
           (SELECT count(*) FROM (
             SELECT 1 FROM api_key_manager AS link
              WHERE link.tenant_id = ${ctx.tenantId}::uuid AND link.key_manager_id = wanted.id
              LIMIT ${upTo}::int) AS counted)::int AS apis,
           (SELECT count(*) FROM (
             SELECT mapping.application_id FROM key_mapping AS mapping
              WHERE mapping.tenant_id = ${ctx.tenantId}::uuid AND mapping.key_manager_id = wanted.id
              GROUP BY mapping.application_id ORDER BY mapping.application_id
              LIMIT ${upTo}::int) AS counted)::int AS applications
      FROM unnest(${wanted}::text[]::uuid[]) AS wanted(id)`;
  for (const { id, apis, applications } of rows) usage.set(id, { apis, applications });
  return usage;
}

/** Stores whether a key manager is a simulator. An edit that somebody has begun stays good: the revision stands. */
export async function setSimulated(ctx: TenantContext, id: KeyManagerId, simulated: boolean): Promise<void> {
  await tenantDb(ctx).keyManager.updateMany({ where: { id }, data: { simulated } });
}

export type UsingApi = { id: ApiId; name: string; version: string; context: string; published: boolean };

/** APIs that name this key manager, newest first. */
export async function listUsingApis(
  ctx: TenantContext,
  id: KeyManagerId,
  { cursor, limit }: { cursor?: string | null | undefined; limit: number },
): Promise<Page<UsingApi>> {
  const rows = await tenantDb(ctx).api.findMany({
    where: { AND: [{ keyManagers: { some: { keyManagerId: id } } }, afterPosition(readCursor(cursor))] },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    select: { id: true, name: true, version: true, context: true, status: true, createdAt: true },
    take: limit + 1,
  });
  return toPage(rows, limit, ({ id, name, version, context, status }) => ({
    id: id as ApiId,
    name,
    version,
    context,
    published: status === "PUBLISHED",
  }));
}

export type UsingApplication = { id: ApplicationId; name: string; ownerName: string; keyTypes: string[] };

/** Applications that hold keys of this key manager, newest first. */
export async function listUsingApplications(
  ctx: TenantContext,
  id: KeyManagerId,
  { cursor, limit }: { cursor?: string | null | undefined; limit: number },
): Promise<Page<UsingApplication>> {
  const rows = await tenantDb(ctx).application.findMany({
    where: { AND: [{ keyMappings: { some: { keyManagerId: id } } }, afterPosition(readCursor(cursor))] },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    select: {
      id: true,
      name: true,
      ownerName: true,
      createdAt: true,
      keyMappings: { where: { keyManagerId: id }, select: { keyType: true }, orderBy: { keyType: "asc" } },
    },
    take: limit + 1,
  });
  return toPage(rows, limit, ({ id, name, ownerName, keyMappings }) => ({
    id: id as ApplicationId,
    name,
    ownerName,
    keyTypes: keyMappings.map(({ keyType }) => keyType),
  }));
}

/** What stops working while a key manager is disabled. */
export type KeyManagerImpact = {
  /** Published APIs that accept this key manager, by name or because they accept all. */
  publishedApis: number;
  /** Published APIs that accept no other enabled key manager: nobody can call them any more. */
  apisLosingAccess: { count: number; names: string[] };
  /** Applications whose active keys all belong to this key manager. */
  applicationsLosingAccess: { count: number; names: string[] };
  applications: number;
  activeKeys: number;
  /** Subscriptions of applications that hold active keys of this key manager. */
  subscriptions: number;
};

/** How many names an impact lists before it only counts. */
const namedInImpact = 5;

/** Reads what would stop working if this key manager were disabled now. */
export async function readImpact(ctx: TenantContext, id: KeyManagerId): Promise<KeyManagerImpact> {
  const db = tenantDb(ctx);
  const tenantId = ctx.tenantId;
  const [counts] = await db.$queryRaw<
    { publishedApis: number; applications: number; activeKeys: number; subscriptions: number }[]
  >`
    WITH keys AS (
      SELECT application_id FROM key_mapping
       WHERE tenant_id = ${tenantId}::uuid AND key_manager_id = ${id}::uuid AND state = 'ACTIVE'
    )
    SELECT (SELECT count(*) FROM api
             WHERE tenant_id = ${tenantId}::uuid AND status = 'PUBLISHED'
               AND (accept_all_key_managers OR EXISTS (
                 SELECT 1 FROM api_key_manager AS link
                  WHERE link.tenant_id = api.tenant_id AND link.api_id = api.id AND link.key_manager_id = ${id}::uuid
               )))::int AS "publishedApis",
           (SELECT count(DISTINCT application_id) FROM keys)::int AS "applications",
           (SELECT count(*) FROM keys)::int AS "activeKeys",
           (SELECT count(*) FROM subscription
             WHERE tenant_id = ${tenantId}::uuid
               AND application_id IN (SELECT application_id FROM keys))::int AS "subscriptions"`;
  const others = { keyManagerId: { not: id }, keyManager: { enabled: true } };
  const otherEnabled = await db.keyManager.count({ where: { id: { not: id }, enabled: true } });
  const lostApis = {
    status: "PUBLISHED",
    OR: [
      { acceptAllKeyManagers: false, keyManagers: { some: { keyManagerId: id }, none: others } },
      ...(otherEnabled === 0 ? [{ acceptAllKeyManagers: true }] : []),
    ],
  } satisfies Prisma.ApiWhereInput;
  const lostApplications = {
    keyMappings: { some: { keyManagerId: id, state: "ACTIVE" }, none: { ...others, state: "ACTIVE" } },
  } satisfies Prisma.ApplicationWhereInput;
  // One after the other: they share the transaction's connection.
  const apiCount = await db.api.count({ where: lostApis });
  const apis = await db.api.findMany({
    where: lostApis,
    orderBy: { name: "asc" },
    select: { name: true, version: true },
    take: namedInImpact,
  });
  const applicationCount = await db.application.count({ where: lostApplications });
  const applications = await db.application.findMany({
    where: lostApplications,
    orderBy: { name: "asc" },
    select: { name: true },
    take: namedInImpact,
  });
  return {
    ...(counts ?? { publishedApis: 0, applications: 0, activeKeys: 0, subscriptions: 0 }),
    apisLosingAccess: { count: apiCount, names: apis.map(({ name, version }) => `${name} ${version}`) },
    applicationsLosingAccess: { count: applicationCount, names: applications.map(({ name }) => name) },
  };
}

function toSummary(row: SummaryRow): KeyManagerSummary {
  return { ...readFacts(row), ...identityOf(row) };
}

function toRecord(row: Row): KeyManagerRecord {
  return { ...readValues(row), ...identityOf(row) };
}

function identityOf({ id, globalKeyManagerId }: { id: string; globalKeyManagerId: string | null }): Identity {
  return { id: id as KeyManagerId, globalKeyManagerId: globalKeyManagerId as GlobalKeyManagerId | null };
}
