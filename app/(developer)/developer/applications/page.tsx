import type { Metadata } from "next";
import { ApplicationDialog } from "#components/applications/application-dialog.tsx";
import { ApplicationTable } from "#components/applications/application-table.tsx";
import { ThePath } from "#components/path/path.tsx";
import { Button } from "#components/ui/button.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { SearchField } from "#components/ui/search-field.tsx";
import { ListApplicationsInput, searchLength } from "#lib/features/applications/contract.ts";
import { listApplications } from "#lib/features/applications/list.ts";
import { readWords } from "#lib/foundation/text.ts";
import { requireContext } from "#lib/web/context.ts";
import { readSearch } from "#lib/web/search-params.ts";
import { createApplicationAction } from "./actions.ts";

export const metadata: Metadata = { title: "Applications" };

export default async function ApplicationsPage({ searchParams }: PageProps<"/developer/applications">) {
  const ctx = await requireContext("application:read");
  const { q, cursor, create } = await readSearch(searchParams);
  const search = readWords(ListApplicationsInput.shape.search, q);
  const { items, nextCursor } = await listApplications(ctx, { ...(search ? { search } : {}), cursor });
  const none = items.length === 0 && !search && !cursor;
  const add = (
    <ApplicationDialog
      // Keyed: the palette may lead here from this very page.
      key={create}
      startOpen={create !== undefined}
      save={createApplicationAction}
      trigger={<Button variant="primary">Create application</Button>}
    />
  );
  return (
    <>
      <PageHeader
        title="Applications"
        description="What calls APIs. Each holds its own keys and subscriptions."
        actions={!none && add}
      />
      {none ? (
        <EmptyState
          picture={<ThePath nodes={[{ missing: true }, {}, {}]} links={["missing", "unknown"]} />}
          title="No applications yet"
          description="Create one for each program that calls APIs, get keys for it from a key manager, then subscribe it to an API."
          action={add}
        />
      ) : (
        <div className="flex flex-col gap-3">
          <SearchField label="Search applications" maxLength={searchLength} placeholder="Name" />
          {items.length === 0 ? (
            <EmptyState
              title="Nothing matches"
              description="No application of yours fits this search. Try fewer letters."
            />
          ) : (
            <ApplicationTable applications={items} at="/developer/applications" />
          )}
          <Pager nextCursor={nextCursor} />
        </div>
      )}
    </>
  );
}
