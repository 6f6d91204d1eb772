"use server";

import { headers } from "next/headers";
import { InteractionRef } from "#lib/authorization-server/addresses.ts";
import type { AuthorizationServer } from "#lib/authorization-server/server.ts";
import type { LiveSession } from "#lib/features/identity/session.ts";
import { parseInput } from "#lib/features/verb.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { runtime } from "#lib/runtime.ts";
import { definePersonalAction, definePublicAction } from "#lib/web/action.ts";

type Continuation = Awaited<ReturnType<AuthorizationServer["interactions"]["deny"]>>;

/** Signs the person in to the application that asks. */
export const continueAction = definePersonalAction(async (session, _request, input: InteractionRef) => {
  const { tenant, id } = parseInput(InteractionRef, input);
  requireReach(session, tenant);
  const visitor = { cookies: await cookieHeader(), personId: session.person.id, signedInAt: session.createdAt };
  return orGone(await runtime().authorizationServer.interactions.signIn(tenant, id, visitor));
});

/** Allows what the application asks for. */
export const allowAction = definePersonalAction(async (session, _request, input: InteractionRef) => {
  const { tenant, id } = parseInput(InteractionRef, input);
  requireReach(session, tenant);
  const visitor = { cookies: await cookieHeader(), personId: session.person.id, signedInAt: session.createdAt };
  return orGone(await runtime().authorizationServer.interactions.allow(tenant, id, visitor));
});

/** Sends the person back to the application with nothing; nobody needs to be signed in for that. */
export const denyAction = definePublicAction(async (_request, input: InteractionRef) => {
  const { tenant, id } = parseInput(InteractionRef, input);
  return orGone(await runtime().authorizationServer.interactions.deny(tenant, id, await cookieHeader()));
});

/** A session that another tenant's identity provider opened signs nobody in here. */
function requireReach({ beyond }: LiveSession, slug: string): void {
  if (!beyond.tenants.some((tenant) => tenant.slug === slug)) return;
  throw new AppError("auth.forbidden", {
    message: "You signed in through another tenant's identity provider. Sign in again to go on here.",
  });
}

/** The request's cookies as they came: the authorization server checks its own signatures in them. */
async function cookieHeader(): Promise<string> {
  return (await headers()).get("cookie") ?? "";
}

function orGone(continuation: Continuation): NonNullable<Continuation> {
  if (continuation) return continuation;
  throw new AppError("not_found", {
    message: "This request has expired or was answered already. Go back to the application and start again.",
  });
}
