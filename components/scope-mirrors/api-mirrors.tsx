"use client";

import { Card, CardBody, CardHeader } from "#components/ui/card.tsx";
import { Monogram } from "#components/ui/monogram.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import {
  countStates,
  type ApiMirrorView,
  type MirrorCounts,
  type MirroredScopeView,
} from "#lib/features/scope-mirrors/contract.ts";
import { MirrorList, summaryOf } from "./mirror-list.tsx";
import { RetryButton } from "./retry-button.tsx";

type ApiMirrorsProps = {
  apiId: string;
  mirrors: readonly ApiMirrorView[];
  retry: (input: { apiId: string }) => Promise<ActionResult<unknown>>;
};

/** How far an API's scopes have come at the key managers that hold scopes. Calm while all is well. */
export function ApiMirrors({ apiId, mirrors, retry }: ApiMirrorsProps) {
  const counted = mirrors.map((mirror) => ({ ...mirror, counts: countStates(mirror.scopes) }));
  if (!counted.some(({ scopes }) => scopes.length > 0)) return null;
  return (
    <Card className="max-w-3xl">
      <CardHeader
        title="Scopes at key managers"
        description="Saved scopes are made there in the background. A failure there never takes anything from the API."
        actions={<RetryButton counts={sum(counted)} retry={() => retry({ apiId })} />}
      />
      <CardBody>
        <ul className="flex flex-col gap-4">
          {counted.map(({ keyManager, scopes, counts }) => {
            const shown = scopes.filter(isWorthShowing);
            return (
              <li key={keyManager.id} className="flex min-w-0 items-start gap-3">
                <Monogram text={keyManager.monogram} />
                <div className="flex min-w-0 flex-1 flex-col gap-2">
                  <p className="flex flex-wrap items-baseline gap-x-2">
                    <span className="font-medium">{keyManager.displayName}</span>
                    <span className="text-muted text-sm tabular-nums">{summaryOf(counts)}</span>
                  </p>
                  {shown.length > 0 && <MirrorList scopes={shown} label={`Scopes at ${keyManager.displayName}`} />}
                </div>
              </li>
            );
          })}
        </ul>
      </CardBody>
    </Card>
  );
}

function isWorthShowing({ state }: MirroredScopeView): boolean {
  return state !== "mirrored";
}

function sum(parts: readonly { counts: MirrorCounts }[]): MirrorCounts {
  const total = countStates([]);
  for (const { counts } of parts) {
    for (const state of Object.keys(total) as (keyof MirrorCounts)[]) total[state] += counts[state];
  }
  return total;
}
