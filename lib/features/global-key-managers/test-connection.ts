import { findGlobalKeyManager } from "#lib/data/global-key-managers.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { GlobalKeyManagerId } from "#lib/foundation/ids.ts";
import type { InstallationCaller } from "../context.ts";
import {
  DiscoverInput,
  TestConnectionInput,
  TestStoredConnectionInput,
  type ConnectionTestView,
  type DiscoveryView,
} from "../key-managers/contract.ts";
import { discoverFor } from "../key-managers/discover.ts";
import { tryForm, tryStored, type StoredKeyManager } from "../key-managers/trying.ts";
import { defineOperatorInquiry } from "../verb.ts";

/** Reads what an authorization server says of itself. @throws {AppError} `discovery.failed`, `limit.exceeded` */
export const discoverGlobalKeyManager = defineOperatorInquiry({
  action: "global_key_manager.discover",
  input: DiscoverInput,
  run: (caller, { wellKnownUrl }): Promise<DiscoveryView> => discoverFor(caller, wellKnownUrl),
});

/**
 * Tries the values of a form, saved or not, and writes nothing.
 *
 * @throws {AppError} `input.invalid` with problems at their fields, `key_manager.not_found`, `limit.exceeded`
 */
export const testGlobalConnection = defineOperatorInquiry({
  action: "global_key_manager.test",
  input: TestConnectionInput,
  run: async (caller, input): Promise<ConnectionTestView> =>
    tryForm(caller, input, input.id === undefined ? undefined : await read(caller, input.id)),
});

/**
 * Tries a global key manager as it is stored, and writes nothing.
 *
 * @throws {AppError} `key_manager.not_found`, `key_manager.misconfigured`, `limit.exceeded`
 */
export const testStoredGlobalConnection = defineOperatorInquiry({
  action: "global_key_manager.test_stored",
  input: TestStoredConnectionInput,
  run: async (caller, { part, id }): Promise<ConnectionTestView> => tryStored(caller, part, await read(caller, id)),
});

async function read({ deps }: InstallationCaller, id: string): Promise<StoredKeyManager> {
  const globalKeyManagerId = id as GlobalKeyManagerId;
  const values = await deps.database.inInstallation((tx) => findGlobalKeyManager(tx, globalKeyManagerId));
  if (!values) throw new AppError("key_manager.not_found");
  return { values, row: { globalKeyManagerId } };
}
