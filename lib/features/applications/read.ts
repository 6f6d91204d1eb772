import { listSubscribedScopes } from "#lib/data/applications.ts";
import { listTokenHolders } from "#lib/data/key-mappings.ts";
import { defineQuery } from "../verb.ts";
import { ApplicationRef, type ApplicationDetailView, type SubscribedScopeView } from "./contract.ts";
import { requireOwnApplication } from "./own.ts";
import { toApplicationView } from "./views.ts";

/** One application of the caller's own. @throws {AppError} `application.not_found` */
export const getApplication = defineQuery({
  action: "application.read",
  permission: "application:read",
  input: ApplicationRef,
  async run(ctx, { id }): Promise<ApplicationDetailView> {
    const application = await requireOwnApplication(ctx, id);
    return { ...toApplicationView(application), removeFirst: await listTokenHolders(ctx, application.id) };
  },
});

/** Scopes of the APIs that an application is subscribed to. @throws {AppError} `application.not_found` */
export const listApplicationScopes = defineQuery({
  action: "application.list_scopes",
  permission: "application:read",
  input: ApplicationRef,
  async run(ctx, { id }): Promise<SubscribedScopeView[]> {
    const application = await requireOwnApplication(ctx, id);
    return listSubscribedScopes(ctx, application.id);
  },
});
