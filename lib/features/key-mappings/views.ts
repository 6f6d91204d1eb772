import { findConnector } from "#connectors/registry.ts";
import { tokenKinds, type Connector } from "#lib/connector-kit/contract.ts";
import type { KeyManagerSummary } from "#lib/data/key-managers.ts";
import type { KeyMappingRecord } from "#lib/data/key-mappings.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import type { KeysKeyManager, KeysView, SecretsView } from "./contract.ts";
import { isHeld } from "./lease.ts";
import { revocationProblem } from "./revocation-problem.ts";
import { additionProblem, isOver, removalProblem } from "./secret-rules.ts";
import { standsAtServer } from "./subject.ts";

const tokenExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";

type Shown = { mapping: KeyMappingRecord; keyManager: KeyManagerSummary };

/** Keys as their owner sees them; no secret. */
export function toKeysView(clock: Clock, { mapping, keyManager }: Shown): KeysView {
  const { intent, failure, registered, requested } = mapping;
  const connector = findConnector(keyManager.connectorId);
  const capabilities = connector?.capabilities ?? [];
  const settled = mapping.state === "ACTIVE" && intent === null && keyManager.enabled;
  const ours = settled && mapping.mode === "PROVISIONED";
  const grantTypes = (registered ?? requested).grantTypes;
  const asks = settled && keyManager.tokenGeneration && mapping.sealedConsumerSecret !== null;
  return {
    id: mapping.id,
    applicationId: mapping.applicationId,
    keyType: mapping.keyType,
    mode: mapping.mode,
    state: mapping.state,
    keyManager: toKeysKeyManager(keyManager),
    consumerKey: mapping.consumerKey,
    hasSecret: mapping.consumerKey !== null && mapping.sealedConsumerSecret !== null,
    client: {
      name: (registered ?? requested).name,
      grantTypes,
      redirectUris: (registered ?? requested).redirectUris,
      settings: { ...requested.settings, ...registered?.settings },
    },
    operation: intent && { kind: intent.operation, startedAt: intent.startedAt, running: isHeld(clock, intent) },
    failure: failure && { message: failure.message, at: failure.at },
    standsAtServer: standsAtServer(mapping),
    secrets:
      mapping.mode === "PROVISIONED" && connector?.capabilities.includes("secrets")
        ? toSecretsView(clock, mapping, connector)
        : null,
    cannotRegenerate:
      mapping.mode === "PROVISIONED" && connector && !capabilities.includes("rotateSecret")
        ? (connector.missing.rotateSecret ?? `${connector.name} makes no new secret for a client.`)
        : null,
    can: {
      update: ours,
      regenerateSecret: ours && capabilities.includes("rotateSecret"),
      reveal: mapping.sealedConsumerSecret !== null && mapping.state === "ACTIVE" && intent?.operation !== "rotate",
      exchangeToken: asks && capabilities.includes("exchangeToken") && grantTypes.includes(tokenExchangeGrant),
      issueToken:
        asks &&
        capabilities.includes("issueToken") &&
        // Of a mapped client the key manager may not have told what it can do.
        (grantTypes.includes("client_credentials") || (mapping.mode === "MAPPED" && grantTypes.length === 0)),
      refresh: settled && (ours || registered !== null),
      chooseScopes:
        ours &&
        keyManager.applicationScopes &&
        capabilities.includes("scopes") &&
        grantTypes.includes("client_credentials"),
    },
    scopes: keyManager.applicationScopes
      ? {
          chosen: mapping.scopeGrant?.chosen ?? null,
          narrowing: (mapping.scopeGrant?.dueAt ?? null) !== null,
        }
      : null,
    ownerChange: mapping.ownerChange && { problem: mapping.ownerChange.problem },
    createdAt: mapping.createdAt.toISOString(),
  };
}

function toSecretsView(clock: Clock, { consumerSecrets }: KeyMappingRecord, connector: Connector): SecretsView {
  if (!consumerSecrets) return { readAt: null, items: [], additionProblem: null };
  const now = clock.now();
  const { readAt, storedId, secrets } = consumerSecrets;
  return {
    readAt,
    additionProblem: additionProblem(consumerSecrets, connector.consumerSecrets.atOnce),
    items:
      readAt === null
        ? []
        : secrets.map((secret) => ({
            id: secret.id,
            hint: secret.hint ?? null,
            description: secret.description ?? null,
            createdAt: secret.createdAt ?? null,
            expiresAt: secret.expiresAt ?? null,
            state: isOver(secret, now) ? "expired" : secret.isActive ? "active" : "ended",
            isStored: secret.id === storedId,
            removalProblem: removalProblem(consumerSecrets, secret.id, now),
          })),
  };
}

function toKeysKeyManager(record: KeyManagerSummary): KeysKeyManager {
  const { id, name, displayName, connectorId, issuer, enabled, simulated, endpoints } = record;
  const connector = findConnector(connectorId);
  const shown = {
    token: endpoints["displayToken"] ?? endpoints["token"],
    revocation: endpoints["displayRevocation"] ?? endpoints["revocation"],
    userinfo: endpoints["userinfo"],
    authorization: endpoints["authorization"],
  };
  return {
    id,
    name,
    displayName,
    connector: { name: connector?.name ?? connectorId, monogram: connector?.monogram ?? "?" },
    issuer,
    enabled,
    simulated,
    consumerSecrets: {
      overlapSeconds: connector?.consumerSecrets.overlapSeconds ?? 0,
      mayKeepOld: connector?.consumerSecrets.kept !== undefined,
      readable: connector?.consumerSecrets.readable ?? false,
      canExpire: connector?.consumerSecrets.canExpire ?? true,
      endless: connector?.consumerSecrets.endless ?? false,
    },
    cannotRevoke: Object.fromEntries(
      tokenKinds.flatMap((kind) => {
        const problem = revocationProblem(connector, kind);
        return problem === null ? [] : [[kind, problem]];
      }),
    ),
    permanent: connector?.permanent !== undefined,
    endpoints: Object.fromEntries(Object.entries(shown).filter(([, address]) => address)),
  };
}
