import { newId, type ApplicationId, type PersonId } from "../foundation/ids.ts";
import { listSubscribedForeignScopes } from "./cross-tenant-subscriptions.ts";
import { tenantDb, type TenantContext } from "./database.ts";
import type { Prisma } from "./generated/client.ts";
import { afterPosition, toPage, type Page, type Position } from "./paging.ts";
import { containing } from "./search.ts";

export type ApplicationRecord = {
  id: ApplicationId;
  name: string;
  description: string;
  ownerId: PersonId;
  ownerName: string;
  createdAt: Date;
};

/** An application with what lists tell of it. */
export type ApplicationSummary = ApplicationRecord & {
  keys: { production: number; sandbox: number; unsettled: number };
  subscriptions: number;
};

const columns = { id: true, name: true, description: true, ownerId: true, ownerName: true, createdAt: true } as const;
const summaryColumns = {
  ...columns,
  keyMappings: { select: { keyType: true, state: true } },
  _count: { select: { subscriptions: true, crossTenantSubscriptions: true } },
} as const;

type Row = Prisma.ApplicationGetPayload<{ select: typeof columns }>;
type SummaryRow = Prisma.ApplicationGetPayload<{ select: typeof summaryColumns }>;

/** Which applications a list shows: those of one owner, or everybody's. */
export type ApplicationFilter = { ownerId: PersonId | "anybody"; search?: string | undefined };

/**
 * A page of applications, newest first.
 *
 * @param query.search a part of the name or, in everybody's, of the owner's, whatever the case
 */
export async function listApplications(
  ctx: TenantContext,
  query: ApplicationFilter & { after: Position | null; limit: number },
): Promise<Page<ApplicationSummary>> {
  const { ownerId, search, after, limit } = query;
  const words = containing(search ?? "");
  const rows = await tenantDb(ctx).application.findMany({
    where: {
      AND: [
        ownerId === "anybody" ? {} : { ownerId },
        !search ? {} : ownerId === "anybody" ? { OR: [{ name: words }, { ownerName: words }] } : { name: words },
        afterPosition(after),
      ],
    },
    select: summaryColumns,
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: limit + 1,
  });
  return toPage(rows, limit, toSummary);
}

/**
 * Applications of the tenant whatever their owner, by name.
 *
 * @param query.search a part of the name or of the owner's, whatever the case
 */
export async function searchApplications(
  ctx: TenantContext,
  { search, limit }: { search: string; limit: number },
): Promise<ApplicationRecord[]> {
  const rows = await tenantDb(ctx).application.findMany({
    where: search ? { OR: [{ name: containing(search) }, { ownerName: containing(search) }] } : {},
    select: columns,
    orderBy: [{ name: "asc" }, { id: "asc" }],
    take: limit,
  });
  return rows.map(toRecord);
}

export async function findApplication(ctx: TenantContext, id: ApplicationId): Promise<ApplicationSummary | null> {
  const row = await tenantDb(ctx).application.findUnique({ where: { id }, select: summaryColumns });
  return row && toSummary(row);
}

/**
 * Reads an application and keeps others from deleting it or adding keys to it until the transaction ends.
 *
 * @returns null where there is none
 */
export async function lockApplication(ctx: TenantContext, id: ApplicationId): Promise<ApplicationRecord | null> {
  await tenantDb(ctx).$queryRaw`
    SELECT 1 FROM application WHERE tenant_id = ${ctx.tenantId}::uuid AND id = ${id}::uuid FOR UPDATE`;
  const row = await tenantDb(ctx).application.findUnique({ where: { id }, select: columns });
  return row && toRecord(row);
}

/** @throws a unique violation where the owner has an application of this name */
export async function insertApplication(
  ctx: TenantContext,
  values: { name: string; description: string; ownerId: PersonId; ownerName: string },
): Promise<ApplicationSummary> {
  const row = await tenantDb(ctx).application.create({
    data: { id: newId<ApplicationId>(), tenantId: ctx.tenantId, ...values },
    select: summaryColumns,
  });
  return toSummary(row);
}

/** @throws a unique violation where the owner has another application of this name */
export async function updateApplication(
  ctx: TenantContext,
  id: ApplicationId,
  values: { name: string; description: string },
): Promise<ApplicationSummary> {
  return toSummary(await tenantDb(ctx).application.update({ where: { id }, data: values, select: summaryColumns }));
}

/** Gives an application to another owner. @throws a unique violation where that one has an application of this name */
export async function updateApplicationOwner(
  ctx: TenantContext,
  id: ApplicationId,
  owner: { ownerId: PersonId; ownerName: string },
): Promise<ApplicationSummary> {
  return toSummary(await tenantDb(ctx).application.update({ where: { id }, data: owner, select: summaryColumns }));
}

/**
 * Deletes an application and its subscriptions.
 *
 * @throws a foreign key violation where it still has keys
 */
export async function deleteApplication(ctx: TenantContext, id: ApplicationId): Promise<void> {
  await tenantDb(ctx).subscription.deleteMany({ where: { applicationId: id } });
  await tenantDb(ctx).application.delete({ where: { id }, select: { id: true } });
}

/** A scope that a token of the application may carry, and the APIs that ask for it. */
export type SubscribedScope = { name: string; description: string; apis: string[] };

/** Scopes of the APIs that an application is subscribed to, other tenants' APIs included, by name. */
export async function listSubscribedScopes(ctx: TenantContext, id: ApplicationId): Promise<SubscribedScope[]> {
  const rows = await tenantDb(ctx).apiScope.findMany({
    where: { api: { subscriptions: { some: { applicationId: id } } } },
    select: { name: true, description: true, api: { select: { name: true, version: true } } },
    orderBy: [{ name: "asc" }, { id: "asc" }],
    take: 1_000,
  });
  const own = rows.map(({ api, ...scope }) => ({ ...scope, api: `${api.name} ${api.version}` }));
  const byName = new Map<string, SubscribedScope>();
  for (const { name, description, api } of [...own, ...(await listSubscribedForeignScopes(ctx, id))]) {
    const scope = byName.get(name) ?? { name, description, apis: [] };
    scope.apis.push(api);
    byName.set(name, scope);
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function toRecord(row: Row): ApplicationRecord {
  return { ...row, id: row.id as ApplicationId, ownerId: row.ownerId as PersonId };
}

function toSummary({ keyMappings, _count, ...row }: SummaryRow): ApplicationSummary {
  const active = (keyType: "PRODUCTION" | "SANDBOX") =>
    keyMappings.filter((mapping) => mapping.keyType === keyType && mapping.state === "ACTIVE").length;
  return {
    ...toRecord(row),
    keys: {
      production: active("PRODUCTION"),
      sandbox: active("SANDBOX"),
      unsettled: keyMappings.filter(({ state }) => state !== "ACTIVE").length,
    },
    subscriptions: _count.subscriptions + _count.crossTenantSubscriptions,
  };
}
