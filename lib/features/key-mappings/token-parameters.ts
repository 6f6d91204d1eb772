import { findConnector } from "#connectors/registry.ts";
import { standardTokenParameters, type TokenParameters } from "#lib/connector-kit/token-parameters.ts";
import { findGlobalKeyManager } from "#lib/data/global-key-managers.ts";
import type { KeyManagerRecord } from "#lib/data/key-managers.ts";
import type { KeyMappingRecord } from "#lib/data/key-mappings.ts";
import type { KeyManagerId } from "#lib/foundation/ids.ts";
import type { Context } from "../context.ts";

/**
 * The connections of key managers without their secrets, for working out what a program must send. That of a global
 * key manager is the installation's. Opens transactions of its own, so never call it inside one.
 */
export async function plainConnections(
  { deps: { database } }: Context,
  keyManagers: readonly KeyManagerRecord[],
): Promise<ReadonlyMap<KeyManagerId, Record<string, unknown>>> {
  const own = keyManagers.map(({ id, connection }) => [id, connection] as const);
  const shared = keyManagers.flatMap(({ id, globalKeyManagerId }) =>
    globalKeyManagerId === null ? [] : [{ id, globalKeyManagerId }],
  );
  if (shared.length === 0) return new Map(own);
  const originals = await database.inInstallation(async (tx) => {
    const found: [KeyManagerId, Record<string, unknown>][] = [];
    for (const { id, globalKeyManagerId } of shared) {
      const original = await findGlobalKeyManager(tx, globalKeyManagerId);
      if (original) found.push([id, original.connection]);
    }
    return found;
  });
  return new Map([...own, ...originals]);
}

/** What a program sends for a token of some keys, beside the grant type, its credentials and its scopes. */
export function tokenParametersOf(
  { requested, registered }: KeyMappingRecord,
  { connectorId, connection }: { connectorId: string; connection: Record<string, unknown> },
): TokenParameters {
  const client = { ...requested.settings, ...registered?.settings };
  return findConnector(connectorId)?.tokenParameters?.({ connection, client }) ?? standardTokenParameters;
}
