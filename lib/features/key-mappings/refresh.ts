import { managing, type RegisteredClient } from "#lib/connector-kit/contract.ts";
import { lockKeyMapping, updateKeyMapping } from "#lib/data/key-mappings.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { toAppError } from "../key-managers/connector-errors.ts";
import { openKeyManager } from "../key-managers/open.ts";
import { defineProvisioning, type Settled } from "../verb.ts";
import { requireActive } from "./begin.ts";
import { KeysRef, type KeysView } from "./contract.ts";
import { requireIdle } from "./lease.ts";
import { forgetSecrets, toClientRef, toRescuedCredentials, toStoredClient, toStoredCredentials } from "./secrets.ts";
import { auditedClient, auditSubject, requireOwnKeys, type KeysSubject } from "./subject.ts";
import { toKeysView } from "./views.ts";

/**
 * Reads the client afresh from its key manager and stores what it says; somebody may have changed or
 * deleted it there. Only when asked: pages read our own records.
 *
 * @throws {AppError} `key_mapping.not_found`, `key_mapping.busy`, `key_mapping.not_active`, `key_manager.*`
 */
export const refreshKeys = defineProvisioning({
  action: "key_mapping.refresh",
  permission: "key_mapping:write",
  input: KeysRef,
  async intend(ctx, { id }): Promise<KeysSubject> {
    const subject = await requireOwnKeys(ctx, id);
    requireIdle(subject.mapping);
    requireActive(subject);
    return subject;
  },
  async call(ctx, { mapping, keyManager }): Promise<RegisteredClient | null> {
    const { adapter } = await openKeyManager(ctx, keyManager.id);
    const ref = toClientRef(ctx, mapping);
    return ref && managing(adapter).readClient(ref);
  },
  async settle(ctx, subject, outcome): Promise<Settled<KeysView>> {
    const current = await lockKeyMapping(ctx, subject.mapping.id);
    if (!current) return { refused: new AppError("key_mapping.not_found") };
    if (!outcome.ok) {
      const rescued = toRescuedCredentials(ctx, current, outcome.error);
      if (Object.keys(rescued).length > 0) await updateKeyMapping(ctx, current.id, rescued);
      return { refused: toAppError(outcome.error, subject.keyManager.displayName) };
    }
    const client = outcome.value;
    if (current.intent) {
      // Reading may have replaced the token with which the operation that began meanwhile set out.
      if (client) await updateKeyMapping(ctx, current.id, toStoredCredentials(ctx, current.id, client.ref));
      return { refused: new AppError("key_mapping.busy") };
    }
    const at = ctx.deps.clock.now().toISOString();
    const message = `${subject.keyManager.displayName} does not know this consumer key any more. Remove these keys.`;
    const mapping = client
      ? await updateKeyMapping(ctx, current.id, {
          ...toStoredClient(ctx, current.id, client),
          ...forgetSecrets(ctx, current, client.ref),
          failure: null,
        })
      : await updateKeyMapping(ctx, current.id, {
          state: "NEEDS_ATTENTION",
          failure: { code: "key_manager.rejected", message, operation: "update", at },
        });
    const after = { ...subject, mapping };
    ctx.audit({ subject: auditSubject(after), before: auditedClient(current), after: auditedClient(mapping) });
    return { view: toKeysView(ctx.deps.clock, after) };
  },
});
