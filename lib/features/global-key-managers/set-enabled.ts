import { listServedTenantIds, updateGlobalKeyManager } from "#lib/data/global-key-managers.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { SetKeyManagerEnabledInput } from "../key-managers/contract.ts";
import { requireRevision } from "../key-managers/refusals.ts";
import { defineOperatorVerb } from "../verb.ts";
import { auditHere, auditThere } from "./audit.ts";
import { letTenantsFollow } from "./follow.ts";
import { requireGlobalKeyManager } from "./require.ts";
import { refuseTakenIssuer } from "./serving.ts";

const action = "global_key_manager.set_enabled";

/**
 * Enables or disables a global key manager in every tenant that it serves. Their gateways follow at once.
 *
 * @throws {AppError} `auth.forbidden` unless an operator asks; `key_manager.not_found`, `revision.conflict`,
 *   `key_manager.issuer_conflict`
 */
export const setGlobalKeyManagerEnabled = defineOperatorVerb({
  action,
  input: SetKeyManagerEnabledInput,
  async run(ctx, { id, revision, enabled }): Promise<{ id: string; enabled: boolean; revision: number }> {
    const before = await requireGlobalKeyManager(ctx, id);
    requireRevision(before, revision);
    if (enabled && !before.enabled) {
      const tenantIds = await listServedTenantIds(ctx, before.id);
      await refuseTakenIssuer(ctx, { keyManager: before, tenantIds, except: before.id });
    }
    const after = await updateGlobalKeyManager(ctx, before, { enabled });
    if (!after) throw new AppError("revision.conflict");
    await letTenantsFollow(ctx, before.id);
    const change = { keyManager: after, before: { enabled: before.enabled }, after: { enabled } };
    await auditHere(ctx, change);
    await auditThere(ctx, { action, ...change });
    return { id, enabled: after.enabled, revision: after.revision };
  },
});
