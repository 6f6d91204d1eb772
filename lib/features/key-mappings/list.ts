import { findKeyManagers } from "#lib/data/key-managers.ts";
import { listKeyMappings } from "#lib/data/key-mappings.ts";
import { requireOwnApplication } from "../applications/own.ts";
import { defineQuery } from "../verb.ts";
import { KeysRef, ListKeysInput, type KeysView } from "./contract.ts";
import { requireOwnKeys } from "./subject.ts";
import { toKeysView } from "./views.ts";

/**
 * The keys of an application, of one type. Reads our own records only: no key manager is called, so one
 * that is unreachable blocks nothing.
 *
 * @throws {AppError} `application.not_found`
 */
export const listKeys = defineQuery({
  action: "key_mapping.list",
  permission: "key_mapping:read",
  input: ListKeysInput,
  async run(ctx, { applicationId, keyType }): Promise<KeysView[]> {
    const application = await requireOwnApplication(ctx, applicationId);
    const mappings = await listKeyMappings(ctx, application.id, keyType);
    const keyManagers = await findKeyManagers(ctx, [...new Set(mappings.map((mapping) => mapping.keyManagerId))]);
    const byId = new Map(keyManagers.map((keyManager) => [keyManager.id, keyManager]));
    return mappings.flatMap((mapping) => {
      const keyManager = byId.get(mapping.keyManagerId);
      return keyManager ? [toKeysView(ctx.deps.clock, { mapping, keyManager })] : [];
    });
  },
});

/** One set of keys, as stored. @throws {AppError} `key_mapping.not_found` */
export const getKeys = defineQuery({
  action: "key_mapping.read",
  permission: "key_mapping:read",
  input: KeysRef,
  run: async (ctx, { id }): Promise<KeysView> => toKeysView(ctx.deps.clock, await requireOwnKeys(ctx, id)),
});
