import { countUsage, listUsingApis, listUsingApplications } from "#lib/data/key-managers.ts";
import { defineQuery } from "../verb.ts";
import {
  ListUsageInput,
  usersCountedTo,
  type UsagePage,
  type UsingApiView,
  type UsingApplicationView,
} from "./contract.ts";
import { requireKeyManager } from "./refusals.ts";

/** APIs that accept this key manager by name; those that accept all do not count. */
export const listKeyManagerApis = defineQuery({
  action: "key_manager.list_apis",
  permission: "key_manager:read",
  input: ListUsageInput,
  async run(ctx, { id, cursor, limit }): Promise<UsagePage<UsingApiView>> {
    const record = await requireKeyManager(ctx, id);
    const usage = await countUsage(ctx, [record.id], usersCountedTo);
    const page = await listUsingApis(ctx, record.id, { cursor, limit });
    return { ...page, total: usage.get(record.id)?.apis ?? 0 };
  },
});

/** Applications that hold keys of this key manager. */
export const listKeyManagerApplications = defineQuery({
  action: "key_manager.list_applications",
  permission: "key_manager:read",
  input: ListUsageInput,
  async run(ctx, { id, cursor, limit }): Promise<UsagePage<UsingApplicationView>> {
    const record = await requireKeyManager(ctx, id);
    const usage = await countUsage(ctx, [record.id], usersCountedTo);
    const page = await listUsingApplications(ctx, record.id, { cursor, limit });
    return { ...page, total: usage.get(record.id)?.applications ?? 0 };
  },
});
