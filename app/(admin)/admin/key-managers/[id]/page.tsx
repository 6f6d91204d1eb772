import { KeyManagerOverview } from "#components/key-managers/overview.tsx";
import { getKeyManager } from "#lib/features/key-managers/get.ts";
import { requireContext } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";

export default async function KeyManagerPage({ params }: PageProps<"/admin/key-managers/[id]">) {
  const ctx = await requireContext("key_manager:read");
  const { id } = await params;
  return <KeyManagerOverview view={await orNotFound(getKeyManager(ctx, { id }))} />;
}
