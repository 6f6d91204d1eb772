import { findConnector } from "#connectors/registry.ts";
import type { Connector, KeyManagerAdapter, KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { findKeyManager, type KeyManagerRecord } from "#lib/data/key-managers.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { KeyManagerId, TenantId } from "#lib/foundation/ids.ts";
import type { Context, Dependencies } from "../context.ts";
import { joinConnection, type StoredConnection } from "./connection.ts";
import { unsealSecrets } from "./secrets.ts";

export type OpenKeyManager = {
  record: KeyManagerRecord;
  connector: Connector;
  settings: KeyManagerSettings;
  adapter: KeyManagerAdapter;
};

/**
 * Opens a stored key manager: the only place where connection secrets are unsealed to be used.
 * Reads in a transaction of its own, so never call it inside one. A disabled key manager opens too,
 * because what stands in it must still be removable; refuse it where that matters.
 *
 * @throws {AppError} `key_manager.not_found`, `key_manager.misconfigured`
 */
export async function openKeyManager(ctx: Context, id: KeyManagerId): Promise<OpenKeyManager> {
  const record = await ctx.deps.database.inTenant(ctx.tenant.id, (tx) => findKeyManager(tx, id));
  if (!record) throw new AppError("key_manager.not_found");
  const connector = connectorOf(record);
  const stored = openStoredConnection(ctx.deps, ctx.tenant.id, record);
  const connection = joinConnection(connector, stored);
  if (!connection.success) {
    throw new AppError("key_manager.misconfigured", {
      message: `The settings of ${record.displayName} are no longer complete. An administrator must save them again.`,
    });
  }
  const settings = settingsOf(record, connection.data);
  const { deps } = ctx;
  const adapter = deps.openedAdapters.take(deps.outbound, record, () => openAdapter(deps, connector, settings));
  return { record, connector, settings, adapter };
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
  tenantId: TenantId,
  record: KeyManagerRecord,
): StoredConnection {
  const { issuer, endpoints, connection } = record;
  return {
    plain: connection,
    secrets: unsealSecrets(deps.vault, { tenantId, id: record.id }, record.sealedSecrets),
    whereabouts: { issuer, endpoints, connection },
  };
}
