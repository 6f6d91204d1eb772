import { Fact, FactList } from "#components/ui/card.tsx";
import { Identifier } from "#components/ui/identifier.tsx";
import type { KeysKeyManager } from "#lib/features/key-mappings/contract.ts";

const labels = {
  token: "Token endpoint",
  authorization: "Authorization endpoint",
  revocation: "Revocation endpoint",
  userinfo: "User info endpoint",
} as const;

/** Addresses that a program of the application calls. Those that the key manager lacks are left out. */
export function EndpointList({ endpoints }: Pick<KeysKeyManager, "endpoints">) {
  const names = Object.keys(labels) as (keyof typeof labels)[];
  const known = names.filter((name) => endpoints[name]);
  if (known.length === 0) return null;
  return (
    <FactList className="border-line border-t pt-4">
      {known.map((name) => (
        <Fact key={name} term={labels[name]}>
          <Identifier value={endpoints[name] ?? ""} label={labels[name]} />
        </Fact>
      ))}
    </FactList>
  );
}
