/** What the validation plane and the token exchange trust: a key manager's settings and its connector's declaration. */
import type { Connector } from "#lib/connector-kit/contract.ts";
import type { KeyManagerRecord } from "#lib/data/key-managers.ts";
import { revocationName } from "#lib/features/revocations/name.ts";
import { parseUntrustedJson } from "#lib/foundation/json.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import type { TrustAnchor } from "#lib/token-validation/snapshot.ts";

const keySetCall = { purpose: "validation", deadlineMs: 5_000, maximumBytes: 256 * 1024 } as const;

type TrustedSettings = Pick<
  KeyManagerRecord,
  | "displayName"
  | "issuer"
  | "enabled"
  | "validationMethod"
  | "signingKeys"
  | "revision"
  | "updatedAt"
  | "consumerKeyClaim"
  | "scopesClaim"
  | "tokenHandling"
  | "claimMappings"
> & { id: string };

/** The trust anchor of a key manager. */
export function trustAnchorOf(keyManager: TrustedSettings, connector: Connector): TrustAnchor {
  const { trust } = connector;
  const { id, displayName, issuer, enabled, validationMethod, signingKeys, revision, updatedAt } = keyManager;
  return {
    keyManagerId: id,
    name: displayName,
    issuer,
    enabled,
    validation: validationMethod,
    signingKeys,
    consumerKeyClaim: keyManager.consumerKeyClaim,
    consumerKeyClaims: trust.consumerKeyClaims,
    scopesClaims: keyManager.scopesClaim === null ? trust.scopesClaims : [keyManager.scopesClaim],
    claimMappings: keyManager.claimMappings,
    scopesClaimChosen: keyManager.scopesClaim !== null,
    handling: keyManager.tokenHandling,
    algorithms: trust.algorithms,
    tokenTypes: trust.tokenTypes,
    refusedClaims: trust.refusedClaims,
    introspectedMembers: trust.introspectedMembers ?? [],
    revocationName: revocationName(id, connector),
    fingerprint: `${id}:${String(revision)}:${String(updatedAt.getTime())}`,
  };
}

/** @throws {Error} where the answer is no key set document, or {OutboundError} */
export async function fetchKeySet(outbound: OutboundFetch, url: string): Promise<unknown> {
  const response = await outbound(url, { headers: { Accept: "application/json" }, ...keySetCall });
  if (response.status !== 200) throw new Error(`The key set answered with status ${response.status}.`);
  return parseUntrustedJson(await response.text());
}
