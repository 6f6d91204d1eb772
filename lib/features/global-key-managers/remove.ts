import { isForeignKeyViolation } from "#lib/data/database.ts";
import {
  deleteCopies,
  deleteGlobalKeyManager,
  listServedTenantIds,
  lockServing,
} from "#lib/data/global-key-managers.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { KeyManagerRef } from "../key-managers/contract.ts";
import { defineOperatorVerb } from "../verb.ts";
import { auditHere, auditThere, stateHere, stateThere } from "./audit.ts";
import { requireGlobalKeyManager } from "./require.ts";
import { refuseUsed } from "./serving.ts";

const action = "global_key_manager.delete";

/**
 * Deletes a global key manager that nobody uses in any tenant, with its stored credentials. Nothing is changed at
 * the authorization server.
 *
 * @throws {AppError} `auth.forbidden` unless an operator asks; `key_manager.not_found`, `key_manager.in_use` naming
 *   the tenants that use it
 */
export const removeGlobalKeyManager = defineOperatorVerb({
  action,
  input: KeyManagerRef,
  async run(ctx, { id }): Promise<{ id: string }> {
    await lockServing(ctx);
    const record = await requireGlobalKeyManager(ctx, id);
    await refuseUsed(ctx, record);
    await auditThere(ctx, { action, keyManager: record, before: stateThere(record) });
    await deleteCopies(ctx, record.id, await listServedTenantIds(ctx, record.id)).catch((error: unknown) => {
      // Somebody began to use it between the check and the delete.
      throw isForeignKeyViolation(error) ? new AppError("key_manager.in_use", { cause: error }) : error;
    });
    await deleteGlobalKeyManager(ctx, record.id);
    await auditHere(ctx, { keyManager: record, before: stateHere(record) });
    return { id: record.id };
  },
});
