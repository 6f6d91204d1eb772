import { Check, Minus } from "lucide-react";
import { Card, CardBody, CardHeader } from "#components/ui/card.tsx";
import { abilityLabels, type Capability, type ConnectorView } from "#lib/features/key-managers/contract.ts";

const names = Object.keys(abilityLabels) as Capability[];

/** What a kind of key manager can do for the portal, and what it cannot, with the reasons that it declares. */
export function Abilities({ connector }: { connector: ConnectorView }) {
  const { capabilities, missing, name } = connector;
  const gaps = names.filter((ability) => !capabilities.includes(ability));
  return (
    <Card className="xl:col-span-2">
      <CardHeader title={`What ${name} can do`} description="As its connector declares." />
      <CardBody className="grid gap-6 md:grid-cols-2">
        <ul aria-label="Abilities" className="flex flex-col gap-1.5">
          {names
            .filter((ability) => capabilities.includes(ability))
            .map((ability) => (
              <li key={ability} className="flex gap-2">
                <Check aria-hidden className="text-good mt-0.5 size-4 shrink-0" />
                {abilityLabels[ability]}
              </li>
            ))}
        </ul>
        {gaps.length > 0 && (
          <ul aria-label="Not possible" className="flex flex-col gap-1.5">
            {gaps.map((ability) => (
              <li key={ability} className="flex gap-2">
                <Minus aria-hidden className="text-muted mt-0.5 size-4 shrink-0" />
                <span>
                  {abilityLabels[ability]}
                  <span className="text-muted block text-sm">{missing[ability]}</span>
                </span>
              </li>
            ))}
          </ul>
        )}
      </CardBody>
    </Card>
  );
}
