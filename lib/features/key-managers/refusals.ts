import { isUniqueViolation } from "#lib/data/database.ts";
import { findKeyManager, type KeyManagerRecord } from "#lib/data/key-managers.ts";
import type { TenantContext } from "#lib/data/database.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { KeyManagerId } from "#lib/foundation/ids.ts";

/** @throws {AppError} `key_manager.not_found`, for another tenant's too */
export async function requireKeyManager(ctx: TenantContext, id: string): Promise<KeyManagerRecord> {
  // Inputs have checked that it is a UUID.
  const record = await findKeyManager(ctx, id as KeyManagerId);
  if (!record) throw new AppError("key_manager.not_found");
  return record;
}

/**
 * A key manager that its tenant runs itself.
 *
 * @throws {AppError} `key_manager.not_found`, `auth.forbidden` where it stands for a global one
 */
export async function requireOwnKeyManager(ctx: TenantContext, id: string): Promise<KeyManagerRecord> {
  const record = await requireKeyManager(ctx, id);
  refuseGlobal(record);
  return record;
}

/** @throws {AppError} `auth.forbidden` for a tenant's key manager that stands for a global one */
export function refuseGlobal({ globalKeyManagerId, displayName }: KeyManagerRecord): void {
  if (globalKeyManagerId === null) return;
  throw new AppError("auth.forbidden", {
    message: `${displayName} is a global key manager, run by the operator of this installation. Ask the operator to change it.`,
  });
}

/** @throws {AppError} `revision.conflict` where somebody saved in between */
export function requireRevision(record: { revision: number }, revision: number): void {
  if (record.revision !== revision) throw new AppError("revision.conflict");
}

/** Turns the database's word on a taken name into a refusal at the field. */
export function refuseDuplicateName(error: unknown): never {
  if (!isUniqueViolation(error)) throw error;
  throw new AppError("key_manager.conflict", {
    fields: [{ path: "name", message: "Another key manager has this name. Choose a different one." }],
    cause: error,
  });
}
