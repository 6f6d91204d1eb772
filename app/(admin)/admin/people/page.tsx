import type { Metadata } from "next";
import { PeopleFilter } from "#components/people/people-filter.tsx";
import { PeopleHeader } from "#components/people/people-header.tsx";
import { PeopleList } from "#components/people/people-list.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { SearchField } from "#components/ui/search-field.tsx";
import { ListPeopleInput, searchLength } from "#lib/features/people/contract.ts";
import { listPeople } from "#lib/features/people/list.ts";
import { readWords } from "#lib/foundation/text.ts";
import { requireContext } from "#lib/web/context.ts";
import { readSearch } from "#lib/web/search-params.ts";
import { changeRolesAction, invitePersonAction, makePasswordLinkAction, setPersonActiveAction } from "./actions.ts";

export const metadata: Metadata = { title: "People" };

// What somebody writes into the address by hand narrows nothing instead of failing.
const Filter = ListPeopleInput.pick({ role: true, state: true }).extend({
  role: ListPeopleInput.shape.role.catch(undefined),
  state: ListPeopleInput.shape.state.catch(undefined),
});

export default async function PeoplePage({ searchParams }: PageProps<"/admin/people">) {
  const ctx = await requireContext("people:read");
  const { q, cursor, role, state } = await readSearch(searchParams);
  const search = readWords(ListPeopleInput.shape.search, q);
  const page = await listPeople(ctx, { search, cursor, ...Filter.parse({ role, state }) });
  return (
    <>
      <PeopleHeader invite={invitePersonAction} />
      <div className="flex flex-wrap gap-3">
        <SearchField label="Search people" maxLength={searchLength} className="w-full sm:w-72" />
        <PeopleFilter />
      </div>
      {page.items.length === 0 ? (
        <EmptyState title="Nobody matches" description="Nobody in this tenant fits these words and filters." />
      ) : (
        <PeopleList
          people={page.items}
          changeRoles={changeRolesAction}
          setActive={setPersonActiveAction}
          makePasswordLink={makePasswordLinkAction}
        />
      )}
      <Pager nextCursor={page.nextCursor} />
    </>
  );
}
