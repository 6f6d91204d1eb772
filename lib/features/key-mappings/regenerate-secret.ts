import { findConnector } from "#connectors/registry.ts";
import { defineProvisioning, type Settled } from "../verb.ts";
import { beginOperation, requireManaged } from "./begin.ts";
import { KeysRef, type KeysOutcome } from "./contract.ts";
import { toSettled } from "./generate.ts";
import { performOperation, settleOperation, unsupported, type Work } from "./operation.ts";
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
    const { connectorId, displayName } = subject.keyManager;
    if (!findConnector(connectorId)?.capabilities.includes("rotateSecret")) {
      throw unsupported(displayName, "make a new consumer secret for a client");
    }
    return beginOperation(ctx, { operation: "rotate", subject });
  },
  call: performOperation,
  settle: async (ctx, work, outcome): Promise<Settled<KeysOutcome>> =>
    toSettled(ctx, await settleOperation(ctx, work, outcome)),
});
