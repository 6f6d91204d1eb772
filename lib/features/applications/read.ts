import { listSubscribedScopes } from "#lib/data/applications.ts";
import { defineQuery } from "../verb.ts";
import { ApplicationRef, type ApplicationView, type SubscribedScopeView } from "./contract.ts";
import { requireOwnApplication } from "./own.ts";
import { toApplicationView } from "./views.ts";

/** One application of the caller's own. @throws {AppError} `application.not_found` */
export const getApplication = defineQuery({
  action: "application.read",
  permission: "application:read",
  input: ApplicationRef,
  run: async (ctx, { id }): Promise<ApplicationView> => toApplicationView(await requireOwnApplication(ctx, id)),
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
