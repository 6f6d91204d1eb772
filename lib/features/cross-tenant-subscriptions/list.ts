import { findOwnedApplication, listCrossTenantSubscriptions } from "#lib/data/cross-tenant-subscriptions.ts";
import { readCursor, type Page } from "#lib/data/paging.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { ApiId, ApplicationId } from "#lib/foundation/ids.ts";
import { requirePerson } from "../applications/own.ts";
import { ListOfApiInput, ListOfApplicationInput } from "../subscriptions/contract.ts";
import { defineCrossTenantVerb } from "../verb.ts";
import type { CrossTenantSubscriptionView } from "./contract.ts";
import { toCrossTenantView } from "./views.ts";

/**
 * Subscriptions of one of the caller's applications to other tenants' APIs, newest first.
 *
 * @throws {AppError} `application.not_found`
 */
export const listForeignSubscriptionsOfApplication = defineCrossTenantVerb({
  action: "cross_tenant_subscription.list_of_application",
  permission: "application:read",
  input: ListOfApplicationInput,
  async run(ctx, { applicationId, cursor, limit }): Promise<Page<CrossTenantSubscriptionView>> {
    const { personId: ownerId } = requirePerson(ctx.actor);
    const own = { tenantId: ctx.tenant.id, id: applicationId as ApplicationId, ownerId };
    const application = await findOwnedApplication(ctx, own);
    if (!application) throw new AppError("application.not_found");
    const of = { subscriberTenantId: ctx.tenant.id, applicationId: application.id };
    const page = await listCrossTenantSubscriptions(ctx, { of, after: readCursor(cursor), limit });
    return { ...page, items: page.items.map(toCrossTenantView) };
  },
});

/** Applications of other tenants that are subscribed to an API of the caller's tenant, newest first. */
export const listForeignSubscriptionsOfApi = defineCrossTenantVerb({
  action: "cross_tenant_subscription.list_of_api",
  permission: "subscription:manage",
  input: ListOfApiInput,
  async run(ctx, { apiId, cursor, limit }): Promise<Page<CrossTenantSubscriptionView>> {
    const of = { tenantId: ctx.tenant.id, apiId: apiId as ApiId };
    const page = await listCrossTenantSubscriptions(ctx, { of, after: readCursor(cursor), limit });
    return { ...page, items: page.items.map(toCrossTenantView) };
  },
});
