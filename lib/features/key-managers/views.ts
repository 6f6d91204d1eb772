import { findConnector } from "#connectors/registry.ts";
import type { Connector } from "#lib/connector-kit/contract.ts";
import { callbackUrlsField, narrowFields, type Constraints } from "#lib/connector-kit/constraints.ts";
import { describeFields } from "#lib/connector-kit/descriptors.ts";
import type { KeyManagerFacts, RowHistory } from "#lib/data/key-manager-rows.ts";
import type {
  KeyManagerRecord,
  KeyManagerSummary,
  KeyManagerUsageCounts,
  KeyManagerValues,
} from "#lib/data/key-managers.ts";
import type {
  ChoosableKeyManager,
  ConnectorTile,
  ConnectorView,
  KeyManagerListItem,
  KeyManagerView,
  UsableKeyManager,
} from "./contract.ts";
import { readGuide } from "./guides.ts";
import { connectorOf } from "./open.ts";
import { toInvocationMethods } from "./rules.ts";

const noUsage: KeyManagerUsageCounts = { apis: 0, applications: 0 };

/** The tile of a stored connector id; one that this installation lacks is shown by its id. */
export function toTile(connectorId: string): ConnectorTile {
  const connector = findConnector(connectorId);
  if (!connector) return { id: connectorId, name: connectorId, monogram: connectorId.slice(0, 2) };
  return { id: connector.id, name: connector.name, monogram: connector.monogram };
}

export async function toConnectorView(connector: Connector): Promise<ConnectorView> {
  return {
    id: connector.id,
    name: connector.name,
    monogram: connector.monogram,
    summary: connector.summary,
    connectionFields: describeFields(connector.connection),
    clientFields: describeFields(connector.client),
    endpoints: connector.endpoints,
    grantTypes: [...connector.grantTypes],
    consumerKeyClaims: [...connector.trust.consumerKeyClaims],
    scopesClaims: [...connector.trust.scopesClaims],
    capabilities: [...connector.capabilities],
    missing: connector.missing,
    scopeGrants: connector.scopeGrants ?? "each_client",
    guide: await readGuide(connector),
  };
}

/** A tenant's or a global key manager as a row of a list. */
export function toListItem(
  facts: KeyManagerFacts & { id: string; revision: number },
  { global, usage = noUsage }: { global: boolean; usage?: KeyManagerUsageCounts | undefined },
): KeyManagerListItem {
  const { id, name, displayName, description, connectorId, issuer, enabled, revision, tokenType, simulated } = facts;
  return {
    ...{ id, name, displayName, description, issuer, enabled, revision, usage, global, simulated },
    connector: toTile(connectorId),
    permanent: isPermanent(connectorId),
    tokenTypes: toInvocationMethods(tokenType),
  };
}

/** Everything but the secrets. @throws {AppError} `key_manager.misconfigured` where the connector is missing */
export function toKeyManagerView(
  { globalKeyManagerId, ...record }: KeyManagerRecord,
  usage: KeyManagerUsageCounts = noUsage,
): Promise<KeyManagerView> {
  return toView(record, { global: globalKeyManagerId !== null, usage });
}

/** A tenant's or a global key manager with everything but the secrets. @throws as `toKeyManagerView` */
export async function toView(
  record: KeyManagerValues & RowHistory & { id: string },
  { global, usage }: { global: boolean; usage: KeyManagerUsageCounts },
): Promise<KeyManagerView> {
  const { sealedSecrets, connectorId, tokenType, createdAt, updatedAt, ...rest } = record;
  return {
    ...rest,
    connector: await toConnectorView(connectorOf(record)),
    permanent: isPermanent(connectorId),
    global,
    tokenTypes: toInvocationMethods(tokenType),
    secretsSet: Object.keys(sealedSecrets).sort(),
    usage,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

/** What a developer may know; undefined where this installation lacks the connector. */
export function toUsable(summary: KeyManagerSummary): UsableKeyManager | undefined {
  const connector = findConnector(summary.connectorId);
  if (!connector) return undefined;
  const { id, name, displayName, description, issuer, endpoints, tokenType } = summary;
  const { tokenGeneration, clientCreation, clientMapping, mappedClientCheck, applicationScopes, simulated } = summary;
  const { callbackUrls, clientFields } = clientFormOf(connector, summary.constraints);
  return {
    ...{ id, name, displayName, description, issuer },
    grantTypes: [...offeredGrantTypes(summary, connector)],
    ...{ tokenGeneration, clientCreation, clientMapping, mappedClientCheck, applicationScopes, simulated },
    connector: toTile(summary.connectorId),
    global: summary.globalKeyManagerId !== null,
    endpoints: presentOnly({
      token: endpoints["displayToken"] ?? endpoints["token"],
      revocation: endpoints["displayRevocation"] ?? endpoints["revocation"],
      userinfo: endpoints["userinfo"],
      authorization: endpoints["authorization"],
    }),
    tokenTypes: toInvocationMethods(tokenType),
    clientFields,
    callbackUrls,
    capabilities: [...connector.capabilities],
    missing: connector.missing,
    preset: connector.preset ?? {},
  };
}

/** Grant types that a client of a key manager may have: those that the administrator chose, else all of its kind. */
export function offeredGrantTypes(
  { grantTypes }: Pick<KeyManagerSummary, "grantTypes">,
  connector: Pick<Connector, "grantTypes">,
): readonly string[] {
  return grantTypes.length > 0 ? grantTypes : connector.grantTypes;
}

/** The client form of a key manager as developers get it: as narrow as the administrator's limits. */
export function clientFormOf({ client }: Connector, constraints: Constraints) {
  const [callbackUrls] = narrowFields([callbackUrlsField], constraints);
  if (callbackUrls?.kind !== "list") throw new Error("Narrowing changed the kind of a field.");
  return { callbackUrls, clientFields: narrowFields(describeFields(client), constraints) };
}

export function toChoosable(summary: KeyManagerSummary): ChoosableKeyManager {
  const { id, name, displayName, connectorId, globalKeyManagerId, issuer, enabled } = summary;
  const global = globalKeyManagerId !== null;
  return { id, name, displayName, connector: toTile(connectorId), global, issuer, enabled };
}

export function isPermanent(connectorId: string): boolean {
  return findConnector(connectorId)?.permanent !== undefined;
}

function presentOnly<Key extends string>(values: Record<Key, string | undefined>): Partial<Record<Key, string>> {
  const present: Partial<Record<Key, string>> = {};
  for (const key of Object.keys(values) as Key[]) {
    const value = values[key];
    if (value) present[key] = value;
  }
  return present;
}
