import { PageHeader } from "#components/ui/page-header.tsx";
import { LinkTabs } from "#components/ui/tabs.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { InviteInput, IssuedInvitationView } from "#lib/features/people/contract.ts";
import { InvitePerson } from "./invite-person.tsx";

type Invite = (input: InviteInput) => Promise<ActionResult<IssuedInvitationView>>;

/** The head that both lists of people share. */
export function PeopleHeader({ invite }: { invite: Invite }) {
  return (
    <>
      <PageHeader
        title="People"
        description="Who may enter this tenant, and what each of them may do here."
        actions={<InvitePerson invite={invite} />}
      />
      <LinkTabs
        label="People"
        tabs={[
          { label: "Members", href: "/admin/people" },
          { label: "Open invitations", href: "/admin/people/invitations" },
        ]}
      />
    </>
  );
}
