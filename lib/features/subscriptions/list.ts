import { readCursor, type Page } from "#lib/data/paging.ts";
import { listSubscriptions } from "#lib/data/subscriptions.ts";
import type { ApiId, ApplicationId } from "#lib/foundation/ids.ts";
import { defineQuery } from "../verb.ts";
import { ListOfApiInput, ListOfApplicationInput, type SubscriptionView } from "./contract.ts";
import { ownApplication } from "./own.ts";
import { toSubscriptionView } from "./views.ts";

/** Subscriptions of one of the caller's applications, newest first. @throws {AppError} `application.not_found` */
export const listSubscriptionsOfApplication = defineQuery({
  action: "subscription.list_of_application",
  permission: "application:read",
  input: ListOfApplicationInput,
  async run(ctx, { applicationId, cursor, limit }): Promise<Page<SubscriptionView>> {
    const { id } = await ownApplication(ctx, applicationId as ApplicationId);
    const page = await listSubscriptions(ctx, { of: { applicationId: id }, after: readCursor(cursor), limit });
    return { ...page, items: page.items.map(toSubscriptionView) };
  },
});

/** Who is subscribed to an API, newest first: for its creator. */
export const listSubscriptionsOfApi = defineQuery({
  action: "subscription.list_of_api",
  permission: "subscription:manage",
  input: ListOfApiInput,
  async run(ctx, { apiId, cursor, limit }): Promise<Page<SubscriptionView>> {
    const page = await listSubscriptions(ctx, { of: { apiId: apiId as ApiId }, after: readCursor(cursor), limit });
    return { ...page, items: page.items.map(toSubscriptionView) };
  },
});
