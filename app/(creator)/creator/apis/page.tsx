import type { Metadata } from "next";
import { Link } from "#components/ui/link.tsx";
import { ApiTable } from "#components/apis/api-table.tsx";
import { StatusFilter } from "#components/apis/status-filter.tsx";
import { ThePath } from "#components/path/path.tsx";
import { Button } from "#components/ui/button.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { SearchField } from "#components/ui/search-field.tsx";
import { ListApisInput, searchLength } from "#lib/features/apis/contract.ts";
import { listApis } from "#lib/features/apis/read.ts";
import { readWords } from "#lib/foundation/text.ts";
import { requireContext } from "#lib/web/context.ts";
import { readSearch } from "#lib/web/search-params.ts";

export const metadata: Metadata = { title: "APIs" };

export default async function ApisPage({ searchParams }: PageProps<"/creator/apis">) {
  const ctx = await requireContext("api:read");
  const { q, status: rawStatus, cursor } = await readSearch(searchParams);
  const status = ListApisInput.shape.status.safeParse(rawStatus).data;
  const search = readWords(ListApisInput.shape.search, q);
  const { items, nextCursor } = await listApis(ctx, {
    ...(search ? { search } : {}),
    ...(status ? { status } : {}),
    cursor,
  });
  const filtered = Boolean(search) || Boolean(status) || Boolean(cursor);
  const mayWrite = ctx.permissions.has("api:write");

  return (
    <>
      <PageHeader
        title="APIs"
        description="What gateways protect: resources, the scopes they ask for, and the key managers whose tokens they accept."
        actions={mayWrite && <AddApi />}
      />
      {items.length === 0 && !filtered ? (
        <EmptyState
          picture={<ThePath nodes={[{}, {}, { missing: true }]} links={["unknown", "missing"]} />}
          title="No APIs yet"
          description="Import an OpenAPI file or describe the resources by hand, then choose which key managers open it."
          action={mayWrite && <AddApi />}
        />
      ) : (
        <div className="flex flex-col gap-3">
          <div className="flex flex-wrap items-center gap-2">
            <SearchField label="Search APIs" maxLength={searchLength} placeholder="Name or context" />
            <StatusFilter />
          </div>
          {items.length === 0 ? (
            <EmptyState
              title="Nothing matches"
              description="No API fits this search. Try fewer letters or another state."
            />
          ) : (
            <ApiTable apis={items} base="/creator/apis" showStatus />
          )}
          <Pager nextCursor={nextCursor} />
        </div>
      )}
    </>
  );
}

function AddApi() {
  return (
    <Button variant="primary" asChild>
      <Link href="/creator/apis/new">Add API</Link>
    </Button>
  );
}
