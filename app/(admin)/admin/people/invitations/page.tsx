import type { Metadata } from "next";
import { InvitationList } from "#components/people/invitation-list.tsx";
import { PeopleHeader } from "#components/people/people-header.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { SearchField } from "#components/ui/search-field.tsx";
import { ListInvitationsInput, searchLength } from "#lib/features/people/contract.ts";
import { listInvitations } from "#lib/features/people/list.ts";
import { readWords } from "#lib/foundation/text.ts";
import { requireContext } from "#lib/web/context.ts";
import { readSearch } from "#lib/web/search-params.ts";
import { invitePersonAction, revokeInvitationAction } from "../actions.ts";

export const metadata: Metadata = { title: "Open invitations" };

export default async function InvitationsPage({ searchParams }: PageProps<"/admin/people/invitations">) {
  const ctx = await requireContext("people:read");
  const { q, cursor } = await readSearch(searchParams);
  const search = readWords(ListInvitationsInput.shape.search, q);
  const page = await listInvitations(ctx, { search, cursor });
  const isEmpty = page.items.length === 0;
  return (
    <>
      <PeopleHeader invite={invitePersonAction} />
      {(!isEmpty || search) && (
        <SearchField label="Search invitations" maxLength={searchLength} className="w-full sm:w-72" />
      )}
      {isEmpty ? (
        <EmptyState
          title={search ? "Nothing matches" : "No open invitation"}
          description="An invitation is open until it is accepted, revoked or a week old."
        />
      ) : (
        <InvitationList invitations={page.items} revoke={revokeInvitationAction} />
      )}
      <Pager nextCursor={page.nextCursor} />
    </>
  );
}
