import { findConnector } from "#connectors/registry.ts";
import type { Connector, KeyManagerAdapter, KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { findGlobalKeyManager } from "#lib/data/global-key-managers.ts";
import { findKeyManager, type KeyManagerRecord, type KeyManagerValues } from "#lib/data/key-managers.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { KeyManagerId } from "#lib/foundation/ids.ts";
import type { Context, Dependencies } from "../context.ts";
import { joinConnection, type StoredConnection } from "./connection.ts";
import { unsealSecrets, type SealedRow } from "./secrets.ts";

export type OpenKeyManager = {
  record: KeyManagerRecord;
  connector: Connector;
  settings: KeyManagerSettings;
  adapter: KeyManagerAdapter;
};

/**
 * Opens a stored key manager: the only place where connection secrets are unsealed to be used. Those of one that
 * stands for a global key manager are the installation's, and so are the addresses that they are sent to.
 * Reads in transactions of its own, so never call it inside one. A disabled key manager opens too,
 * because what stands in it must still be removable; refuse it where that matters.
 *
 * @throws {AppError} `key_manager.not_found`, `key_manager.misconfigured`
 */
export async function openKeyManager(ctx: Context, id: KeyManagerId): Promise<OpenKeyManager> {
  const { database } = ctx.deps;
  const record = await database.inTenant(ctx.tenant.id, (tx) => findKeyManager(tx, id));
  if (!record) throw new AppError("key_manager.not_found");
  const { globalKeyManagerId } = record;
  if (globalKeyManagerId === null) {
    return { record, ...openStored(ctx.deps, { tenantId: ctx.tenant.id, id }, record) };
  }
  const original = await database.inInstallation((tx) => findGlobalKeyManager(tx, globalKeyManagerId));
  if (!original) throw new AppError("key_manager.not_found");
  return { record, ...openStored(ctx.deps, { globalKeyManagerId }, original) };
}

/**
 * Opens what is stored of a key manager.
 *
 * @param row where its secrets are sealed
 * @throws {AppError} `key_manager.misconfigured`
 */
export function openStored(
  deps: Dependencies,
  row: SealedRow,
  stored: KeyManagerValues & { id: string; revision: number; updatedAt: Date },
): Omit<OpenKeyManager, "record"> {
  const connector = connectorOf(stored);
  const connection = joinConnection(connector, openStoredConnection(deps, row, stored));
  if (!connection.success) {
    throw new AppError("key_manager.misconfigured", {
      message: `The settings of ${stored.displayName} are no longer complete. An administrator must save them again.`,
    });
  }
  const settings = settingsOf(stored, connection.data);
  const adapter = deps.openedAdapters.take(deps.outbound, stored, () => openAdapter(deps, connector, settings));
  return { connector, settings, adapter };
}

/** @throws {AppError} `key_manager.misconfigured` where this installation lacks the connector */
export function connectorOf(record: Pick<KeyManagerRecord, "connectorId" | "displayName">): Connector {
  const connector = findConnector(record.connectorId);
  if (connector) return connector;
  throw new AppError("key_manager.misconfigured", {
    message: `${record.displayName} needs a connector that this installation does not have.`,
  });
}

/** The general settings that a connector is opened with, and its parsed connection. */
export function settingsOf(
  { issuer, endpoints, signingKeys }: Pick<KeyManagerRecord, "issuer" | "endpoints" | "signingKeys">,
  connection: unknown,
): KeyManagerSettings {
  return { issuer, endpoints, signingKeys, connection };
}

/** Opens an adapter with what this installation provides. */
export function openAdapter(
  deps: Pick<Dependencies, "outbound" | "clock" | "log">,
  connector: Connector,
  settings: KeyManagerSettings,
): KeyManagerAdapter {
  return connector.open(settings, { fetch: deps.outbound, clock: deps.clock, log: deps.log });
}

/** The stored connection with opened secrets, for editing and testing; it never leaves the feature. */
export function openStoredConnection(
  deps: Pick<Dependencies, "vault">,
  row: SealedRow,
  stored: Pick<KeyManagerValues, "issuer" | "endpoints" | "connection" | "sealedSecrets">,
): StoredConnection {
  const { issuer, endpoints, connection, sealedSecrets } = stored;
  return {
    plain: connection,
    secrets: unsealSecrets(deps.vault, row, sealedSecrets),
    whereabouts: { issuer, endpoints, connection },
  };
}
