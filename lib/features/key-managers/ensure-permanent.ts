import { connectors } from "#connectors/registry.ts";
import type { Connector } from "#lib/connector-kit/contract.ts";
import { splitSecrets } from "#lib/connector-kit/edit-schema.ts";
import { insertAuditEvent } from "#lib/data/audit.ts";
import type { TenantContext } from "#lib/data/database.ts";
import {
  findKeyManagerByConnector,
  insertKeyManagerIfAbsent,
  updateKeyManager,
  type KeyManagerRecord,
  type KeyManagerValues,
} from "#lib/data/key-managers.ts";
import { newId, type KeyManagerId } from "#lib/foundation/ids.ts";
import type { Dependencies } from "../context.ts";
import { sealSecrets } from "./secrets.ts";

export type PermanentOptions = {
  tenantSlug: string;
  deps: Pick<Dependencies, "vault" | "derive" | "origin">;
  requestId?: string;
};

/**
 * Gives the tenant the key managers that each tenant has by itself, and brings what they are made of up
 * to date when the installation's address or its keys have changed. Safe to repeat; usually one read.
 *
 * @param tx the tenant's transaction
 */
export async function ensurePermanentKeyManagers(tx: TenantContext, options: PermanentOptions): Promise<void> {
  for (const connector of connectors) {
    if (!connector.permanent) continue;
    const record = await findKeyManagerByConnector(tx, connector.id);
    if (record === null) await create(tx, connector, options);
    else if (isOutdated(tx, connector, record, options)) await refresh(tx, connector, { record, options });
  }
}

/** What the tenant cannot change of it, sealed for its row. */
function fixedValues(tx: TenantContext, connector: Connector, id: KeyManagerId, options: PermanentOptions) {
  const { deps, tenantSlug } = options;
  const place = { tenantId: tx.tenantId, tenantSlug, origin: deps.origin, derive: deps.derive };
  const made = connector.permanent?.(place);
  if (!made) throw new Error(`${connector.id} is not permanent.`);
  const { plain, secrets } = splitSecrets(connector.connection, connector.connection.parse(made.connection));
  return {
    name: made.name,
    displayName: made.displayName,
    description: made.description,
    fixed: {
      wellKnownUrl: made.wellKnownUrl,
      issuer: made.issuer,
      endpoints: made.endpoints,
      signingKeys: made.signingKeys,
      connection: plain,
      sealedSecrets: sealSecrets(deps.vault, { tenantId: tx.tenantId, id }, secrets),
    },
  };
}

async function create(tx: TenantContext, connector: Connector, options: PermanentOptions): Promise<void> {
  const id = newId<KeyManagerId>();
  const { fixed, ...words } = fixedValues(tx, connector, id, options);
  const values: KeyManagerValues = {
    ...words,
    ...fixed,
    connectorId: connector.id,
    enabled: true,
    tokenType: "DIRECT",
    grantTypes: [...connector.grantTypes],
    consumerKeyClaim: null,
    scopesClaim: null,
    exchangeAudience: null,
    claimMappings: [],
    validationMethod: "SELF",
    tokenHandling: { kind: "NONE" },
    tokenGeneration: true,
    clientCreation: true,
    clientMapping: true,
    mappedClientCheck: true,
    applicationScopes: false,
    constraints: {},
    simulated: false,
  };
  const inserted = await insertKeyManagerIfAbsent(tx, id, values);
  if (!inserted) return;
  const { displayName, issuer } = values;
  await audit(tx, "key_manager.register", { id, displayName }, { after: { displayName, issuer } }, options);
}

/** True where another address or another key of the installation stands behind the stored values. */
function isOutdated(
  tx: TenantContext,
  connector: Connector,
  record: KeyManagerRecord,
  { deps, tenantSlug }: PermanentOptions,
): boolean {
  const place = { tenantId: tx.tenantId, tenantSlug, origin: deps.origin, derive: deps.derive };
  if (connector.permanent?.(place).issuer !== record.issuer) return true;
  return Object.values(record.sealedSecrets).some((sealed) => deps.vault.isStale(sealed));
}

async function refresh(
  tx: TenantContext,
  connector: Connector,
  { record, options }: { record: KeyManagerRecord; options: PermanentOptions },
): Promise<void> {
  const { fixed } = fixedValues(tx, connector, record.id, options);
  const { displayToken, displayRevocation } = record.endpoints;
  const endpoints = {
    ...fixed.endpoints,
    ...(displayToken === undefined ? {} : { displayToken }),
    ...(displayRevocation === undefined ? {} : { displayRevocation }),
  };
  const updated = await updateKeyManager(tx, record, { ...fixed, endpoints });
  // Somebody else was quicker; what they wrote came from the same place.
  if (!updated) return;
  const changes = { before: { issuer: record.issuer }, after: { issuer: updated.issuer } };
  await audit(tx, "key_manager.refresh", record, changes, options);
}

async function audit(
  tx: TenantContext,
  action: string,
  { id, displayName }: Pick<KeyManagerRecord, "id" | "displayName">,
  changes: { before?: unknown; after?: unknown },
  { requestId = newId() }: PermanentOptions,
): Promise<void> {
  await insertAuditEvent(tx, {
    actorId: null,
    actorName: "Latchkey",
    action,
    subjectType: "key_manager",
    subjectId: id,
    subjectName: displayName,
    ...changes,
    requestId,
  });
}
