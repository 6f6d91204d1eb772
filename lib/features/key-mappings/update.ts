import { defineProvisioning, type Settled } from "../verb.ts";
import { beginOperation, requireManaged } from "./begin.ts";
import { UpdateKeysInput, type KeysOutcome } from "./contract.ts";
import { toSettled } from "./generate.ts";
import { performOperation, settleOperation, type Work } from "./operation.ts";
import { checkClient, requireUsableKeyManager } from "./rules.ts";
import { lockOwnKeys } from "./subject.ts";

/**
 * Changes grant types, callback URLs and the connector's fields of a client. The consumer secret stays,
 * also where the key manager does not repeat it.
 *
 * @throws {AppError} `input.invalid`, `input.fixed`, `key_mapping.not_found`, `key_mapping.busy`, `key_mapping.not_active`, `key_manager.*`
 */
export const updateKeys = defineProvisioning({
  action: "key_mapping.update",
  permission: "key_mapping:write",
  input: UpdateKeysInput,
  async intend(ctx, { id, ...asked }): Promise<Work> {
    const subject = await lockOwnKeys(ctx, id);
    requireManaged(subject);
    const keyManager = await requireUsableKeyManager(ctx, subject.keyManager.id);
    const { requested: stored, registered } = subject.mapping;
    const before = { ...stored.settings, ...registered?.settings };
    const requested = checkClient(keyManager, { name: stored.name, before }, asked);
    return beginOperation(ctx, { operation: "update", subject }, { requested });
  },
  call: performOperation,
  async settle(ctx, work, outcome): Promise<Settled<KeysOutcome>> {
    const settled = toSettled(ctx, await settleOperation(ctx, work, outcome));
    // The owner knows the secret already; showing it is a matter of its own, with its own audit row.
    return "view" in settled && settled.view.outcome === "done"
      ? { view: { ...settled.view, consumerSecret: null } }
      : settled;
  },
});
