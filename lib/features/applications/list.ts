import { listApplications as readApplications } from "#lib/data/applications.ts";
import { readCursor } from "#lib/data/paging.ts";
import { defineQuery } from "../verb.ts";
import { ListApplicationsInput, type ApplicationListView } from "./contract.ts";
import { requirePerson } from "./own.ts";
import { toApplicationView } from "./views.ts";

/** A page of the caller's own applications, newest first. */
export const listApplications = defineQuery({
  action: "application.list",
  permission: "application:read",
  input: ListApplicationsInput,
  async run(ctx, { search, cursor, limit }): Promise<ApplicationListView> {
    const { personId } = requirePerson(ctx.actor);
    const page = await readApplications(ctx, { ownerId: personId, search, after: readCursor(cursor), limit });
    return { items: page.items.map(toApplicationView), nextCursor: page.nextCursor };
  },
});

/** A page of everybody's applications in the tenant, newest first. */
export const listEveryApplication = defineQuery({
  action: "application.list_every",
  permission: "application:administer",
  input: ListApplicationsInput,
  async run(ctx, { search, cursor, limit }): Promise<ApplicationListView> {
    const page = await readApplications(ctx, { ownerId: "anybody", search, after: readCursor(cursor), limit });
    return { items: page.items.map(toApplicationView), nextCursor: page.nextCursor };
  },
});
