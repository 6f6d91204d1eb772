import { z } from "zod";
import type { ApiId, ApplicationId, KeyManagerId } from "../foundation/ids.ts";
import { tenantDb, type TenantContext } from "./database.ts";
import type { Prisma } from "./generated/client.ts";
import { afterPosition, readCursor, toPage, type Page } from "./paging.ts";

export type KeyManagerTokenType = "DIRECT" | "EXCHANGED" | "BOTH";
export type KeyManagerValidationMethod = "SELF" | "INTROSPECT";
/** A claim of the key manager's tokens, and the name under which it reaches APIs. */
export type ClaimMapping = { remote: string; local: string };
export type StoredSigningKeys = { kind: "jwks"; url: string } | { kind: "pem"; value: string } | { kind: "none" };

/** What lists show of a key manager: nothing that concerns its connection. */
export type KeyManagerSummary = {
  id: KeyManagerId;
  /** Stable identifier; never changes. */
  name: string;
  displayName: string;
  description: string;
  connectorId: string;
  enabled: boolean;
  tokenType: KeyManagerTokenType;
  /** The value that `iss` must equal, byte for byte. */
  issuer: string;
  /** Addresses by endpoint name. */
  endpoints: Record<string, string>;
  grantTypes: string[];
  validationMethod: KeyManagerValidationMethod;
  tokenGeneration: boolean;
  clientCreation: boolean;
  clientMapping: boolean;
  mappedClientCheck: boolean;
  revision: number;
  createdAt: Date;
  updatedAt: Date;
};

/** A key manager with everything. Its secrets are sealed; only lib/features/key-managers opens them. */
export type KeyManagerRecord = KeyManagerSummary & {
  wellKnownUrl: string | null;
  /** Null takes the connector's default. */
  consumerKeyClaim: string | null;
  scopesClaim: string | null;
  /** Audience that a token must name to be exchanged; null where tokens are not exchanged. */
  exchangeAudience: string | null;
  claimMappings: ClaimMapping[];
  signingKeys: StoredSigningKeys;
  /** The connection with its secret leaves taken out. */
  connection: Record<string, unknown>;
  /** Field path → sealed secret. */
  sealedSecrets: Record<string, string>;
};

/** What is written; the id is chosen by the caller, because sealing needs it first. */
export type KeyManagerValues = Omit<KeyManagerRecord, "id" | "revision" | "createdAt" | "updatedAt">;

const summaryColumns = {
  id: true,
  name: true,
  displayName: true,
  description: true,
  connectorId: true,
  enabled: true,
  tokenType: true,
  issuer: true,
  endpoints: true,
  grantTypes: true,
  validationMethod: true,
  tokenGeneration: true,
  clientCreation: true,
  clientMapping: true,
  mappedClientCheck: true,
  revision: true,
  createdAt: true,
  updatedAt: true,
} as const;

const columns = {
  ...summaryColumns,
  wellKnownUrl: true,
  consumerKeyClaim: true,
  scopesClaim: true,
  exchangeAudience: true,
  claimMappings: true,
  signingKeys: true,
  connection: true,
  sealedSecrets: true,
} as const;

type SummaryRow = Prisma.KeyManagerGetPayload<{ select: typeof summaryColumns }>;
type Row = Prisma.KeyManagerGetPayload<{ select: typeof columns }>;

const textByName = z.record(z.string(), z.string());
const claimMappingsShape = z.array(z.object({ remote: z.string(), local: z.string() }));
const anyByName = z.record(z.string(), z.unknown());
const signingKeysShape = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("jwks"), url: z.string() }),
  z.object({ kind: z.literal("pem"), value: z.string() }),
  z.object({ kind: z.literal("none") }),
]);

export const keyManagerSorts = ["name", "-name", "-created"] as const;
export type KeyManagerSort = (typeof keyManagerSorts)[number];

export type KeyManagerListOptions = {
  /** Looked for in name, display name, description and issuer, whatever the case. */
  search?: string | undefined;
  sort: KeyManagerSort;
  cursor?: string | null | undefined;
  limit: number;
  enabled?: boolean | undefined;
};

/** How each order is read: a unique column, so that the last value seen is a complete position. */
const orders = {
  name: { column: "name", direction: "asc" },
  "-name": { column: "name", direction: "desc" },
  // Ids are UUIDs of version 7: their order is the order of creation.
  "-created": { column: "id", direction: "desc" },
} as const satisfies Record<KeyManagerSort, { column: "name" | "id"; direction: "asc" | "desc" }>;

