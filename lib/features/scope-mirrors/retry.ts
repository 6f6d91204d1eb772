import { retryScopeMirrors } from "#lib/data/scope-mirrors.ts";
import type { KeyManagerId } from "#lib/foundation/ids.ts";
import { auditSubject } from "../key-managers/audit.ts";
import { requireKeyManager } from "../key-managers/refusals.ts";
import { defineMutation, type MutationContext } from "../verb.ts";
import { RetryMirrorsAtInput, ScopeMirrorsOfApiInput } from "./contract.ts";
import { requireApiWithHolders } from "./list.ts";
import { mirrorJob } from "./request.ts";

/**
 * Tries at once what waits or has failed at the key managers that an API accepts.
 *
 * @throws {AppError} `api.not_found`
 */
export const retryMirroringOfApi = defineMutation({
  action: "scope_mirror.retry",
  permission: "api:write",
  input: ScopeMirrorsOfApiInput,
  async run(ctx, { apiId }): Promise<{ tried: number }> {
    const { api, holders } = await requireApiWithHolders(ctx, apiId);
    ctx.audit({ subject: { type: "api", id: api.id, name: `${api.name} ${api.version}` } });
    const ids = holders.map(({ id }) => id);
    return { tried: await tryNow(ctx, ids) };
  },
});

/**
 * Tries at once what waits or has failed at one key manager.
 *
 * @throws {AppError} `key_manager.not_found`
 */
export const retryMirroringAt = defineMutation({
  action: "scope_mirror.retry",
  permission: "key_manager:write",
  input: RetryMirrorsAtInput,
  async run(ctx, { keyManagerId }): Promise<{ keyManagerId: string; tried: number }> {
    const keyManager = await requireKeyManager(ctx, keyManagerId);
    ctx.audit({ subject: auditSubject(keyManager) });
    return { keyManagerId, tried: await tryNow(ctx, [keyManager.id]) };
  },
});

async function tryNow(ctx: MutationContext, keyManagerIds: KeyManagerId[]): Promise<number> {
  const due = await retryScopeMirrors(ctx, keyManagerIds, ctx.deps.clock.now());
  for (const id of due) await ctx.deps.jobs.enqueue(ctx, mirrorJob(ctx.tenant.id, id));
  return due.length;
}
