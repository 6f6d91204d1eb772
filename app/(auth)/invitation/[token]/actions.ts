"use server";

import { LinkTokenInput } from "#lib/features/identity/contract.ts";
import { openSession, resolveSession, switchTenant } from "#lib/features/identity/session.ts";
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

/**
 * Joins as the person who is signed in. The session goes on in the tenant joined, where it reaches that, as old as it
 * was: nobody signed in.
 */
export const acceptAsPersonAction = definePersonalAction(async (session, request, token: string) => {
  const joined = await acceptAsPerson(request, {
    token: parseInput(LinkTokenInput, token),
    personId: session.person.id,
  });
  const renewed = await resolveSession(request.deps, session.id);
  const isReached = renewed?.memberships.some(({ tenant }) => tenant.id === joined.tenantId);
  if (renewed && isReached) await switchTenant(request.deps, renewed, joined.tenantId);
});
