import { findConnector } from "#connectors/registry.ts";
import { unsupported } from "../key-managers/unsupported.ts";
import { defineProvisioning, type Settled } from "../verb.ts";
import { beginOperation, requireManaged } from "./begin.ts";
import { KeysRef, type KeysOutcome } from "./contract.ts";
import { toSettled } from "./generate.ts";
import { performOperation, settleOperation, type Work } from "./operation.ts";
import { lockOwnKeys } from "./subject.ts";

/**
 * Replaces the consumer secret at the key manager; the old one is dead at once. The new one is in the
 * answer once.
 *
 * @throws {AppError} `key_mapping.not_found`, `key_mapping.busy`, `key_mapping.not_active`, `key_manager.*`
 */
export const regenerateSecret = defineProvisioning({
  action: "key_mapping.regenerate_secret",
  permission: "key_mapping:write",
  input: KeysRef,
  async intend(ctx, { id }): Promise<Work> {
    const subject = await lockOwnKeys(ctx, id);
    requireManaged(subject);
    if (!findConnector(subject.keyManager.connectorId)?.capabilities.includes("rotateSecret")) {
      throw unsupported(subject.keyManager, "rotateSecret");
    }
    return beginOperation(ctx, { operation: "rotate", subject });
  },
  call: performOperation,
  settle: async (ctx, work, outcome): Promise<Settled<KeysOutcome>> =>
    toSettled(ctx, await settleOperation(ctx, work, outcome)),
});
