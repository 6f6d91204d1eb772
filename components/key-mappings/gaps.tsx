import { abilityLabels, type Capability, type UsableKeyManager } from "#lib/features/key-managers/contract.ts";

/** What a developer may look for on a card. That no secret can be regenerated stands where it would be. */
const lookedFor: readonly Capability[] = ["secrets", "issueToken", "exchangeToken", "revokeToken", "scopes"];

/** Why a key manager lacks what others have: folded, because nobody can change it. */
export function Gaps({ keyManager }: { keyManager: UsableKeyManager }) {
  const { connector, missing, tokenTypes } = keyManager;
  const gaps = lookedFor.flatMap((ability) => {
    const reason = missing[ability];
    return reason === undefined ? [] : [{ ability, reason }];
  });
  if (gaps.length === 0 || !tokenTypes.includes("DIRECT")) return null;
  return (
    <details className="text-sm">
      <summary className="text-muted min-h-6 w-fit cursor-pointer rounded-sm">
        Not possible with {connector.name}
      </summary>
      <dl className="flex flex-col gap-2 pt-2">
        {gaps.map(({ ability, reason }) => (
          <div key={ability}>
            <dt>{abilityLabels[ability]}</dt>
            <dd className="text-muted">{reason}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
