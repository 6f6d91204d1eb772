import { findKeyManager, setSimulated, type KeyManagerRecord } from "#lib/data/key-managers.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { KeyManagerId } from "#lib/foundation/ids.ts";
import type { Context } from "../context.ts";
import { defineInquiry, inAuditedTransaction } from "../verb.ts";
import { auditSubject } from "./audit.ts";
import { TestConnectionInput, TestStoredConnectionInput, type ConnectionTestView } from "./contract.ts";
import { refuseGlobal } from "./refusals.ts";
import { tryForm, tryStored } from "./trying.ts";

/**
 * Tries the values of a form, saved or not, and writes nothing. With an id, secrets that were left blank
 * are taken from what is stored, under the same rule as when saving: never for a new address.
 *
 * @throws {AppError} `input.invalid` with problems at their fields, `key_manager.not_found`, `limit.exceeded`,
 *   `auth.forbidden` for a global one
 */
export const testConnection = defineInquiry({
  action: "key_manager.test",
  permission: "key_manager:write",
  input: TestConnectionInput,
  async run(ctx, input): Promise<ConnectionTestView> {
    const record = input.id === undefined ? undefined : await readOwn(ctx, input.id as KeyManagerId);
    const row = record && { tenantId: ctx.tenant.id, id: record.id };
    return tryForm(ctx, input, record && row && { values: record, row });
  },
});

/**
 * Tries a key manager as it is stored. Writes nothing but whether it is a simulator, where that is news.
 *
 * @throws {AppError} `key_manager.not_found`, `key_manager.misconfigured`, `limit.exceeded`, `auth.forbidden` for a
 *   global one
 */
export const testStoredConnection = defineInquiry({
  action: "key_manager.test_stored",
  permission: "key_manager:write",
  input: TestStoredConnectionInput,
  async run(ctx, { part, id }): Promise<ConnectionTestView> {
    const record = await readOwn(ctx, id as KeyManagerId);
    const row = { tenantId: ctx.tenant.id, id: record.id };
    return tryStored(ctx, part, { values: record, row }, (simulated) =>
      inAuditedTransaction(ctx, "key_manager.test_stored", async (mutation) => {
        await setSimulated(mutation, record.id, simulated);
        mutation.audit({ subject: auditSubject(record), before: { simulated: !simulated }, after: { simulated } });
      }),
    );
  },
});

async function readOwn(ctx: Context, id: KeyManagerId): Promise<KeyManagerRecord> {
  const record = await ctx.deps.database.inTenant(ctx.tenant.id, (tx) => findKeyManager(tx, id));
  if (!record) throw new AppError("key_manager.not_found");
  refuseGlobal(record);
  return record;
}
