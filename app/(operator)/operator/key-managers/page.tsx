import type { Metadata } from "next";
import { Link } from "#components/ui/link.tsx";
import { KeyManagerTable } from "#components/key-managers/key-manager-table.tsx";
import { installationPlace } from "#components/key-managers/place.ts";
import { ReloadButton } from "#components/key-managers/reload-button.tsx";
import { ThePath } from "#components/path/path.tsx";
import { Button } from "#components/ui/button.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { SearchField } from "#components/ui/search-field.tsx";
import { listGlobalKeyManagers } from "#lib/features/global-key-managers/read.ts";
import { ListKeyManagersInput, searchLength } from "#lib/features/key-managers/contract.ts";
import { readWords } from "#lib/foundation/text.ts";
import { requireOperator } from "#lib/web/context.ts";
import { readSearch } from "#lib/web/search-params.ts";
import { previewDisableAction, removeAction, setEnabledAction } from "./actions.ts";

export const metadata: Metadata = { title: "Global key managers" };

export default async function GlobalKeyManagersPage({ searchParams }: PageProps<"/operator/key-managers">) {
  const caller = await requireOperator();
  const { q, sort, cursor } = await readSearch(searchParams);
  const search = readWords(ListKeyManagersInput.shape.search, q);
  const { items, nextCursor } = await listGlobalKeyManagers(caller, {
    ...(search ? { search } : {}),
    sort: ListKeyManagersInput.shape.sort.safeParse(sort).data ?? "name",
    cursor,
  });
  const isNarrowed = Boolean(search) || Boolean(cursor);
  return (
    <>
      <PageHeader
        title="Global key managers"
        description="Authorization servers that you run for several tenants. Their keys open APIs across tenants."
        actions={(items.length > 0 || isNarrowed) && <Connect />}
      />
      {items.length === 0 && !isNarrowed ? (
        <EmptyState
          picture={
            <ThePath nodes={[{}, { name: "For every tenant", missing: true }, {}]} links={["missing", "missing"]} />
          }
          title="Connect an authorization server that tenants share"
          description="Each tenant that it serves gets keys from it and accepts its tokens; only operators see its connection."
          action={<Connect />}
        />
      ) : (
        <div className="flex flex-col gap-3">
          <div className="flex items-center gap-2">
            <SearchField
              label="Search global key managers"
              maxLength={searchLength}
              placeholder="Name, description or issuer"
            />
            <ReloadButton label="Reload global key managers" />
          </div>
          {items.length === 0 ? (
            <EmptyState
              title="Nothing matches"
              description="No global key manager fits this search. Try fewer letters."
            />
          ) : (
            <KeyManagerTable
              items={items}
              mayWrite
              of={installationPlace}
              actions={{ setEnabled: setEnabledAction, previewDisable: previewDisableAction, remove: removeAction }}
            />
          )}
          <Pager nextCursor={nextCursor} />
        </div>
      )}
    </>
  );
}

function Connect() {
  return (
    <Button variant="primary" asChild>
      <Link href="/operator/key-managers/new">Connect global key manager</Link>
    </Button>
  );
}
