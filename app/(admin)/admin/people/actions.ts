"use server";

import { changeRoles } from "#lib/features/people/change-roles.ts";
import { invitePerson } from "#lib/features/people/invite.ts";
import { makePasswordLink } from "#lib/features/people/password-links.ts";
import { revokeInvitation } from "#lib/features/people/revoke-invitation.ts";
import { setPersonActive } from "#lib/features/people/set-active.ts";
import { defineAction } from "#lib/web/action.ts";

const people = { revalidate: () => ["/admin/people"] };
const invitations = { revalidate: () => ["/admin/people", "/admin/people/invitations"] };

export const invitePersonAction = defineAction(invitePerson, invitations);
export const revokeInvitationAction = defineAction(revokeInvitation, invitations);
export const changeRolesAction = defineAction(changeRoles, people);
export const setPersonActiveAction = defineAction(setPersonActive, people);
export const makePasswordLinkAction = defineAction(makePasswordLink);
