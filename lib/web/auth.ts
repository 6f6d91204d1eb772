import "server-only";
import NextAuth, { type NextAuthOptions } from "next-auth";
import CredentialsProvider from "next-auth/providers/credentials";
import type { NextRequest } from "next/server";
import { openSession, sessionLifeSeconds } from "#lib/features/identity/session.ts";
import { verifyPassword } from "#lib/features/identity/verify-password.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { PersonId, TenantId } from "#lib/foundation/ids.ts";
import { runtime } from "#lib/runtime.ts";
import { cookieName, cookieOptions, type CookieKind } from "./cookies.ts";
import { knownDevice, rememberDevice } from "./device.ts";
import { clientAddress, requestId } from "./request.ts";
import { problemResponse } from "./route.ts";
import { requireSameOrigin } from "./same-origin.ts";

type RouteContext = { params: Promise<{ nextauth: string[] }> };

/** What the callbacks of one request leave for its answer: next-auth itself only passes on words. */
type Attempt = { error?: unknown; tenantId?: TenantId | null };

/** The endpoints of next-auth that are in use. Everything else does not exist. */
const reads = new Set(["csrf"]);
const writes = new Set(["callback/password"]);

/** Answers `/api/auth/*`. */
export async function handleAuth(request: NextRequest, context: RouteContext): Promise<Response> {
  const { deps } = runtime();
  const id = await requestId();
  const attempt: Attempt = {};
  try {
    const endpoint = (await context.params).nextauth.join("/");
    const isRead = request.method === "GET";
    if (!(isRead ? reads : writes).has(endpoint)) throw new AppError("not_found");
    if (!isRead) requireSameOrigin(request.headers, deps.origin);
    const response = (await NextAuth(request, context, authOptions(attempt))) as Response;
    if (attempt.error !== undefined) return problemResponse(attempt.error, id);
    response.headers.set("cache-control", "no-store");
    return response;
  } catch (error) {
    return problemResponse(attempt.error ?? error, id);
  }
}

function authOptions(attempt: Attempt): NextAuthOptions {
  const { env, deps } = runtime();
  return {
    secret: env.NEXTAUTH_SECRET.reveal(),
    session: { strategy: "jwt", maxAge: sessionLifeSeconds },
    useSecureCookies: deps.origin.startsWith("https://"),
    cookies: authCookies(deps.origin),
    pages: { signIn: "/sign-in", error: "/sign-in" },
    logger: {
      error: (code, metadata) => deps.log.warn({ code, error: errorIn(metadata) }, "sign-in was refused"),
      warn: (code) => deps.log.debug({ code }, "next-auth"),
      // Debug lines of next-auth hold tokens.
      debug: () => {},
    },
    providers: [passwordProvider(attempt)],
    callbacks: {
      // The token carries the session's id and nothing else: all that matters is read on every request.
      async jwt({ user }) {
        const session = { personId: user.id as PersonId, tenantId: attempt.tenantId ?? null };
        return { sid: await openSession(deps, session) };
      },
      redirect: ({ baseUrl }) => baseUrl,
    },
  };
}

function passwordProvider(attempt: Attempt) {
  return CredentialsProvider({
    id: "password",
    name: "Password",
    credentials: { email: { type: "email" }, password: { type: "password" } },
    async authorize(credentials) {
      const { email = "", password = "" } = credentials ?? {};
      const account = email.trim().toLowerCase();
      try {
        const caller = { deps: runtime().deps, requestId: await requestId() };
        const origin = { device: await knownDevice(account), address: await clientAddress() };
        const personId = await verifyPassword(caller, { email, password }, origin);
        await rememberDevice(account);
        return { id: personId };
      } catch (error) {
        attempt.error = error;
        return null;
      }
    },
  });
}

function authCookies(origin: string): NonNullable<NextAuthOptions["cookies"]> {
  const cookie = (kind: CookieKind, maxAgeSeconds?: number) => ({
    name: cookieName(kind, origin),
    options: cookieOptions(origin, maxAgeSeconds),
  });
  const exchangeSeconds = 15 * 60;
  return {
    sessionToken: cookie("session"),
    csrfToken: cookie("csrf"),
    callbackUrl: cookie("callback"),
    pkceCodeVerifier: cookie("pkce", exchangeSeconds),
    state: cookie("state", exchangeSeconds),
    nonce: cookie("nonce", exchangeSeconds),
  };
}

function errorIn(metadata: unknown): unknown {
  return typeof metadata === "object" && metadata !== null && "error" in metadata ? metadata.error : metadata;
}
