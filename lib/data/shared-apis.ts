/**
 * What a tenant's developers may see of other tenants: published APIs that are open to them. Row-level security
 * hides these rows from the tenant, so every function here is told the reader's tenant and filters by it.
 */
import type { ApiId, GlobalKeyManagerId, KeyManagerId, PlanId, TenantId } from "../foundation/ids.ts";
import type { ApiSummary } from "./apis.ts";
import { installationDb, type InstallationContext } from "./database.ts";
import type { Prisma } from "./generated/client.ts";
import { afterPosition, type Position } from "./paging.ts";
import { containing } from "./search.ts";

export type SharedApiSummary = ApiSummary & { tenant: { id: TenantId; name: string; slug: string } };

/** A global key manager whose keys open a shared API. */
export type SharedKeyManager = {
  id: KeyManagerId;
  globalKeyManagerId: GlobalKeyManagerId;
  displayName: string;
  enabled: boolean;
};

export type SharedApi = SharedApiSummary & {
  subscriptionValidation: boolean;
  scopes: { name: string; description: string }[];
  resources: { verb: string; path: string; scopes: string[] }[];
  plans: { id: PlanId; name: string; description: string; requestsPerMinute: number | null }[];
  /** Global key managers that it accepts and that serve the reader's tenant, by display name. */
  keyManagers: SharedKeyManager[];
};

const summaryColumns = {
  id: true,
  name: true,
  version: true,
  context: true,
  description: true,
  kind: true,
  status: true,
  createdAt: true,
  tenant: { select: { id: true, name: true, slug: true } },
} as const;

const columns = {
  ...summaryColumns,
  acceptAllKeyManagers: true,
  subscriptionValidation: true,
  scopes: { select: { name: true, description: true }, orderBy: { name: "asc" } },
  resources: { select: { verb: true, path: true, scopes: true }, orderBy: { position: "asc" } },
  plans: {
    select: { plan: { select: { id: true, name: true, description: true, requestsPerMinute: true } } },
    orderBy: { plan: { name: "asc" } },
  },
} as const;

/** Open to every tenant, and open to those that are listed: each is read by an index of its own. */
function opennessTo(reader: TenantId) {
  return [
    { subscriptionAvailability: "ALL_TENANTS" },
    { subscriptionAvailability: "LISTED", subscriberTenants: { some: { subscriberTenantId: reader } } },
  ] satisfies Prisma.ApiWhereInput[];
}

function ofOthers(reader: TenantId) {
  return {
    status: "PUBLISHED",
    tenantId: { not: reader },
    tenant: { status: "ACTIVE" },
  } satisfies Prisma.ApiWhereInput;
}

/**
 * APIs of other tenants that are open to a tenant, newest first.
 *
 * @param reader whose developers ask
 * @param options.limit how many at most; the caller cuts the page
 */
export async function listSharedApis(
  ctx: InstallationContext,
  reader: TenantId,
  { search, after, limit }: { search?: string; after: Position | null; limit: number },
): Promise<SharedApiSummary[]> {
  const found: SharedApiSummary[] = [];
  for (const openness of opennessTo(reader)) {
    const rows = await installationDb(ctx).api.findMany({
      where: {
        ...ofOthers(reader),
        ...openness,
        AND: [
          afterPosition(after),
          search ? { OR: [{ name: containing(search) }, { context: containing(search) }] } : {},
        ],
      },
      select: summaryColumns,
      orderBy: [{ createdAt: "desc" }, { id: "desc" }],
      take: limit,
    });
    found.push(...rows.map(toSummary));
  }
  return found.sort(newestFirst).slice(0, limit);
}

/** The order of lists: by time of creation and id, both descending. */
export function newestFirst(a: { createdAt: Date; id: string }, b: { createdAt: Date; id: string }): number {
  return b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1);
}

/** One of them in full. @returns null where there is none that is open to the reader's tenant */
export async function findSharedApi(ctx: InstallationContext, reader: TenantId, id: ApiId): Promise<SharedApi | null> {
  const row = await installationDb(ctx).api.findFirst({
    where: { id, ...ofOthers(reader), OR: opennessTo(reader) },
    select: columns,
  });
  if (!row) return null;
  const { acceptAllKeyManagers, plans, subscriptionValidation, scopes, resources } = row;
  const summary = toSummary(row);
  return {
    ...{ ...summary, subscriptionValidation, scopes, resources },
    plans: plans.map(({ plan }) => ({ ...plan, id: plan.id as PlanId })),
    keyManagers: await listSharedKeyManagers(ctx, { reader, api: summary, acceptAllKeyManagers }),
  };
}

async function listSharedKeyManagers(
  ctx: InstallationContext,
  { reader, api, acceptAllKeyManagers }: { reader: TenantId; api: SharedApiSummary; acceptAllKeyManagers: boolean },
): Promise<SharedKeyManager[]> {
  const rows = await installationDb(ctx).keyManager.findMany({
    where: {
      tenantId: api.tenant.id,
      globalKeyManager: { copies: { some: { tenantId: reader } } },
      ...(acceptAllKeyManagers ? {} : { apis: { some: { apiId: api.id } } }),
    },
    select: { id: true, globalKeyManagerId: true, displayName: true, enabled: true },
    orderBy: [{ displayName: "asc" }, { id: "asc" }],
  });
  return rows.map((row) => ({
    ...row,
    id: row.id as KeyManagerId,
    globalKeyManagerId: row.globalKeyManagerId as GlobalKeyManagerId,
  }));
}

type SummaryRow = Prisma.ApiGetPayload<{ select: typeof summaryColumns }>;

function toSummary({
  id,
  name,
  version,
  context,
  description,
  kind,
  status,
  createdAt,
  tenant,
}: SummaryRow): SharedApiSummary {
  return {
    ...{ name, version, context, description, kind, status, createdAt },
    id: id as ApiId,
    tenant: { ...tenant, id: tenant.id as TenantId },
  };
}