/** A page of the tenant's key managers. */
export async function listKeyManagers(
  ctx: TenantContext,
  { search, sort, cursor, limit, enabled }: KeyManagerListOptions,
): Promise<Page<KeyManagerSummary>> {
  const { column, direction } = orders[sort];
  const after = readSortCursor(cursor, sort);
  const rows = await tenantDb(ctx).keyManager.findMany({
    where: {
      AND: [
        enabled === undefined ? {} : { enabled },
        search ? { OR: searchedColumns.map((name) => ({ [name]: contains(search) })) } : {},
        after === null ? {} : { [column]: direction === "asc" ? { gt: after } : { lt: after } },
      ],
    },
    orderBy: { [column]: direction },
    select: summaryColumns,
    take: limit + 1,
  });
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toSummary),
    nextCursor: rows.length > limit && last ? writeSortCursor(sort, last[column]) : null,
  };
}

const searchedColumns = ["name", "displayName", "description", "issuer"] as const;

/** A literal part of the text: the wildcards of LIKE lose their meaning. */
function contains(text: string) {
  return { contains: text.replace(/[\\%_]/g, "\\$&"), mode: "insensitive" as const };
}

const sortCursorShape = z.tuple([z.enum(keyManagerSorts), z.string().min(1).max(200)]);

function writeSortCursor(sort: KeyManagerSort, value: string): string {
  return Buffer.from(JSON.stringify([sort, value])).toString("base64url");
}

/** The last value seen; null (the first page) where the cursor is not one of ours or belongs to another order. */
function readSortCursor(cursor: string | null | undefined, sort: KeyManagerSort): string | null {
  if (!cursor) return null;
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return null;
  }
  const parsed = sortCursorShape.safeParse(json);
  if (!parsed.success || parsed.data[0] !== sort) return null;
  const [, value] = parsed.data;
  return sort === "-created" && !z.uuid().safeParse(value).success ? null : value;
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

/** Those among the ids that exist in this tenant. */
export async function findKeyManagers(ctx: TenantContext, ids: readonly KeyManagerId[]): Promise<KeyManagerSummary[]> {
  if (ids.length === 0) return [];
  const rows = await tenantDb(ctx).keyManager.findMany({ where: { id: { in: [...ids] } }, select: summaryColumns });
  return rows.map(toSummary);
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

/** Makes concurrent writers of one issuer wait for each other until the transaction ends. */
export async function lockIssuer(ctx: TenantContext, issuer: string): Promise<void> {
  const key = `key_manager.issuer:${ctx.tenantId}:${issuer}`;
  await tenantDb(ctx).$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`;
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
  const [apiCount, apis, applicationCount, applications] = await Promise.all([
    db.api.count({ where: lostApis }),
    db.api.findMany({
      where: lostApis,
      orderBy: { name: "asc" },
      select: { name: true, version: true },
      take: namedInImpact,
    }),
    db.application.count({ where: lostApplications }),
    db.application.findMany({
      where: lostApplications,
      orderBy: { name: "asc" },
      select: { name: true },
      take: namedInImpact,
    }),
  ]);
  return {
    ...(counts ?? { publishedApis: 0, applications: 0, activeKeys: 0, subscriptions: 0 }),
    apisLosingAccess: { count: apiCount, names: apis.map(({ name, version }) => `${name} ${version}`) },
    applicationsLosingAccess: { count: applicationCount, names: applications.map(({ name }) => name) },
  };
}

function toSummary(row: SummaryRow): KeyManagerSummary {
  return { ...row, id: row.id as KeyManagerId, endpoints: textByName.parse(row.endpoints) };
}

function toRecord(row: Row): KeyManagerRecord {
  return {
    ...row,
    ...toSummary(row),
    signingKeys: signingKeysShape.parse(row.signingKeys),
    claimMappings: claimMappingsShape.parse(row.claimMappings),
    connection: anyByName.parse(row.connection),
    sealedSecrets: textByName.parse(row.sealedSecrets),
  };
}

type JsonColumn = "endpoints" | "claimMappings" | "signingKeys" | "connection" | "sealedSecrets";
type WithJson<Values> = Omit<Values, JsonColumn> & {
  [Column in Extract<keyof Values, JsonColumn>]: Prisma.InputJsonValue;
};

/** Prisma's JSON input type has no room for `unknown`; what comes here went through JSON-shaped schemas. */
function toColumns<Values extends Partial<KeyManagerValues>>(values: Values): WithJson<Values> {
  return values as unknown as WithJson<Values>;
}
