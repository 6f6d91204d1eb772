import { z } from "zod";
import { listEnabledKeyManagers } from "#lib/data/key-managers.ts";
import { defineQuery } from "../verb.ts";
import type { UsableKeyManager } from "./contract.ts";
import { ensurePermanentKeyManagers } from "./ensure-permanent.ts";
import { toUsable } from "./views.ts";

/** The key managers that developers may get keys from: the enabled ones, by display name. */
export const listUsableKeyManagers = defineQuery({
  action: "key_manager.list_usable",
  permission: "key_manager:use",
  input: z.strictObject({}),
  async run(ctx): Promise<UsableKeyManager[]> {
    await ensurePermanentKeyManagers(ctx, { tenantSlug: ctx.tenant.slug, deps: ctx.deps, requestId: ctx.requestId });
    return (await listEnabledKeyManagers(ctx)).flatMap((summary) => toUsable(summary) ?? []);
  },
});
