import { newId, type ApiId, type KeyManagerId, type PersonId, type PlanId, type TenantId } from "../foundation/ids.ts";
import { tenantDb, type TenantContext } from "./database.ts";
import type { ApiKind, ApiStatus, SubscriptionAvailability } from "./generated/enums.ts";
import { afterPosition, toPage, type Page, type Position } from "./paging.ts";
import { containing } from "./search.ts";

export type { ApiKind, ApiStatus, SubscriptionAvailability };

export type ApiSummary = {
  id: ApiId;
  name: string;
  version: string;
  context: string;
  description: string;
  kind: ApiKind;
  status: ApiStatus;
  createdAt: Date;
};

export type ApiRecord = ApiSummary & {
  acceptAllKeyManagers: boolean;
  subscriptionValidation: boolean;
  /** Developers of which tenants may subscribe. */
  subscriptionAvailability: SubscriptionAvailability;
  /** Addresses of the tenants that it lists; empty where it lists none. */
  subscriberTenants: string[];
  audiences: string[];
  revision: number;
  scopes: { name: string; description: string }[];
  resources: { verb: string; path: string; scopes: string[] }[];
  /** In the order of their display names; empty where all are accepted. */
  keyManagers: { id: KeyManagerId; name: string; displayName: string; enabled: boolean }[];
  plans: { id: PlanId; name: string; description: string; requestsPerMinute: number | null }[];
};

/** What a creator decides about an API; everything but its status. */
export type ApiValues = Pick<
  ApiRecord,
  | "name"
  | "version"
  | "context"
  | "description"
  | "kind"
  | "acceptAllKeyManagers"
  | "subscriptionValidation"
  | "subscriptionAvailability"
  | "audiences"
  | "scopes"
  | "resources"
> & { keyManagerIds: KeyManagerId[]; planIds: PlanId[]; subscriberTenantIds: TenantId[] };

const summaryColumns = {
  id: true,
  name: true,
  version: true,
  context: true,
  description: true,
  kind: true,
  status: true,
  createdAt: true,
} as const;

const columns = {
  ...summaryColumns,
  acceptAllKeyManagers: true,
  subscriptionValidation: true,
  subscriptionAvailability: true,
  subscriberTenants: {
    select: { subscriberTenant: { select: { slug: true } } },
    orderBy: { subscriberTenant: { slug: "asc" } },
  },
  audiences: true,
  revision: true,
  scopes: { select: { name: true, description: true }, orderBy: { name: "asc" } },
  resources: { select: { verb: true, path: true, scopes: true }, orderBy: { position: "asc" } },
  keyManagers: {
    select: { keyManager: { select: { id: true, name: true, displayName: true, enabled: true } } },
    orderBy: { keyManager: { displayName: "asc" } },
  },
  plans: {
    select: { plan: { select: { id: true, name: true, description: true, requestsPerMinute: true } } },
    orderBy: { plan: { name: "asc" } },
  },
} as const;

/**
 * A page of APIs, newest first.
 *
 * @param filter.search part of the name or of the context, in any case
 */
export async function listApis(
  ctx: TenantContext,
  { search, status, after, limit }: { search?: string; status?: ApiStatus; after: Position | null; limit: number },
): Promise<Page<ApiSummary>> {
  const rows = await tenantDb(ctx).api.findMany({
    where: {
      ...(status ? { status } : {}),
      AND: [
        afterPosition(after),
        search ? { OR: [{ name: containing(search) }, { context: containing(search) }] } : {},
      ],
    },
    select: summaryColumns,
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: limit + 1,
  });
  return toPage(rows, limit, toSummary);
}

