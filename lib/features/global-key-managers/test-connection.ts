import { z } from "zod";
import { findGlobalKeyManager, setGlobalSimulated } from "#lib/data/global-key-managers.ts";
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
import { defineOperatorInquiry, defineOperatorVerb } from "../verb.ts";
import { auditHere } from "./audit.ts";
import { requireGlobalKeyManager } from "./require.ts";

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
 * Tries a global key manager as it is stored. Writes nothing but whether it is a simulator, where that is news.
 *
 * @throws {AppError} `key_manager.not_found`, `key_manager.misconfigured`, `limit.exceeded`
 */
export const testStoredGlobalConnection = defineOperatorInquiry({
  action: "global_key_manager.test_stored",
  input: TestStoredConnectionInput,
  async run(caller, { part, id }): Promise<ConnectionTestView> {
    const stored = await read(caller, id);
    return tryStored(caller, part, stored, (simulated) => rememberSimulator(caller, { id, simulated }));
  },
});

async function read({ deps }: InstallationCaller, id: string): Promise<StoredKeyManager> {
  const globalKeyManagerId = id as GlobalKeyManagerId;
  const values = await deps.database.inInstallation((tx) => findGlobalKeyManager(tx, globalKeyManagerId));
  if (!values) throw new AppError("key_manager.not_found");
  return { values, row: { globalKeyManagerId } };
}

const rememberSimulator = defineOperatorVerb({
  action: "global_key_manager.test_stored",
  input: z.strictObject({ id: z.uuid(), simulated: z.boolean() }),
  async run(ctx, { id, simulated }): Promise<void> {
    const keyManager = await requireGlobalKeyManager(ctx, id);
    await setGlobalSimulated(ctx, keyManager.id, simulated);
    await auditHere(ctx, { keyManager, before: { simulated: !simulated }, after: { simulated } });
  },
});
