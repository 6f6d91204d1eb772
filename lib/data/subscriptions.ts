import {
  newId,
  type ApiId,
  type ApplicationId,
  type GlobalKeyManagerId,
  type KeyManagerId,
  type KeyMappingId,
  type PersonId,
  type PlanId,
  type SubscriptionId,
} from "../foundation/ids.ts";
import { tenantDb, type TenantContext } from "./database.ts";
import type { KeyMappingState, KeyType, SubscriptionState } from "./generated/enums.ts";
import { afterPosition, toPage, type Page, type Position } from "./paging.ts";

export type { SubscriptionState };

export type SubscriptionRecord = {
  id: SubscriptionId;
  state: SubscriptionState;
  createdAt: Date;
  application: { id: ApplicationId; name: string; ownerId: PersonId; ownerName: string };
  api: { id: ApiId; name: string; version: string; context: string };
  plan: { id: PlanId; name: string };
};

const columns = {
  id: true,
  state: true,
  createdAt: true,
  application: { select: { id: true, name: true, ownerId: true, ownerName: true } },
  api: { select: { id: true, name: true, version: true, context: true } },
  plan: { select: { id: true, name: true } },
} as const;

type Row = {
  id: string;
  state: SubscriptionState;
  createdAt: Date;
  application: { id: string; name: string; ownerId: string; ownerName: string };
  api: { id: string; name: string; version: string; context: string };
  plan: { id: string; name: string };
};

/** A page of subscriptions of one application or of one API, newest first. */
export async function listSubscriptions(
  ctx: TenantContext,
  {
    of,
    after,
    limit,
  }: { of: { applicationId: ApplicationId } | { apiId: ApiId }; after: Position | null; limit: number },
): Promise<Page<SubscriptionRecord>> {
  const rows = await tenantDb(ctx).subscription.findMany({
    where: { ...of, ...afterPosition(after) },
    select: columns,
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: limit + 1,
  });
  return toPage(rows, limit, toRecord);
}

export async function findSubscription(ctx: TenantContext, id: SubscriptionId): Promise<SubscriptionRecord | null> {
  const row = await tenantDb(ctx).subscription.findUnique({ where: { id }, select: columns });
  return row && toRecord(row);
}

/** @throws a unique violation where the application is subscribed to the API already */
export async function insertSubscription(
  ctx: TenantContext,
  values: { applicationId: ApplicationId; apiId: ApiId; planId: PlanId },
): Promise<SubscriptionRecord> {
  const row = await tenantDb(ctx).subscription.create({
    data: { id: newId<SubscriptionId>(), tenantId: ctx.tenantId, ...values },
    select: columns,
  });
  return toRecord(row);
}

export async function setSubscriptionState(
  ctx: TenantContext,
  id: SubscriptionId,
  state: SubscriptionState,
): Promise<void> {
  await tenantDb(ctx).subscription.update({ where: { id }, data: { state } });
}

export async function deleteSubscription(ctx: TenantContext, id: SubscriptionId): Promise<void> {
  await tenantDb(ctx).subscription.delete({ where: { id } });
}

/** The owner and the name of an application; null where it does not exist in the tenant. */
export async function findApplicationOwner(
  ctx: TenantContext,
  id: ApplicationId,
): Promise<{ id: ApplicationId; name: string; ownerId: PersonId } | null> {
  const row = await tenantDb(ctx).application.findUnique({
    where: { id },
    select: { id: true, name: true, ownerId: true },
  });
  return row && { id: row.id as ApplicationId, name: row.name, ownerId: row.ownerId as PersonId };
}

export type ApplicationAccess = {
  id: ApplicationId;
  name: string;
  subscription: { id: SubscriptionId; state: SubscriptionState; planName: string } | null;
  keys: {
    id: KeyMappingId;
    keyType: KeyType;
    state: KeyMappingState;
    keyManager: {
      id: KeyManagerId;
      displayName: string;
      enabled: boolean;
      globalKeyManagerId: GlobalKeyManagerId | null;
    };
  }[];
};

/** A person's applications with what each has towards one API: its subscription and its keys. */
export async function listApplicationAccess(
  ctx: TenantContext,
  { ownerId, apiId, limit }: { ownerId: PersonId; apiId: ApiId; limit: number },
): Promise<ApplicationAccess[]> {
  const rows = await tenantDb(ctx).application.findMany({
    where: { ownerId },
    select: {
      id: true,
      name: true,
      subscriptions: { where: { apiId }, select: { id: true, state: true, plan: { select: { name: true } } } },
      keyMappings: {
        select: {
          id: true,
          keyType: true,
          state: true,
          keyManager: { select: { id: true, displayName: true, enabled: true, globalKeyManagerId: true } },
        },
        orderBy: [{ keyType: "asc" }, { createdAt: "asc" }],
      },
    },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: limit,
  });
  return rows.map(({ subscriptions: [subscription], ...row }) => ({
    id: row.id as ApplicationId,
    name: row.name,
    subscription: subscription
      ? { id: subscription.id as SubscriptionId, state: subscription.state, planName: subscription.plan.name }
      : null,
    keys: row.keyMappings.map((mapping) => ({
      ...mapping,
      id: mapping.id as KeyMappingId,
      keyManager: {
        ...mapping.keyManager,
        id: mapping.keyManager.id as KeyManagerId,
        globalKeyManagerId: mapping.keyManager.globalKeyManagerId as GlobalKeyManagerId | null,
      },
    })),
  }));
}

function toRecord(row: Row): SubscriptionRecord {
  const { application, api, plan } = row;
  return {
    ...row,
    id: row.id as SubscriptionId,
    application: { ...application, id: application.id as ApplicationId, ownerId: application.ownerId as PersonId },
    api: { ...api, id: api.id as ApiId },
    plan: { ...plan, id: plan.id as PlanId },
  };
}
