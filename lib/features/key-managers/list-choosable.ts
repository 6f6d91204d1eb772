import { z } from "zod";
import { listAllKeyManagers } from "#lib/data/key-managers.ts";
import { defineQuery } from "../verb.ts";
import type { ChoosableKeyManager } from "./contract.ts";
import { ensurePermanentKeyManagers } from "./ensure-permanent.ts";
import { toChoosable } from "./views.ts";

/** The key managers that an API may accept, the disabled ones included, by display name. */
export const listChoosableKeyManagers = defineQuery({
  action: "key_manager.list_choosable",
  permission: "key_manager:choose",
  input: z.strictObject({}),
  async run(ctx): Promise<ChoosableKeyManager[]> {
    await ensurePermanentKeyManagers(ctx, { tenantSlug: ctx.tenant.slug, deps: ctx.deps, requestId: ctx.requestId });
    return (await listAllKeyManagers(ctx)).map(toChoosable);
  },
});
