import { ReporterCard } from "#components/global-key-managers/reporter-card.tsx";
import { KeyManagerOverview } from "#components/key-managers/overview.tsx";
import { installationPlace } from "#components/key-managers/place.ts";
import { getGlobalKeyManager } from "#lib/features/global-key-managers/read.ts";
import { readGlobalReporter } from "#lib/features/global-key-managers/reporter.ts";
import { requireOperator } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { makeReporterAction, removeReporterAction } from "../actions.ts";

export default async function GlobalKeyManagerPage({ params }: PageProps<"/operator/key-managers/[id]">) {
  const caller = await requireOperator();
  const { id } = await params;
  const [view, reporter] = await Promise.all([
    orNotFound(getGlobalKeyManager(caller, { id })),
    orNotFound(readGlobalReporter(caller, { id })),
  ]);
  return (
    <>
      <KeyManagerOverview view={view} of={installationPlace} />
      <ReporterCard
        keyManager={view}
        reporter={reporter}
        actions={{ make: makeReporterAction, remove: removeReporterAction }}
      />
    </>
  );
}
