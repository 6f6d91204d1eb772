import type { ApplicationSummary } from "#lib/data/applications.ts";
import type { ApplicationView } from "./contract.ts";

export function toApplicationView(record: ApplicationSummary): ApplicationView {
  const { id, name, description, ownerName, createdAt, keys, subscriptions } = record;
  return { id, name, description, ownerName, createdAt: createdAt.toISOString(), keys, subscriptions };
}
