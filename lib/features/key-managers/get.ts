import { countUsage } from "#lib/data/key-managers.ts";
import { defineQuery } from "../verb.ts";
import { KeyManagerRef, usersCountedTo, type KeyManagerView } from "./contract.ts";
import { requireKeyManager } from "./refusals.ts";
import { toKeyManagerView } from "./views.ts";

/** One key manager with everything but its secrets. @throws {AppError} `key_manager.not_found` */
export const getKeyManager = defineQuery({
  action: "key_manager.get",
  permission: "key_manager:read",
  input: KeyManagerRef,
  async run(ctx, { id }): Promise<KeyManagerView> {
    const record = await requireKeyManager(ctx, id);
    const usage = await countUsage(ctx, [record.id], usersCountedTo);
    return toKeyManagerView(record, usage.get(record.id));
  },
});
