import { findConnector } from "#connectors/registry.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { unsupported } from "../key-managers/unsupported.ts";
import { defineProvisioning, type Settled } from "../verb.ts";
import { beginOperation, requireManaged } from "./begin.ts";
import { RegenerateSecretInput, type KeysOutcome } from "./contract.ts";
import { toSettled } from "./generate.ts";
import { performOperation, settleOperation, type Work } from "./operation.ts";
import { lockOwnKeys } from "./subject.ts";

/**
 * Replaces the consumer secret at the key manager; the old one is dead at once, or lives on for as long as a policy of
 * the server says where that is wished. The new one is in the answer once.
 *
 * @throws {AppError} `input.invalid` where the server has no such policies, `key_mapping.not_found`, `key_mapping.busy`, `key_mapping.not_active`, `key_manager.*`
 */
export const regenerateSecret = defineProvisioning({
  action: "key_mapping.regenerate_secret",
  permission: "key_mapping:write",
  input: RegenerateSecretInput,
  async intend(ctx, { id, keepsOld }): Promise<Work> {
    const subject = await lockOwnKeys(ctx, id);
    requireManaged(subject);
    const connector = findConnector(subject.keyManager.connectorId);
    if (!connector?.capabilities.includes("rotateSecret")) throw unsupported(subject.keyManager, "rotateSecret");
    if (keepsOld && connector.consumerSecrets.kept === undefined) {
      const message = `${connector.name} keeps no replaced secret alive. Let the old one end.`;
      throw new AppError("input.invalid", { fields: [{ path: "keepsOld", message }] });
    }
    return beginOperation(ctx, { operation: "rotate", subject, keepsOld });
  },
  call: performOperation,
  settle: async (ctx, work, outcome): Promise<Settled<KeysOutcome>> =>
    toSettled(ctx, await settleOperation(ctx, work, outcome)),
});
