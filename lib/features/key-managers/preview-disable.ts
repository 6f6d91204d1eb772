import { readImpact } from "#lib/data/key-managers.ts";
import { defineQuery } from "../verb.ts";
import { KeyManagerRef, type ImpactView } from "./contract.ts";
import { requireKeyManager } from "./refusals.ts";

/** What would stop working if this key manager were disabled now. @throws {AppError} `key_manager.not_found` */
export const previewDisable = defineQuery({
  action: "key_manager.preview_disable",
  permission: "key_manager:read",
  input: KeyManagerRef,
  async run(ctx, { id }): Promise<ImpactView> {
    return readImpact(ctx, (await requireKeyManager(ctx, id)).id);
  },
});
