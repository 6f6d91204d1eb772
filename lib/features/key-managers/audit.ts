import type { KeyManagerValues } from "#lib/data/key-managers.ts";

/** A key manager as the subject of an audit row. */
export function auditSubject({ id, displayName }: { id: string; displayName: string }) {
  return { type: "key_manager", id, name: displayName };
}

/** What an audit row holds of a key manager: every setting, and of secrets only which ones are set. */
export function auditState(record: KeyManagerValues): Record<string, unknown> {
  const { name, displayName, description, connectorId, enabled, tokenType, wellKnownUrl, issuer } = record;
  const { endpoints, grantTypes, consumerKeyClaim, scopesClaim, signingKeys, validationMethod } = record;
  const { tokenHandling, exchangeAudience, claimMappings } = record;
  const { tokenGeneration, clientCreation, clientMapping, mappedClientCheck, applicationScopes } = record;
  const { constraints, simulated, connection, sealedSecrets } = record;
  return {
    ...{ name, displayName, description, connectorId, enabled, tokenType, wellKnownUrl, issuer },
    ...{ endpoints, grantTypes, consumerKeyClaim, scopesClaim, signingKeys, validationMethod },
    ...{ tokenHandling, exchangeAudience, claimMappings },
    ...{ tokenGeneration, clientCreation, clientMapping, mappedClientCheck, applicationScopes, constraints },
    ...{ simulated, connection },
    secretsSet: Object.keys(sealedSecrets).sort(),
  };
}
