/** Where tenants are told what changes, and what they were told. */
import { newId, type PersonId, type TenantId, type WebhookId } from "../foundation/ids.ts";
import type { FeedPosition } from "./change-feed.ts";
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";
import { Prisma } from "./generated/client.ts";

export type WebhookRecord = {
  id: WebhookId;
  name: string;
  url: string;
  sealedSecret: string;
  enabled: boolean;
  /** Why it was disabled by itself; null where a person did, or nobody. */
  problem: string | null;
  /** Up to which change it was told. */
  position: FeedPosition;
  /** Tries of the present event that failed, and since when. */
  attempts: number;
  failingSince: Date | null;
  createdAt: Date;
};

export type DeliveryRecord = {
  id: string;
  eventId: string;
  type: string;
  delivered: boolean;
  status: number | null;
  problem: string | null;
  createdAt: Date;
};

const columns = {
  id: true,
  name: true,
  url: true,
  sealedSecret: true,
  enabled: true,
  problem: true,
  positionVersion: true,
  positionId: true,
  attempts: true,
  failingSince: true,
  createdAt: true,
} as const;

const deliveryColumns = {
  id: true,
  eventId: true,
  type: true,
  delivered: true,
  status: true,
  problem: true,
  createdAt: true,
} as const;

/** Deliveries that are kept of each webhook. */
export const keptDeliveries = 50;

/** The tenant's webhooks, by name. It has at most some tens of them. */
export async function listWebhooks(ctx: TenantContext): Promise<WebhookRecord[]> {
  const rows = await tenantDb(ctx).webhook.findMany({ select: columns, orderBy: { name: "asc" }, take: 100 });
  return rows.map(toRecord);
}

export async function findWebhook(ctx: TenantContext, id: WebhookId): Promise<WebhookRecord | null> {
  const row = await tenantDb(ctx).webhook.findUnique({ where: { id }, select: columns });
  return row && toRecord(row);
}

/**
 * Adds a webhook that is told what changes from now on.
 *
 * @throws a unique violation where the name is taken
 */
export async function insertWebhook(
  ctx: TenantContext,
  values: { id: WebhookId; name: string; url: string; sealedSecret: string; createdById: PersonId },
): Promise<WebhookRecord> {
  const row = await tenantDb(ctx).webhook.create({
    data: { tenantId: ctx.tenantId, ...values, positionVersion: await readPresentVersion(ctx) },
    select: columns,
  });
  return toRecord(row);
}

/** Enables or disables; one that is enabled again is told what changes from now on. */
export async function setWebhookEnabled(
  ctx: TenantContext,
  id: WebhookId,
  { enabled, problem }: { enabled: boolean; problem: string | null },
): Promise<void> {
  const anew = { positionVersion: await readPresentVersion(ctx), positionId: null, attempts: 0, failingSince: null };
  await tenantDb(ctx).webhook.update({
    where: { id },
    data: { enabled, problem, ...(enabled && { ...anew, dueAt: new Date(0), busyUntil: null }) },
    select: { id: true },
  });
}

export async function deleteWebhook(ctx: TenantContext, id: WebhookId): Promise<void> {
  await tenantDb(ctx).webhook.deleteMany({ where: { id } });
}

/** A webhook that one delivery has for itself up to a moment, by which it gives it back. */
export type TakenWebhook = WebhookRecord & { takenUntil: Date };

/**
 * Takes an enabled webhook that is due, so that nobody else delivers to it meanwhile.
 *
 * @returns null where it is gone, disabled, not due, or taken already
 */
export async function takeWebhook(
  ctx: TenantContext,
  id: WebhookId,
  { now, until }: { now: Date; until: Date },
): Promise<TakenWebhook | null> {
  const { count } = await tenantDb(ctx).webhook.updateMany({
    where: { id, enabled: true, dueAt: { lte: now }, OR: [{ busyUntil: null }, { busyUntil: { lt: now } }] },
    data: { busyUntil: until },
  });
  const webhook = count === 0 ? null : await findWebhook(ctx, id);
  return webhook && { ...webhook, takenUntil: until };
}

/**
 * Writes down up to where a webhook was told, how it goes, and when it is due again; gives it back.
 *
 * @returns false where it is not the taker's any more, as it was enabled anew meanwhile or is gone: then nothing is written
 */
export async function giveBackWebhook(
  ctx: TenantContext,
  { id, takenUntil }: Pick<TakenWebhook, "id" | "takenUntil">,
  values: { position: FeedPosition; attempts: number; failingSince: Date | null; dueAt: Date },
): Promise<boolean> {
  const { position, ...rest } = values;
  const { count } = await tenantDb(ctx).webhook.updateMany({
    where: { id, busyUntil: takenUntil },
    data: { ...rest, positionVersion: position.version, positionId: position.id, busyUntil: null },
  });
  return count > 0;
}

/** Writes down what a webhook was told, and forgets what is too long ago. */
export async function insertDelivery(
  ctx: TenantContext,
  webhookId: WebhookId,
  values: Omit<DeliveryRecord, "id" | "createdAt">,
): Promise<void> {
  const db = tenantDb(ctx);
  await db.webhookDelivery.create({ data: { id: newId(), tenantId: ctx.tenantId, webhookId, ...values } });
  const old = await db.webhookDelivery.findMany({
    where: { webhookId },
    select: { id: true },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    skip: keptDeliveries,
    take: 100,
  });
  if (old.length > 0) await db.webhookDelivery.deleteMany({ where: { id: { in: old.map(({ id }) => id) } } });
}

/** What a webhook was told last, newest first. */
export async function listDeliveries(ctx: TenantContext, webhookId: WebhookId): Promise<DeliveryRecord[]> {
  return tenantDb(ctx).webhookDelivery.findMany({
    where: { webhookId },
    select: deliveryColumns,
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: keptDeliveries,
  });
}

/**
 * Enabled webhooks whose tenant has changes that they were not told, and that are due.
 *
 * @param query.tenantIds the tenants to look at; undefined for all
 */
export async function findWebhooksBehind(
  ctx: InstallationContext,
  { now, tenantIds }: { now: Date; tenantIds?: readonly TenantId[] | undefined },
): Promise<{ id: WebhookId; tenantId: TenantId }[]> {
  const ofThese = tenantIds ? Prisma.sql`AND webhook.tenant_id = ANY(${tenantIds}::uuid[])` : Prisma.empty;
  return installationDb(ctx).$queryRaw`
    SELECT webhook.id::text AS id, webhook.tenant_id::text AS "tenantId"
      FROM webhook JOIN tenant ON tenant.id = webhook.tenant_id
     WHERE webhook.enabled AND webhook.due_at <= ${now} AND tenant.config_version > webhook.position_version
       AND (webhook.busy_until IS NULL OR webhook.busy_until < ${now}) ${ofThese}
     ORDER BY webhook.due_at LIMIT 1000`;
}

/** The version of the tenant's last change. */
export async function readPresentVersion(ctx: TenantContext): Promise<bigint> {
  const rows = await tenantDb(ctx).$queryRaw<{ version: bigint }[]>`
    SELECT config_version AS version FROM tenant WHERE id = ${ctx.tenantId}::uuid`;
  return rows[0]?.version ?? 0n;
}

function toRecord({ positionVersion, positionId, ...row }: Prisma.WebhookGetPayload<{ select: typeof columns }>) {
  return { ...row, id: row.id as WebhookId, position: { version: positionVersion, id: positionId } };
}
