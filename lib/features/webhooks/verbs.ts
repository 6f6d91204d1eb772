/** What administrators do with webhooks. */
import { z } from "zod";
import { isUniqueViolation } from "#lib/data/database.ts";
import {
  deleteWebhook as dropWebhook,
  findWebhook,
  insertDelivery,
  insertWebhook,
  listDeliveries,
  listWebhooks as readWebhooks,
  setWebhookEnabled as writeEnabled,
  type WebhookRecord,
} from "#lib/data/webhooks.ts";
import { AppError, fieldError } from "#lib/foundation/errors.ts";
import { newId, type WebhookId } from "#lib/foundation/ids.ts";
import { requirePerson } from "../applications/own.ts";
import { defineMutation, defineQuery, type QueryContext } from "../verb.ts";
import {
  CreateWebhookInput,
  maximumWebhooks,
  SetWebhookEnabledInput,
  WebhookRef,
  type DeliveryView,
  type NewWebhookView,
  type WebhookDetailView,
  type WebhookView,
} from "./contract.ts";
import { newWebhookSecret, openWebhookSecret, sealWebhookSecret } from "./secret.ts";
import { sendToWebhook, type Sent, type WebhookMessage } from "./send.ts";
import { toDeliveryView, toWebhookView } from "./views.ts";

/** The tenant's webhooks, by name. */
export const listWebhooks = defineQuery({
  action: "webhook.list",
  permission: "webhook:read",
  input: z.strictObject({}),
  run: async (ctx): Promise<WebhookView[]> => (await readWebhooks(ctx)).map(toWebhookView),
});

/**
 * A webhook with what it was told last.
 *
 * @throws {AppError} `webhook.not_found`
 */
export const getWebhook = defineQuery({
  action: "webhook.read",
  permission: "webhook:read",
  input: WebhookRef,
  async run(ctx, { id }): Promise<WebhookDetailView> {
    const record = await requireWebhook(ctx, id);
    return { ...toWebhookView(record), deliveries: (await listDeliveries(ctx, record.id)).map(toDeliveryView) };
  },
});

/**
 * Adds a webhook, which is told what changes from now on. The view that is returned is the one chance to see its secret.
 *
 * @throws {AppError} `webhook.conflict` where the name is taken, `input.invalid` where there are too many, or where the
 *   address may not be called from here
 */
export const createWebhook = defineMutation({
  action: "webhook.create",
  permission: "webhook:write",
  input: CreateWebhookInput,
  async look(ctx, { url }): Promise<void> {
    const refusal = await ctx.deps.refuseAddress(url);
    if (refusal !== null) throw fieldError("url", refusal);
  },
  async run(ctx, { name, url }): Promise<NewWebhookView> {
    const { personId: createdById } = requirePerson(ctx.actor);
    if ((await readWebhooks(ctx)).length >= maximumWebhooks) {
      throw fieldError("name", `A tenant has at most ${String(maximumWebhooks)} webhooks. Delete one first.`);
    }
    const id = newId<WebhookId>();
    const secret = newWebhookSecret();
    const sealedSecret = sealWebhookSecret(ctx, id, secret);
    const record = await insertWebhook(ctx, { id, name, url, sealedSecret, createdById }).catch(refuseDuplicate);
    ctx.audit({ subject: subjectOf(record), after: { name, url } });
    return { ...toWebhookView(record), secret: secret.reveal() };
  },
});

/**
 * Enables or disables a webhook. One that is enabled again is told what changes from then on.
 *
 * @throws {AppError} `webhook.not_found`
 */
export const setWebhookEnabled = defineMutation({
  action: "webhook.set_enabled",
  permission: "webhook:write",
  input: SetWebhookEnabledInput,
  async run(ctx, { id, enabled }): Promise<WebhookView> {
    const before = await requireWebhook(ctx, id);
    await writeEnabled(ctx, before.id, { enabled, problem: null });
    ctx.audit({ subject: subjectOf(before), before: { enabled: before.enabled }, after: { enabled } });
    return toWebhookView({ ...before, enabled, problem: null, failingSince: enabled ? null : before.failingSince });
  },
});

/**
 * Deletes a webhook with what it was told.
 *
 * @throws {AppError} `webhook.not_found`
 */
export const deleteWebhook = defineMutation({
  action: "webhook.delete",
  permission: "webhook:write",
  input: WebhookRef,
  async run(ctx, { id }): Promise<{ name: string }> {
    const { id: found, name, url } = await requireWebhook(ctx, id);
    await dropWebhook(ctx, found);
    ctx.audit({ subject: subjectOf({ id: found, name }), before: { name, url } });
    return { name };
  },
});

/**
 * Sends a test event to a webhook, whether or not it is enabled.
 *
 * @throws {AppError} `webhook.not_found`
 */
export const testWebhook = defineMutation({
  action: "webhook.test",
  permission: "webhook:write",
  input: WebhookRef,
  async look(ctx, { id }): Promise<{ record: WebhookRecord; message: WebhookMessage; sent: Sent }> {
    const record = await ctx.deps.database.inTenant(ctx.tenant.id, (tx) => requireWebhook({ ...ctx, ...tx }, id));
    const message = { id: `test-${newId()}`, type: "test", data: { webhook: record.name } };
    const target = { url: record.url, secret: openWebhookSecret(ctx, record.id, record.sealedSecret) };
    const sent = await sendToWebhook(ctx.deps.outbound, target, { message, now: ctx.deps.clock.now() });
    return { record, message, sent };
  },
  async run(ctx, _input, { record, message, sent }): Promise<Omit<DeliveryView, "id" | "at">> {
    const delivery = { eventId: message.id, type: message.type, ...sent };
    // It may have been deleted meanwhile.
    await requireWebhook(ctx, record.id);
    await insertDelivery(ctx, record.id, delivery);
    ctx.audit({ subject: subjectOf(record), after: { delivered: sent.delivered, status: sent.status } });
    return delivery;
  },
});

async function requireWebhook(ctx: QueryContext, id: string): Promise<WebhookRecord> {
  const record = await findWebhook(ctx, id as WebhookId);
  if (!record) throw new AppError("webhook.not_found");
  return record;
}

function subjectOf({ id, name }: Pick<WebhookRecord, "id" | "name">) {
  return { type: "webhook", id, name };
}

function refuseDuplicate(error: unknown): never {
  if (!isUniqueViolation(error)) throw error;
  throw new AppError("webhook.conflict", {
    fields: [{ path: "name", message: "Another webhook has this name. Choose a different one." }],
    cause: error,
  });
}
