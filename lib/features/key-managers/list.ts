import { countUsage, listKeyManagers as readKeyManagers } from "#lib/data/key-managers.ts";
import { defineQuery } from "../verb.ts";
import { ListKeyManagersInput, usersCountedTo, type KeyManagerListView } from "./contract.ts";
import { ensurePermanentKeyManagers } from "./ensure-permanent.ts";
import { toListItem } from "./views.ts";

/** A page of the tenant's key managers, with how many APIs and applications use each. */
export const listKeyManagers = defineQuery({
  action: "key_manager.list",
  permission: "key_manager:read",
  input: ListKeyManagersInput,
  async run(ctx, { search, sort, cursor, limit }): Promise<KeyManagerListView> {
    await ensurePermanentKeyManagers(ctx, { tenantSlug: ctx.tenant.slug, deps: ctx.deps, requestId: ctx.requestId });
    const page = await readKeyManagers(ctx, { search, sort, cursor, limit });
    const usage = await countUsage(
      ctx,
      page.items.map(({ id }) => id),
      usersCountedTo,
    );
    return {
      ...page,
      items: page.items.map((summary) =>
        toListItem(summary, { global: summary.globalKeyManagerId !== null, usage: usage.get(summary.id) }),
      ),
    };
  },
});
