import type { CrossTenantSubscriptionRecord } from "#lib/data/cross-tenant-subscriptions.ts";
import type { CrossTenantSubscriptionView } from "./contract.ts";

export function toCrossTenantView(record: CrossTenantSubscriptionRecord): CrossTenantSubscriptionView {
  const { id, state, createdAt, application, api, plan } = record;
  return {
    ...{ id, state, plan },
    createdAt: createdAt.toISOString(),
    application: { id: application.id, name: application.name, tenant: nameOf(application.tenant) },
    api: { ...api, tenant: nameOf(api.tenant) },
  };
}

function nameOf({ name, slug }: { name: string; slug: string }) {
  return { name, slug };
}

/** How both histories name it: "Shop (Harbour) → Orders 1.0.0 (Northwind)". */
export function auditSubject({ id, application, api }: CrossTenantSubscriptionRecord) {
  const name = `${application.name} (${application.tenant.name}) → ${api.name} ${api.version} (${api.tenant.name})`;
  return { type: "subscription", id, name };
}
