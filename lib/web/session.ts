import "server-only";
import { decode, encode } from "next-auth/jwt";
import { cookies } from "next/headers";
import { cache } from "react";

import { resolveSession, sessionLifeSeconds, type LiveSession } from "#lib/features/identity/session.ts";
import type { SessionId } from "#lib/foundation/ids.ts";
import { runtime } from "#lib/runtime.ts";
import { cookieName, cookieOptions } from "./cookies.ts";

/**
 * The session of this request, read from the database once per request. The cookie proves nothing but the
 * session's id: it is next-auth's encrypted token around that one value.
 */
export const currentSession = cache(async (): Promise<LiveSession | null> => {
  const { env, deps } = runtime();
  const token = (await cookies()).get(cookieName("session", deps.origin))?.value;
  if (!token) return null;
  const claims = await decode({ token, secret: env.NEXTAUTH_SECRET.reveal() }).catch(() => null);
  return resolveSession(deps, claims?.["sid"]);
});

/** Hands the browser a session. Possible in actions and route handlers only. */
export async function writeSessionCookie(id: SessionId): Promise<void> {
  const { env, deps } = runtime();
  const token = await encode({ token: { sid: id }, secret: env.NEXTAUTH_SECRET.reveal(), maxAge: sessionLifeSeconds });
  (await cookies()).set(cookieName("session", deps.origin), token, cookieOptions(deps.origin, sessionLifeSeconds));
}

/** Takes the session from the browser; the row must be ended as well. */
export async function clearSessionCookie(): Promise<void> {
  const { origin } = runtime().deps;
  (await cookies()).set(cookieName("session", origin), "", cookieOptions(origin, 0));
}
