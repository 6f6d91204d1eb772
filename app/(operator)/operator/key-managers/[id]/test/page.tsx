import { StoredTest } from "#components/key-managers/stored-test.tsx";
import { getGlobalKeyManager } from "#lib/features/global-key-managers/read.ts";
import { requireOperator } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { testStoredConnectionAction } from "../../actions.ts";

export default async function GlobalTestPage({ params }: PageProps<"/operator/key-managers/[id]/test">) {
  const caller = await requireOperator();
  const { id } = await params;
  const view = await orNotFound(getGlobalKeyManager(caller, { id }));
  return <StoredTest id={view.id} test={testStoredConnectionAction} />;
}
