import { z } from "zod";
import { listAuditActions as readActions, listAuditEvents } from "#lib/data/audit.ts";
import { readCursor, type Page } from "#lib/data/paging.ts";
import { defineQuery } from "../verb.ts";
import { ListAuditInput, type AuditEventView } from "./contract.ts";
import { toAuditView } from "./views.ts";
import { actionName } from "./words.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** The tenant's history, the newest first. */
export const listAudit = defineQuery({
  action: "audit.list",
  permission: "audit:read",
  input: ListAuditInput,
  async run(ctx, { cursor, search, action, actor, subject, from, until }): Promise<Page<AuditEventView>> {
    const page = await listAuditEvents(ctx, {
      after: readCursor(cursor),
      limit: 50,
      search,
      action,
      actorId: actor,
      subjectId: subject,
      from: from === undefined ? undefined : new Date(from),
      until: until === undefined ? undefined : new Date(new Date(until).getTime() + dayMs),
    });
    return { ...page, items: page.items.map(toAuditView) };
  },
});

/** The actions that occur in the tenant's history, to filter by. */
export const listAuditActions = defineQuery({
  action: "audit.list_actions",
  permission: "audit:read",
  input: z.strictObject({}),
  async run(ctx): Promise<{ value: string; label: string }[]> {
    return (await readActions(ctx)).map((action) => ({ value: action, label: actionName(action) }));
  },
});
