"use server";

import { LinkTokenInput, type LinkInput } from "#lib/features/identity/contract.ts";
import { acceptOneTimeLink, proceedWithOneTimeLink } from "#lib/features/identity/one-time-links.ts";
import { openSession } from "#lib/features/identity/session.ts";
import { parseInput } from "#lib/features/verb.ts";
import { definePublicAction } from "#lib/web/action.ts";
import { writeSessionCookie } from "#lib/web/session.ts";

/** Sets name and password, and signs in. */
export const acceptLinkAction = definePublicAction(async ({ deps, requestId }, input: LinkInput) => {
  const personId = await acceptOneTimeLink(deps, input, requestId);
  await writeSessionCookie(await openSession(deps, { personId }));
});

/** Signs in without setting anything. */
export const proceedWithLinkAction = definePublicAction(async ({ deps, requestId }, token: string) => {
  const personId = await proceedWithOneTimeLink(deps, parseInput(LinkTokenInput, token), requestId);
  await writeSessionCookie(await openSession(deps, { personId }));
});
