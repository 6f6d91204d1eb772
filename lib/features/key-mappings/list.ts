import { findKeyManagerRecords } from "#lib/data/key-managers.ts";
import { listKeyMappings } from "#lib/data/key-mappings.ts";
import { requireOwnApplication } from "../applications/own.ts";
import { defineInquiry, defineQuery } from "../verb.ts";
import { KeysRef, ListKeysInput, type KeysView, type ListedKeys } from "./contract.ts";
import { requireOwnKeys } from "./subject.ts";
import { plainConnections, tokenParametersOf } from "./token-parameters.ts";
import { toKeysView } from "./views.ts";

/**
 * The keys of an application, of one type, with what a program must send for a token of each. Reads our own records
 * only: no key manager is called, so one that is unreachable blocks nothing.
 *
 * @throws {AppError} `application.not_found`
 */
export const listKeys = defineInquiry({
  action: "key_mapping.list",
  permission: "key_mapping:read",
  input: ListKeysInput,
  async run(ctx, { applicationId, keyType }): Promise<ListedKeys[]> {
    const { mappings, keyManagers } = await ctx.deps.database.inTenant(ctx.tenant.id, async (tx) => {
      const application = await requireOwnApplication({ ...ctx, ...tx }, applicationId);
      const found = await listKeyMappings(tx, application.id, keyType);
      const ids = [...new Set(found.map((mapping) => mapping.keyManagerId))];
      return { mappings: found, keyManagers: await findKeyManagerRecords(tx, ids) };
    });
    const byId = new Map(keyManagers.map((keyManager) => [keyManager.id, keyManager]));
    const connections = await plainConnections(ctx, keyManagers);
    return mappings.flatMap((mapping) => {
      const keyManager = byId.get(mapping.keyManagerId);
      if (!keyManager) return [];
      const { connectorId, id } = keyManager;
      const tokenParameters = tokenParametersOf(mapping, { connectorId, connection: connections.get(id) ?? {} });
      return [{ ...toKeysView(ctx.deps.clock, { mapping, keyManager }), tokenParameters }];
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
