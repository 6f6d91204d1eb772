"use server";

import { LinkTokenInput } from "#lib/features/identity/contract.ts";
import { endSession, openSession } from "#lib/features/identity/session.ts";
import { acceptAsNewPerson, acceptAsPerson } from "#lib/features/people/accept-invitation.ts";
import type { AcceptInvitationInput } from "#lib/features/people/contract.ts";
import { parseInput } from "#lib/features/verb.ts";
import { definePersonalAction, definePublicAction } from "#lib/web/action.ts";
import { writeSessionCookie } from "#lib/web/session.ts";

/** Joins as somebody new, and signs in. */
export const acceptAsNewPersonAction = definePublicAction(async (request, input: AcceptInvitationInput) => {
  const joined = await acceptAsNewPerson(request, input);
  await writeSessionCookie(await openSession(request.deps, joined));
});

/** Joins as the person who is signed in, in a new session that begins in the tenant joined and takes the place of this one. */
export const acceptAsPersonAction = definePersonalAction(async (session, request, token: string) => {
  const joined = await acceptAsPerson(request, {
    token: parseInput(LinkTokenInput, token),
    personId: session.person.id,
  });
  await writeSessionCookie(await openSession(request.deps, joined));
  await endSession(request.deps, { id: session.id, personId: session.person.id });
});
