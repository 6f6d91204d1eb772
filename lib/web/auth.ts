import "server-only";
import NextAuth, { type NextAuthOptions } from "next-auth";
import CredentialsProvider from "next-auth/providers/credentials";
import type { NextRequest } from "next/server";
import type { Provider } from "next-auth/providers/index";
import { openSignInProvider, type SignInProvider } from "#lib/features/identity-providers/sign-in.ts";
import { openSession, sessionLifeSeconds } from "#lib/features/identity/session.ts";
import { verifyPassword } from "#lib/features/identity/verify-password.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { PersonId } from "#lib/foundation/ids.ts";
import { runtime } from "#lib/runtime.ts";
import { cookieName, cookieOptions, type CookieKind } from "./cookies.ts";
import { knownDevice, rememberDevice } from "./device.ts";
import { exchangeSeconds } from "./federation-ticket.ts";
import { intentOf, openIdProvider, refusalAddress, rememberIntent, takeIntent, type Attempt } from "./federation.ts";
import { problemResponse } from "./problem-response.ts";
import { clientAddress, requestId } from "./request.ts";
import { safeReturnTo } from "./return-to.ts";
import { requireSameOrigin } from "./same-origin.ts";

type RouteContext = { params: Promise<{ nextauth: string[] }> };

/** Answers `/api/auth/*`. */
export async function handleAuth(request: NextRequest, context: RouteContext): Promise<Response> {
  const { deps } = runtime();
  const id = await requestId();
  const attempt: Attempt = {};
  try {
    const [action = "", providerId = "", ...rest] = (await context.params).nextauth;
    const isRead = request.method === "GET";
    if (!isRead) requireSameOrigin(request.headers, deps.origin);
    const endpoint = `${isRead ? "read" : "write"} ${action}`;
    if (rest.length > 0) throw new AppError("not_found");
    if ((endpoint === "read csrf" && !providerId) || (endpoint === "write callback" && providerId === "password")) {
      return finish(await runAuth(request, context, authOptions(attempt)), attempt, id);
    }
    // Setting out to an identity provider, and coming back from it. Nothing else of next-auth exists here.
    if (endpoint !== "write signin" && endpoint !== "read callback") throw new AppError("not_found");
    const provider = await openSignInProvider(deps, providerId);
    if (!provider) throw new AppError("identity_provider.not_found");
    return isRead ? await comeBack(request, context, provider) : await setOut(request, context, provider);
  } catch (error) {
    return problemResponse(attempt.error ?? error, id);
  }
}

async function runAuth(request: NextRequest, context: RouteContext, options: NextAuthOptions): Promise<Response> {
  const response = (await NextAuth(request, context, options)) as Response;
  response.headers.set("cache-control", "no-store");
  return response;
}

function finish(response: Response, attempt: Attempt, id: string): Response {
  return attempt.error === undefined ? response : problemResponse(attempt.error, id);
}

/** Sends a browser to an identity provider: what it wants there is refused now, where it cannot be granted. */
async function setOut(request: NextRequest, context: RouteContext, provider: SignInProvider): Promise<Response> {
  const intent = await intentOf(new URLSearchParams(await request.clone().text()), provider);
  const response = await runAuth(request, context, authOptions({}, openIdProvider({}, provider, null)));
  await rememberIntent(intent, provider.id, await destinationOf(response));
  return response;
}

/** Where next-auth sends the browser: in a header, or in the body where a script asked. */
async function destinationOf(response: Response): Promise<string> {
  const location = response.headers.get("location");
  return location ?? ((await response.clone().json()) as { url: string }).url;
}

/** A person's browser is on its way back: refusals lead to the page where it set out, in words of a fixed list. */
async function comeBack(request: NextRequest, context: RouteContext, provider: SignInProvider): Promise<Response> {
  const attempt: Attempt = {};
  const intent = await takeIntent(provider.id, request.nextUrl.searchParams.get("state") ?? "");
  const response = await runAuth(request, context, authOptions(attempt, openIdProvider(attempt, provider, intent)));
  if (attempt.entered !== undefined) return response;
  // The cookies of the exchange are used up in any case.
  response.headers.set("location", refusalAddress(intent, provider.tenant.slug, attempt.error));
  return new Response(null, { status: 302, headers: response.headers });
}

function authOptions(attempt: Attempt, provider: Provider = passwordProvider(attempt)): NextAuthOptions {
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
    providers: [provider],
    callbacks: {
      // The token carries the session's id and nothing else: all that matters is read on every request.
      async jwt({ user }) {
        const entered = attempt.entered ?? { personId: user.id as PersonId };
        return { sid: entered.sessionId ?? (await openSession(deps, entered)) };
      },
      redirect: ({ url, baseUrl }) => baseUrl + safeReturnTo(url.startsWith(baseUrl) ? url.slice(baseUrl.length) : url),
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
