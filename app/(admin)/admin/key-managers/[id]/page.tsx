import { KeyManagerOverview } from "#components/key-managers/overview.tsx";
import { KeyManagerMirrors } from "#components/scope-mirrors/key-manager-mirrors.tsx";
import { getKeyManager } from "#lib/features/key-managers/get.ts";
import { listScopeMirrorsAt } from "#lib/features/scope-mirrors/list.ts";
import { requireContext } from "#lib/web/context.ts";
import { orNotFound } from "#lib/web/or-not-found.ts";
import { readSearch } from "#lib/web/search-params.ts";
import { retryMirroringAtAction } from "../actions.ts";

export default async function KeyManagerPage({ params, searchParams }: PageProps<"/admin/key-managers/[id]">) {
  const ctx = await requireContext("key_manager:read");
  const { id } = await params;
  const { scopes: cursor } = await readSearch(searchParams);
  const view = await orNotFound(getKeyManager(ctx, { id }));
  const holdsScopes = view.connector.capabilities.includes("scopes") && view.tokenTypes.includes("DIRECT");
  const mirrors = holdsScopes ? await listScopeMirrorsAt(ctx, { keyManagerId: id, cursor }) : null;
  return (
    <div className="flex flex-col gap-5">
      <KeyManagerOverview view={view} />
      {mirrors && <KeyManagerMirrors keyManager={view} view={mirrors} retry={retryMirroringAtAction} />}
    </div>
  );
}
