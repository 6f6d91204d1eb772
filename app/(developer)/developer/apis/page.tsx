import type { Metadata } from "next";
import { ApiTable } from "#components/apis/api-table.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { SearchField } from "#components/ui/search-field.tsx";
import { browseApis } from "#lib/features/apis/browse.ts";
import { ListApisInput, searchLength } from "#lib/features/apis/contract.ts";
import { readWords } from "#lib/foundation/text.ts";
import { requireContext } from "#lib/web/context.ts";
import { readSearch } from "#lib/web/search-params.ts";

export const metadata: Metadata = { title: "APIs" };

export default async function BrowseApisPage({ searchParams }: PageProps<"/developer/apis">) {
  const ctx = await requireContext("api:browse");
  const { q, cursor } = await readSearch(searchParams);
  const search = readWords(ListApisInput.shape.search, q);
  const { items, nextCursor } = await browseApis(ctx, {
    ...(search ? { search } : {}),
    cursor,
  });
  return (
    <>
      <PageHeader
        title="APIs"
        description="Everything that is published here, or that other tenants opened to yours. Open one to see which of your keys open it."
      />
      {items.length === 0 && !search && !cursor ? (
        <EmptyState
          title="Nothing is published yet"
          description="As soon as a creator publishes an API, it stands here for you to subscribe to."
        />
      ) : (
        <div className="flex flex-col gap-3">
          <SearchField label="Search APIs" maxLength={searchLength} placeholder="Name or context" />
          {items.length === 0 ? (
            <EmptyState title="Nothing matches" description="No published API fits this search. Try fewer letters." />
          ) : (
            <ApiTable apis={items} base="/developer/apis" />
          )}
          <Pager nextCursor={nextCursor} />
        </div>
      )}
    </>
  );
}
