import type { DeliveryRecord, WebhookRecord } from "#lib/data/webhooks.ts";
import type { DeliveryView, WebhookView } from "./contract.ts";

/** Everything but the secret. */
export function toWebhookView(record: WebhookRecord): WebhookView {
  const { id, name, url, enabled, problem, failingSince, createdAt } = record;
  return {
    ...{ id, name, url, enabled, problem },
    failingSince: failingSince?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
  };
}

export function toDeliveryView({ createdAt, ...delivery }: DeliveryRecord): DeliveryView {
  return { ...delivery, at: createdAt.toISOString() };
}
