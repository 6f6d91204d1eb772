import type { InstallationContext } from "#lib/data/database.ts";
import { findGlobalKeyManager, type GlobalKeyManagerRecord } from "#lib/data/global-key-managers.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { GlobalKeyManagerId } from "#lib/foundation/ids.ts";

/** @throws {AppError} `key_manager.not_found` */
export async function requireGlobalKeyManager(ctx: InstallationContext, id: string): Promise<GlobalKeyManagerRecord> {
  // Inputs have checked that it is a UUID.
  const record = await findGlobalKeyManager(ctx, id as GlobalKeyManagerId);
  if (!record) throw new AppError("key_manager.not_found");
  return record;
}
