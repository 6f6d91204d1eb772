import { listAuditEvents } from "#lib/data/audit.ts";
import { readGlobalImpact } from "#lib/data/global-key-manager-impact.ts";
import {
  countGlobalUse,
  listGlobalKeyManagers as readPage,
  listServedTenantIds,
  listServedTenants as readServed,
} from "#lib/data/global-key-managers.ts";
import { readCursor, type Page } from "#lib/data/paging.ts";
import { listTenantSlugs } from "#lib/data/tenants.ts";
import { installationHistory } from "#lib/foundation/ids.ts";
import type { AuditEventView } from "../audit/contract.ts";
import { toAuditView } from "../audit/views.ts";
import { KeyManagerRef, ListKeyManagersInput, ListUsageInput, type ImpactView } from "../key-managers/contract.ts";
import { defineOperatorInquiry, defineOperatorVerb } from "../verb.ts";
import {
  ListServedInput,
  type GlobalKeyManagerListItem,
  type GlobalKeyManagerView,
  type ServedTenantView,
  type ServingView,
} from "./contract.ts";
import { requireGlobalKeyManager } from "./require.ts";
import { toGlobalListItem, toGlobalView } from "./views.ts";

/** A page of the installation's key managers, with how many APIs and applications use each in all tenants. */
export const listGlobalKeyManagers = defineOperatorVerb({
  action: "global_key_manager.list",
  input: ListKeyManagersInput,
  async run(ctx, options): Promise<Page<GlobalKeyManagerListItem>> {
    const page = await readPage(ctx, options);
    const use = await countGlobalUse(
      ctx,
      page.items.map(({ id }) => id),
    );
    return { ...page, items: page.items.map((summary) => toGlobalListItem(summary, use.get(summary.id))) };
  },
});

/** One global key manager with everything but its secrets. @throws {AppError} `key_manager.not_found` */
export const getGlobalKeyManager = defineOperatorVerb({
  action: "global_key_manager.get",
  input: KeyManagerRef,
  run: async (ctx, { id }): Promise<GlobalKeyManagerView> => toGlobalView(ctx, await requireGlobalKeyManager(ctx, id)),
});

/** Which tenants it serves, as its form has it. @throws {AppError} `key_manager.not_found` */
export const getServing = defineOperatorVerb({
  action: "global_key_manager.get_serving",
  input: KeyManagerRef,
  async run(ctx, { id }): Promise<ServingView> {
    const { id: known, revision, serves } = await requireGlobalKeyManager(ctx, id);
    const tenants = serves === "ALL" ? [] : await listTenantSlugs(ctx, await listServedTenantIds(ctx, known));
    return { id, revision, serves, tenants };
  },
});

/** The tenants that it serves, by address, with who uses it there. @throws {AppError} `key_manager.not_found` */
export const listServedTenants = defineOperatorVerb({
  action: "global_key_manager.list_served",
  input: ListServedInput,
  async run(ctx, { id, cursor, limit }): Promise<Page<ServedTenantView>> {
    const record = await requireGlobalKeyManager(ctx, id);
    return readServed(ctx, record.id, { after: cursor, limit });
  },
});

/** What would stop working, in all tenants, if it were disabled now. @throws {AppError} `key_manager.not_found` */
export const previewGlobalDisable = defineOperatorVerb({
  action: "global_key_manager.preview_disable",
  input: KeyManagerRef,
  run: async (ctx, { id }): Promise<ImpactView> => readGlobalImpact(ctx, (await requireGlobalKeyManager(ctx, id)).id),
});

/** What was done to it, the newest first. */
export const listGlobalActivity = defineOperatorInquiry({
  action: "global_key_manager.list_activity",
  input: ListUsageInput,
  async run(caller, { id, cursor, limit }): Promise<Page<AuditEventView>> {
    const page = await caller.deps.database.inTenant(installationHistory, (tx) =>
      listAuditEvents(tx, { after: readCursor(cursor), limit, subjectId: id }),
    );
    return { ...page, items: page.items.map(toAuditView) };
  },
});
