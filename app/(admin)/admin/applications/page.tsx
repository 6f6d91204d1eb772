import type { Metadata } from "next";
import { ApplicationTable } from "#components/applications/application-table.tsx";
import { ThePath } from "#components/path/path.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { SearchField } from "#components/ui/search-field.tsx";
import { ListApplicationsInput, searchLength } from "#lib/features/applications/contract.ts";
import { listEveryApplication } from "#lib/features/applications/list.ts";
import { readWords } from "#lib/foundation/text.ts";
import { requireContext } from "#lib/web/context.ts";
import { readSearch } from "#lib/web/search-params.ts";

export const metadata: Metadata = { title: "All applications" };

export default async function AllApplicationsPage({ searchParams }: PageProps<"/admin/applications">) {
  const ctx = await requireContext("application:administer");
  const { q, cursor } = await readSearch(searchParams);
  const search = readWords(ListApplicationsInput.shape.search, q);
  const { items, nextCursor } = await listEveryApplication(ctx, { ...(search ? { search } : {}), cursor });
  const none = items.length === 0 && !search && !cursor;
  return (
    <>
      <PageHeader
        title="All applications"
        description="What the developers of this tenant have made. Give one to somebody else when its owner leaves."
      />
      {none ? (
        <EmptyState
          picture={<ThePath nodes={[{ missing: true }, {}, {}]} links={["missing", "unknown"]} />}
          title="No developer has an application yet"
          description="Developers create applications, get keys for them and subscribe them to APIs."
        />
      ) : (
        <div className="flex flex-col gap-3">
          <SearchField
            label="Search all applications"
            maxLength={searchLength}
            placeholder="Name or owner"
            className="w-full sm:w-72"
          />
          {items.length === 0 ? (
            <EmptyState
              title="Nothing matches"
              description="No application and no owner has this name. Try fewer letters."
            />
          ) : (
            <ApplicationTable applications={items} at="/admin/applications" withOwner />
          )}
          <Pager nextCursor={nextCursor} />
        </div>
      )}
    </>
  );
}
