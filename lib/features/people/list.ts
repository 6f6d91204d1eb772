import { listOpenInvitations } from "#lib/data/invitations.ts";
import { listMemberships, type MembershipRecord } from "#lib/data/memberships.ts";
import { readCursor, type Page } from "#lib/data/paging.ts";
import { actorId, type Actor } from "../context.ts";
import { defineQuery } from "../verb.ts";
import { ListInvitationsInput, ListPeopleInput, type InvitationView, type PersonInTenantView } from "./contract.ts";
import { toInvitationView } from "./invitations.ts";

const limit = 50;

/** The tenant's people, the newest first. */
export const listPeople = defineQuery({
  action: "person.list",
  permission: "people:read",
  input: ListPeopleInput,
  async run(ctx, { cursor, search, role, state }): Promise<Page<PersonInTenantView>> {
    const isActive = state === undefined ? undefined : state === "active";
    const page = await listMemberships(ctx, { after: readCursor(cursor), limit, search, role, isActive });
    return { ...page, items: page.items.map((record) => toPersonView(record, ctx.actor)) };
  },
});

/** Invitations that can still be accepted, the newest first. */
export const listInvitations = defineQuery({
  action: "invitation.list",
  permission: "people:read",
  input: ListInvitationsInput,
  async run(ctx, { cursor, search }): Promise<Page<InvitationView>> {
    const query = { after: readCursor(cursor), limit, search, now: ctx.deps.clock.now() };
    const page = await listOpenInvitations(ctx, query);
    return { ...page, items: page.items.map(toInvitationView) };
  },
});

export function toPersonView(record: MembershipRecord, viewer: Actor): PersonInTenantView {
  const { id, personId, name, email, roles, isActive, personIsActive, createdAt } = record;
  return {
    id,
    personId,
    name,
    email,
    roles,
    isActive,
    isDisabledEverywhere: !personIsActive,
    isSelf: personId === actorId(viewer),
    joinedAt: createdAt.toISOString(),
  };
}
