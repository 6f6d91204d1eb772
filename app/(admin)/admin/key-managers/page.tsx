import type { Metadata } from "next";
import { Link } from "#components/ui/link.tsx";
import { KeyManagerTable } from "#components/key-managers/key-manager-table.tsx";
import { ReloadButton } from "#components/key-managers/reload-button.tsx";
import { ThePath } from "#components/path/path.tsx";
import { Button } from "#components/ui/button.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { SearchField } from "#components/ui/search-field.tsx";
import { ListKeyManagersInput, searchLength } from "#lib/features/key-managers/contract.ts";
import { listKeyManagers } from "#lib/features/key-managers/list.ts";
import { readWords } from "#lib/foundation/text.ts";
import { requireContext } from "#lib/web/context.ts";
import { readSearch } from "#lib/web/search-params.ts";
import { previewDisableAction, removeKeyManagerAction, setKeyManagerEnabledAction } from "./actions.ts";

export const metadata: Metadata = { title: "Key managers" };

export default async function KeyManagersPage({ searchParams }: PageProps<"/admin/key-managers">) {
  const ctx = await requireContext("key_manager:read");
  const { q, sort, cursor } = await readSearch(searchParams);
  const search = readWords(ListKeyManagersInput.shape.search, q);
  const { items, nextCursor } = await listKeyManagers(ctx, {
    ...(search ? { search } : {}),
    sort: ListKeyManagersInput.shape.sort.safeParse(sort).data ?? "name",
    cursor,
  });
  const narrowed = Boolean(search) || Boolean(cursor);
  const mayWrite = ctx.permissions.has("key_manager:write");
  const onlyBuiltIn = !narrowed && items.length > 0 && items.every(({ permanent }) => permanent);

  return (
    <>
      <PageHeader
        title="Key managers"
        description="Authorization servers whose tokens open your APIs, and where developers get their keys."
        actions={mayWrite && <Connect />}
      />
      <div className="flex flex-col gap-3">
        <div className="flex items-center gap-2">
          <SearchField label="Search key managers" maxLength={searchLength} placeholder="Name, description or issuer" />
          <ReloadButton label="Reload key managers" />
        </div>
        {items.length === 0 ? (
          <EmptyState title="Nothing matches" description="No key manager fits this search. Try fewer letters." />
        ) : (
          <KeyManagerTable
            items={items}
            mayWrite={mayWrite}
            actions={{
              setEnabled: setKeyManagerEnabledAction,
              previewDisable: previewDisableAction,
              remove: removeKeyManagerAction,
            }}
          />
        )}
        <Pager nextCursor={nextCursor} />
        {onlyBuiltIn && (
          <EmptyState
            picture={
              <ThePath nodes={[{}, { name: "Your key manager", missing: true }, {}]} links={["missing", "missing"]} />
            }
            title="Connect the authorization server that you have"
            description="Paste its address: Latchkey reads what it offers, and shows you everything before it saves."
            action={mayWrite && <Connect />}
          />
        )}
      </div>
    </>
  );
}

function Connect() {
  return (
    <Button variant="primary" asChild>
      <Link href="/admin/key-managers/new">Connect key manager</Link>
    </Button>
  );
}
