import { KeyManagerOverview } from "#components/key-managers/overview.tsx";
import { installationPlace } from "#components/key-managers/place.ts";
import { getGlobalKeyManager } from "#lib/features/global-key-managers/read.ts";
import { requireOperator } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";

export default async function GlobalKeyManagerPage({ params }: PageProps<"/operator/key-managers/[id]">) {
  const caller = await requireOperator();
  const { id } = await params;
  const view = await orNotFound(getGlobalKeyManager(caller, { id }));
  return <KeyManagerOverview view={view} of={installationPlace} />;
}
