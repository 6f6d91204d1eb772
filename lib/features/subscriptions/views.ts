import type { SubscriptionRecord } from "#lib/data/subscriptions.ts";
import type { SubscriptionView } from "./contract.ts";

export function toSubscriptionView({ application, createdAt, ...record }: SubscriptionRecord): SubscriptionView {
  const { id, name, ownerName } = application;
  return { ...record, createdAt: createdAt.toISOString(), application: { id, name, ownerName } };
}
