/** Tells webhooks what changed: each event signed, in order, until it is taken. */
import type { FeedPosition } from "#lib/data/change-feed.ts";
import {
  findWebhooksBehind,
  giveBackWebhook,
  insertDelivery,
  readPresentVersion,
  setWebhookEnabled,
  takeWebhook,
  type TakenWebhook,
  type WebhookRecord,
} from "#lib/data/webhooks.ts";
import type { TenantId, WebhookId } from "#lib/foundation/ids.ts";
import type { Context, Dependencies } from "../context.ts";
import { readPosition } from "../events/change-events.ts";
import { readEventPage, type EventPage } from "../events/event-page.ts";
import { systemContext } from "../system.ts";
import { inAuditedTransaction } from "../verb.ts";
import { openWebhookSecret } from "./secret.ts";
import { sendToWebhook, type WebhookMessage } from "./send.ts";

/** The kind of job that tells one webhook what it was not told yet; its subject is the webhook. */
export const deliverWebhookJob = "webhook.deliver";

/** One run, which ends well before somebody else may take the webhook, and soon: the next webhooks wait for its end. */
const eventsInOneRun = 20;
const runMs = 10_000;
const takenMs = 110_000;
const firstPauseMs = 5_000;
const longestPauseMs = 60 * 60_000;
/** After so long without one delivery a webhook is disabled. */
const patienceMs = 3 * 24 * 60 * 60_000;
/** RFC 9110 §15.5.11: what was there is gone for good. */
const gone = 410;

/**
 * Lets the queue see to webhooks that have not heard of everything.
 *
 * @param tenantIds the tenants whose webhooks are meant; undefined for all
 */
export async function wakeWebhooks(
  { database, clock, jobs }: Dependencies,
  tenantIds?: readonly TenantId[],
): Promise<void> {
  const behind = await database.inInstallation((tx) => findWebhooksBehind(tx, { now: clock.now(), tenantIds }));
  for (const { id, tenantId } of behind) {
    await database.inTenant(tenantId, (tx) => jobs.enqueue(tx, jobOf(tenantId, id)));
  }
}

/**
 * Tells a webhook what changed since it was told last. What is not taken is sent again with the same id, ever later;
 * after three days, or where the address says that it is gone, the webhook is disabled. Safe to run twice.
 */
export async function deliverToWebhook(deps: Dependencies, tenantId: TenantId, webhookId: string): Promise<void> {
  const ctx = await systemContext(deps, tenantId);
  if (!ctx) return;
  const { database, clock } = deps;
  const id = webhookId as WebhookId;
  const now = clock.now();
  const until = new Date(now.getTime() + takenMs);
  const webhook = await database.inTenant(tenantId, (tx) => takeWebhook(tx, id, { now, until }));
  if (!webhook) return;
  const query = { tenantId, after: webhook.position, limit: eventsInOneRun };
  const page = await database.inInstallation((tx) => readEventPage(tx, query));
  if (page) await tell(ctx, webhook, page);
}

async function tell(ctx: Context, webhook: TakenWebhook, page: EventPage): Promise<void> {
  const { database, clock, jobs, outbound } = ctx.deps;
  const inTenant = database.inTenant.bind(database, ctx.tenant.id);
  const target = { url: webhook.url, secret: openWebhookSecret(ctx, webhook.id, webhook.sealedSecret) };
  const endsAt = clock.now().getTime() + runMs;
  let position = webhook.position;
  for (const message of messagesOf(page)) {
    const now = clock.now();
    if (now.getTime() > endsAt) break;
    const sent = await sendToWebhook(outbound, target, { message, now });
    const delivery = { eventId: message.id, type: message.type, ...sent };
    await inTenant((tx) => insertDelivery(tx, webhook.id, delivery));
    if (!sent.delivered) return postpone(ctx, { ...webhook, position }, sent.status);
    position = readPosition(message.id) ?? position;
    // What it took is not sent again, whatever ends this process.
    webhook = { ...webhook, attempts: 0, failingSince: null };
  }
  const isThrough = clock.now().getTime() <= endsAt;
  const reached = isThrough ? endOf(page, position) : position;
  await inTenant(async (tx) => {
    const told = { position: reached, attempts: 0, failingSince: null, dueAt: clock.now() };
    if (!(await giveBackWebhook(tx, webhook, told))) return;
    if (page.hasMore || !isThrough) await jobs.enqueue(tx, jobOf(ctx.tenant.id, webhook.id));
  });
  // Whoever was to be woken by what changed meanwhile was found busy. Once it is given back, that happens no more.
  await inTenant(async (tx) => {
    if ((await readPresentVersion(tx)) > page.version) await jobs.enqueue(tx, jobOf(ctx.tenant.id, webhook.id));
  });
}

/** What a page tells; where some of it is no longer on record, that everything is to be read anew. */
function messagesOf({ version, changes, events }: EventPage): readonly WebhookMessage[] {
  return changes === null ? [{ id: String(version), type: "reset", data: {} }] : events;
}

/** Behind what concerns nobody outside, too. */
function endOf({ version, changes }: EventPage, reached: FeedPosition): FeedPosition {
  if (changes === null) return { version, id: null };
  return changes.at(-1)?.position ?? reached;
}

async function postpone(ctx: Context, webhook: TakenWebhook, status: number | null): Promise<void> {
  const { database, clock, jobs } = ctx.deps;
  const now = clock.now();
  const failingSince = webhook.failingSince ?? now;
  const attempts = webhook.attempts + 1;
  const isOver = status === gone || now.getTime() - failingSince.getTime() >= patienceMs;
  const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempts - 1));
  const dueAt = new Date(now.getTime() + pauseMs);
  const { id, position } = webhook;
  const isOurs = await database.inTenant(ctx.tenant.id, async (tx) => {
    if (!(await giveBackWebhook(tx, webhook, { position, attempts, failingSince, dueAt }))) return false;
    if (!isOver) {
      await jobs.enqueue(tx, { ...jobOf(ctx.tenant.id, id), delaySeconds: Math.ceil(pauseMs / 1_000) });
    }
    return true;
  });
  if (isOver && isOurs) await disable(ctx, webhook, status);
}

async function disable(ctx: Context, { id, name }: WebhookRecord, status: number | null): Promise<void> {
  const problem =
    status === gone ? "Its address answered that it is gone for good (410)." : "Nothing was delivered for three days.";
  await inAuditedTransaction(ctx, "webhook.give_up", async (mutation) => {
    await setWebhookEnabled(mutation, id, { enabled: false, problem });
    mutation.audit({ subject: { type: "webhook", id, name }, after: { enabled: false, problem } });
  });
}

function jobOf(tenantId: TenantId, id: WebhookId) {
  return { kind: deliverWebhookJob, tenantId, subjectId: id };
}
