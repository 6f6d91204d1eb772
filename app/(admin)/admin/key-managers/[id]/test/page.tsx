import { notFound } from "next/navigation";
import { StoredTest } from "#components/key-managers/stored-test.tsx";
import { getKeyManager } from "#lib/features/key-managers/get.ts";
import { requireContext } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { testStoredConnectionAction } from "../../actions.ts";

export default async function KeyManagerTestPage({ params }: PageProps<"/admin/key-managers/[id]/test">) {
  const ctx = await requireContext("key_manager:write");
  const { id } = await params;
  const view = await orNotFound(getKeyManager(ctx, { id }));
  // A global one is changed and tested by the operator only.
  if (view.global) notFound();
  return <StoredTest id={view.id} test={testStoredConnectionAction} />;
}
