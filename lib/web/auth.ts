import "server-only";
import NextAuth, { type NextAuthOptions } from "next-auth";
import CredentialsProvider from "next-auth/providers/credentials";
import type { NextRequest } from "next/server";
import type { Provider } from "next-auth/providers/index";
import {
  authenticate,
  enterThrough,
  OpenIdEndpoints,
  openSignInProvider,
  type SignInProvider,
} from "#lib/features/identity-providers/sign-in.ts";
import { openSession, sessionLifeSeconds } from "#lib/features/identity/session.ts";
import { verifyPassword } from "#lib/features/identity/verify-password.ts";
import { AppError, isAppError } from "#lib/foundation/errors.ts";
import type { PersonId, TenantId } from "#lib/foundation/ids.ts";
import { runtime } from "#lib/runtime.ts";
import { cookieName, cookieOptions, type CookieKind } from "./cookies.ts";
import { knownDevice, rememberDevice } from "./device.ts";
import { problemResponse } from "./problem-response.ts";
import { clientAddress, requestId } from "./request.ts";
import { safeReturnTo } from "./return-to.ts";
import { requireSameOrigin } from "./same-origin.ts";
import { rememberTenant } from "./tenant-memory.ts";

type RouteContext = { params: Promise<{ nextauth: string[] }> };

/** What the callbacks of one request leave for its answer: next-auth itself only passes on words. */
type Attempt = { error?: unknown; entered?: { personId: PersonId; tenantId: TenantId } };

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
    // Beginning at an identity provider, and coming back from it. Nothing else of next-auth exists here.
    if (endpoint !== "write signin" && endpoint !== "read callback") throw new AppError("not_found");
    const provider = await openSignInProvider(deps, providerId);
    if (!provider) throw new AppError("identity_provider.not_found");
    const options = authOptions(attempt, openIdProvider(attempt, provider));
    const response = await runAuth(request, context, options);
    return isRead ? finishNavigation(response, { attempt, slug: provider.tenant.slug }) : finish(response, attempt, id);
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

/** A person's browser is on its way back: refusals lead to the sign-in page, in words of a fixed list. */
function finishNavigation(response: Response, { attempt, slug }: { attempt: Attempt; slug: string }): Response {
  if (attempt.entered !== undefined) return response;
  const code = isAppError(attempt.error) ? attempt.error.code : "federation.failed";
  const target = new URL("/sign-in", runtime().deps.origin);
  target.search = new URLSearchParams({ tenant: slug, problem: code }).toString();
  // The cookies of the exchange are used up in any case.
  response.headers.set("location", target.href);
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
        return { sid: await openSession(deps, attempt.entered ?? { personId: user.id as PersonId }) };
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

/**
 * A tenant's identity provider. next-auth makes and keeps state, nonce and code verifier, bound to this provider;
 * its own HTTP client is never used: everything is asked through the outbound door and checked by lib/protocol.
 */
function openIdProvider(attempt: Attempt, provider: SignInProvider): Provider {
  const endpoints = OpenIdEndpoints.parse(provider.endpoints);
  const { deps } = runtime();
  return {
    id: provider.id,
    name: provider.name,
    type: "oauth",
    issuer: provider.issuer,
    clientId: provider.clientId,
    checks: ["state", "nonce", "pkce"],
    authorization: { url: endpoints.authorization, params: { scope: "openid profile email" } },
    token: {
      url: endpoints.token,
      async request({ params, checks }) {
        try {
          // The type leaves the nonce out; with "nonce" among the checks it is there.
          const {
            state = "",
            nonce = "",
            code_verifier: codeVerifier = "",
          } = checks as Partial<Record<string, string>>;
          const claims = await authenticate(deps, provider, {
            returned: { code: params.code, state: params.state, iss: params["iss"] as string | undefined },
            expected: { state, nonce, codeVerifier },
          });
          const caller = { deps, requestId: await requestId() };
          attempt.entered = await enterThrough(caller, provider, claims);
          await rememberTenant(provider.tenant.slug);
          return { tokens: {} };
        } catch (error) {
          attempt.error = error;
          throw error;
        }
      },
    },
    userinfo: { request: () => ({ sub: attempt.entered?.personId ?? "" }) },
    profile: ({ sub }: { sub: string }) => ({ id: sub }),
  };
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
