/**
 * Subscriptions of one tenant's applications to another tenant's APIs. They concern two tenants, each of which sees
 * only its own half, so the functions here work for the installation and are told both.
 */
import {
  newId,
  type ApiId,
  type ApplicationId,
  type CrossTenantSubscriptionId,
  type PersonId,
  type PlanId,
  type TenantId,
} from "../foundation/ids.ts";
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";
import type { Prisma } from "./generated/client.ts";
import { afterPosition, toPage, type Page, type Position } from "./paging.ts";
import type { SubscriptionState } from "./subscriptions.ts";

type TenantName = { id: TenantId; name: string; slug: string };

export type CrossTenantSubscriptionRecord = {
  id: CrossTenantSubscriptionId;
  state: SubscriptionState;
  createdAt: Date;
  application: { id: ApplicationId; name: string; ownerId: PersonId; tenant: TenantName };
  api: { id: ApiId; name: string; version: string; context: string; tenant: TenantName };
  plan: { id: PlanId; name: string };
};

const tenantColumns = { select: { id: true, name: true, slug: true } } as const;
const columns = {
  id: true,
  state: true,
  createdAt: true,
  application: { select: { id: true, name: true, ownerId: true, tenant: tenantColumns } },
  api: { select: { id: true, name: true, version: true, context: true, tenant: tenantColumns } },
  plan: { select: { id: true, name: true } },
} as const;

type Row = Prisma.CrossTenantSubscriptionGetPayload<{ select: typeof columns }>;

/** Whose subscriptions are read: those to an API of a tenant, or those of an application of a tenant. */
export type Side =
  { tenantId: TenantId; apiId: ApiId } | { subscriberTenantId: TenantId; applicationId: ApplicationId };

/** A page of subscriptions, newest first. */
export async function listCrossTenantSubscriptions(
  ctx: InstallationContext,
  { of, after, limit }: { of: Side; after: Position | null; limit: number },
): Promise<Page<CrossTenantSubscriptionRecord>> {
  const rows = await installationDb(ctx).crossTenantSubscription.findMany({
    where: { ...of, ...afterPosition(after) },
    select: columns,
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: limit + 1,
  });
  return toPage(rows, limit, toRecord);
}

/** What a person's applications have towards another tenant's API, by application. */
export async function findOwnSubscriptions(
  ctx: InstallationContext,
  { subscriberTenantId, ownerId, apiId }: { subscriberTenantId: TenantId; ownerId: PersonId; apiId: ApiId },
): Promise<ReadonlyMap<ApplicationId, CrossTenantSubscriptionRecord>> {
  const rows = await installationDb(ctx).crossTenantSubscription.findMany({
    where: { subscriberTenantId, apiId, application: { ownerId } },
    select: columns,
  });
  return new Map(rows.map(toRecord).map((record) => [record.application.id, record]));
}

/** @param party the tenant that must be one of the two; another one's subscription reads as absent */
export async function findCrossTenantSubscription(
  ctx: InstallationContext,
  id: CrossTenantSubscriptionId,
  party: { tenantId: TenantId } | { subscriberTenantId: TenantId },
): Promise<CrossTenantSubscriptionRecord | null> {
  const row = await installationDb(ctx).crossTenantSubscription.findFirst({ where: { id, ...party }, select: columns });
  return row && toRecord(row);
}

/** A person's application in a tenant; null where there is none. */
export async function findOwnedApplication(
  ctx: InstallationContext,
  { tenantId, id, ownerId }: { tenantId: TenantId; id: ApplicationId; ownerId: PersonId },
): Promise<{ id: ApplicationId; name: string } | null> {
  const row = await installationDb(ctx).application.findFirst({
    where: { tenantId, id, ownerId },
    select: { id: true, name: true },
  });
  return row && { ...row, id: row.id as ApplicationId };
}

/** @throws a unique violation where the application is subscribed to the API already */
export async function insertCrossTenantSubscription(
  ctx: InstallationContext,
  values: {
    tenantId: TenantId;
    apiId: ApiId;
    planId: PlanId;
    subscriberTenantId: TenantId;
    applicationId: ApplicationId;
  },
): Promise<CrossTenantSubscriptionRecord> {
  const row = await installationDb(ctx).crossTenantSubscription.create({
    data: { id: newId<CrossTenantSubscriptionId>(), ...values },
    select: columns,
  });
  return toRecord(row);
}

export async function setCrossTenantState(
  ctx: InstallationContext,
  id: CrossTenantSubscriptionId,
  state: SubscriptionState,
): Promise<void> {
  await installationDb(ctx).crossTenantSubscription.update({ where: { id }, data: { state }, select: { id: true } });
}

export async function deleteCrossTenantSubscription(
  ctx: InstallationContext,
  id: CrossTenantSubscriptionId,
): Promise<void> {
  await installationDb(ctx).crossTenantSubscription.delete({ where: { id }, select: { id: true } });
}

export type ForeignScope = { name: string; description: string; api: string };

/** Scopes of other tenants' APIs that an application of this tenant is subscribed to, by name. */
export async function listSubscribedForeignScopes(ctx: TenantContext, id: ApplicationId): Promise<ForeignScope[]> {
  return tenantDb(ctx).$queryRaw<ForeignScope[]>`
    SELECT scope_name AS name, scope_description AS description, api_name || ' ' || api_version AS api
      FROM latchkey_subscribed_foreign_scopes(${id}::uuid)`;
}

function toRecord({ application, api, plan, ...row }: Row): CrossTenantSubscriptionRecord {
  return {
    ...row,
    id: row.id as CrossTenantSubscriptionId,
    application: {
      ...application,
      id: application.id as ApplicationId,
      ownerId: application.ownerId as PersonId,
      tenant: toTenantName(application.tenant),
    },
    api: { ...api, id: api.id as ApiId, tenant: toTenantName(api.tenant) },
    plan: { ...plan, id: plan.id as PlanId },
  };
}

function toTenantName(tenant: { id: string; name: string; slug: string }): TenantName {
  return { ...tenant, id: tenant.id as TenantId };
}
