import type { ApiTenant } from "../apis/contract.ts";
import type { SubscriptionView } from "../subscriptions/contract.ts";

/** A subscription of one tenant's application to another tenant's API. Its owner is that other tenant's business. */
export type CrossTenantSubscriptionView = Omit<SubscriptionView, "application" | "api"> & {
  application: { id: string; name: string; tenant: ApiTenant };
  api: SubscriptionView["api"] & { tenant: ApiTenant };
};