export async function findApi(ctx: TenantContext, id: ApiId): Promise<ApiRecord | null> {
  const row = await tenantDb(ctx).api.findUnique({ where: { id }, select: columns });
  if (!row) return null;
  return {
    ...row,
    ...toSummary(row),
    keyManagers: row.keyManagers.map(({ keyManager }) => ({ ...keyManager, id: keyManager.id as KeyManagerId })),
    plans: row.plans.map(({ plan }) => ({ ...plan, id: plan.id as PlanId })),
    subscriberTenants: row.subscriberTenants.map(({ subscriberTenant }) => subscriberTenant.slug),
  };
}

/** @throws a unique violation where name and version, or context and version, are taken */
export async function insertApi(
  ctx: TenantContext,
  values: ApiValues & { status: ApiStatus; createdById: PersonId },
): Promise<ApiId> {
  const id = newId<ApiId>();
  const { scopes, resources, keyManagerIds, planIds, subscriberTenantIds, ...own } = values;
  await tenantDb(ctx).api.create({ data: { id, tenantId: ctx.tenantId, ...own } });
  await insertParts(ctx, id, { scopes, resources, keyManagerIds, planIds, subscriberTenantIds });
  return id;
}

/**
 * Replaces everything but the status.
 *
 * @returns false where somebody else has changed the API since the given revision; nothing is written then
 * @throws a unique violation where name and version, or context and version, are taken
 */
export async function replaceApi(ctx: TenantContext, id: ApiId, revision: number, values: ApiValues): Promise<boolean> {
  const { scopes, resources, keyManagerIds, planIds, subscriberTenantIds, ...own } = values;
  const { count } = await tenantDb(ctx).api.updateMany({
    where: { id, revision },
    data: { ...own, revision: { increment: 1 } },
  });
  if (count === 0) return false;
  const part = { where: { apiId: id } };
  await tenantDb(ctx).apiScope.deleteMany(part);
  await tenantDb(ctx).apiResource.deleteMany(part);
  await tenantDb(ctx).apiKeyManager.deleteMany(part);
  await tenantDb(ctx).apiPlan.deleteMany(part);
  await tenantDb(ctx).apiSubscriberTenant.deleteMany(part);
  await insertParts(ctx, id, { scopes, resources, keyManagerIds, planIds, subscriberTenantIds });
  return true;
}

export async function setApiStatus(ctx: TenantContext, id: ApiId, status: ApiStatus): Promise<void> {
  await tenantDb(ctx).api.update({ where: { id }, data: { status, revision: { increment: 1 } } });
}

/** @throws a foreign key violation where applications are subscribed */
export async function deleteApi(ctx: TenantContext, id: ApiId): Promise<void> {
  await tenantDb(ctx).api.delete({ where: { id } });
}

async function insertParts(
  ctx: TenantContext,
  apiId: ApiId,
  parts: Pick<ApiValues, "scopes" | "resources" | "keyManagerIds" | "planIds" | "subscriberTenantIds">,
): Promise<void> {
  const { scopes, resources, keyManagerIds, planIds, subscriberTenantIds } = parts;
  const own = { tenantId: ctx.tenantId, apiId };
  await tenantDb(ctx).apiScope.createMany({ data: scopes.map((scope) => ({ id: newId(), ...own, ...scope })) });
  await tenantDb(ctx).apiResource.createMany({
    data: resources.map((resource, position) => ({ id: newId(), ...own, ...resource, position })),
  });
  await tenantDb(ctx).apiKeyManager.createMany({
    data: keyManagerIds.map((keyManagerId) => ({ ...own, keyManagerId })),
  });
  await tenantDb(ctx).apiPlan.createMany({ data: planIds.map((planId) => ({ ...own, planId })) });
  await tenantDb(ctx).apiSubscriberTenant.createMany({
    data: subscriberTenantIds.map((subscriberTenantId) => ({ ...own, subscriberTenantId })),
  });
}

function toSummary(row: Omit<ApiSummary, "id"> & { id: string }): ApiSummary {
  const { id, name, version, context, description, kind, status, createdAt } = row;
  return { id: id as ApiId, name, version, context, description, kind, status, createdAt };
}
