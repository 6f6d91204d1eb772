import { updateKeyManager as writeKeyManager } from "#lib/data/key-managers.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { requestNarrowing } from "../key-mappings/narrow-scopes.ts";
import { requestMirroring } from "../scope-mirrors/request.ts";
import { defineMutation } from "../verb.ts";
import { auditSubject } from "./audit.ts";
import { SetKeyManagerEnabledInput, type KeyManagerListItem } from "./contract.ts";
import { requireOwnKeyManager, requireRevision } from "./refusals.ts";
import { refuseDuplicateIssuer } from "./rules.ts";
import { toListItem } from "./views.ts";

/**
 * Enables or disables a key manager. Gateways follow at once: tokens of a disabled one are refused, and
 * developers no longer get keys or tokens from it.
 *
 * @throws {AppError} `key_manager.not_found`, `revision.conflict`, `key_manager.issuer_conflict`,
 *   `auth.forbidden` for a global one
 */
export const setKeyManagerEnabled = defineMutation({
  action: "key_manager.set_enabled",
  permission: "key_manager:write",
  input: SetKeyManagerEnabledInput,
  async run(ctx, { id, revision, enabled }): Promise<KeyManagerListItem> {
    const before = await requireOwnKeyManager(ctx, id);
    requireRevision(before, revision);
    if (enabled && !before.enabled) await refuseDuplicateIssuer(ctx, before, before.id);
    const after = await writeKeyManager(ctx, before, { enabled });
    if (!after) throw new AppError("revision.conflict");
    await requestMirroring(ctx);
    // What could not be narrowed while it was disabled.
    if (enabled) await requestNarrowing(ctx, { keyManagerId: after.id });
    ctx.audit({ subject: auditSubject(after), before: { enabled: before.enabled }, after: { enabled } });
    return toListItem(after, { global: false });
  },
});
