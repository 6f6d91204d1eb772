import "server-only";
import type { Provider } from "next-auth/providers/index";
import { cookies } from "next/headers";
import type { InstallationCaller } from "#lib/features/context.ts";
import { FederationPurposeInput } from "#lib/features/identity-providers/contract.ts";
import { joinThrough, requireInvitationFor } from "#lib/features/identity-providers/join.ts";
import { linkIdentity, requireMayLink } from "#lib/features/identity-providers/own-identities.ts";
import {
  authenticate,
  enterThrough,
  OpenIdEndpoints,
  type OpenIdClaims,
  type SignInProvider,
} from "#lib/features/identity-providers/sign-in.ts";
import type { NewSession } from "#lib/features/identity/session.ts";
import { parseInput } from "#lib/features/verb.ts";
import { AppError, isAppError } from "#lib/foundation/errors.ts";
import type { SessionId } from "#lib/foundation/ids.ts";
import { runtime } from "#lib/runtime.ts";
import { cookieName, cookieOptions } from "./cookies.ts";
import { exchangeSeconds, openIntent, sealIntent, type FederationIntent } from "./federation-ticket.ts";
import { requestId } from "./request.ts";
import { currentSession } from "./session.ts";
import { rememberTenant } from "./tenant-memory.ts";

/** What the callbacks of one request leave for its answer: next-auth itself only passes on words. */
export type Attempt = {
  error?: unknown;
  /** Who came in; in the session that they had already, or in a new one. */
  entered?: NewSession & { sessionId?: SessionId };
};

type Caller = Pick<InstallationCaller, "deps" | "requestId">;

/**
 * What a browser wants that sets out to an identity provider.
 *
 * @param form what it posted
 * @throws {AppError} `input.invalid`; `auth.required`, `auth.sign_in_again` or `identity_provider.not_found` for
 *   linking; `auth.link_invalid` for joining
 */
export async function intentOf(form: URLSearchParams, provider: SignInProvider): Promise<FederationIntent> {
  const caller = { deps: runtime().deps, requestId: await requestId() };
  const wanted = parseInput(FederationPurposeInput, Object.fromEntries(form));
  if (wanted.purpose === "enter") return { kind: "enter" };
  if (wanted.purpose === "join") {
    await requireInvitationFor(caller, provider, wanted.invitation);
    return { kind: "join", invitation: wanted.invitation };
  }
  const session = await currentSession();
  if (!session) throw new AppError("auth.required");
  requireMayLink(caller, session, provider);
  return { kind: "link", sessionId: session.id };
}

/**
 * Keeps an intent in the browser while it is away, bound to the `state` of the address that it goes to. Without
 * one, as where next-auth refused to begin, there is nothing to come back with.
 */
export async function rememberIntent(intent: FederationIntent, providerId: string, destination: string): Promise<void> {
  const { env, deps } = runtime();
  const state = URL.canParse(destination) && new URL(destination).searchParams.get("state");
  if (!state) return;
  const ticket = await sealIntent(env.NEXTAUTH_SECRET, intent, { provider: providerId, state });
  (await cookies()).set(cookieName("intent", deps.origin), ticket, cookieOptions(deps.origin, exchangeSeconds));
}

/** Takes the intent of an attempt out of the browser: once. Null where it brings none for this very attempt. */
export async function takeIntent(provider: string, state: string): Promise<FederationIntent | null> {
  const { env, deps } = runtime();
  const jar = await cookies();
  const name = cookieName("intent", deps.origin);
  const ticket = jar.get(name)?.value;
  if (!ticket) return null;
  jar.set(name, "", cookieOptions(deps.origin, 0));
  return openIntent(env.NEXTAUTH_SECRET, ticket, { provider, state });
}

/**
 * A tenant's identity provider. next-auth makes and keeps state, nonce and code verifier, bound to this provider;
 * its own HTTP client is never used: everything is asked through the outbound door and checked by lib/protocol.
 *
 * @param intent what the browser went for; null while it only sets out
 */
export function openIdProvider(attempt: Attempt, provider: SignInProvider, intent: FederationIntent | null): Provider {
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
          if (!intent) throw new AppError("federation.failed");
          const claims = await authenticate(deps, provider, {
            returned: { code: params.code, state: params.state, iss: params["iss"] as string | undefined },
            expected: { state, nonce, codeVerifier },
          });
          const caller = { deps, requestId: await requestId() };
          attempt.entered = await fulfil(caller, provider, { claims, intent });
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

type Fulfilment = { claims: OpenIdClaims; intent: FederationIntent };

async function fulfil(caller: Caller, provider: SignInProvider, { claims, intent }: Fulfilment) {
  if (intent.kind === "link") {
    const session = await currentSession();
    // Signed out, or in as somebody else, while they were away.
    if (session?.id !== intent.sessionId) throw new AppError("federation.failed");
    const personId = session.person.id;
    await linkIdentity(caller, provider, { subject: claims.sub, personId });
    return { personId, sessionId: session.id };
  }
  const entered =
    intent.kind === "join"
      ? await joinThrough(caller, provider, { claims, token: intent.invitation })
      : await enterThrough(caller, provider, claims);
  await rememberTenant(provider.tenant.slug);
  return { ...entered, withinTenantId: provider.tenant.id };
}

/** Where a browser goes that comes back refused: to where it set out, with the code of what it is told there. */
export function refusalAddress(intent: FederationIntent | null, slug: string, error: unknown): string {
  const target = new URL(placeOf(intent), runtime().deps.origin);
  if (target.pathname === "/sign-in") target.searchParams.set("tenant", slug);
  target.searchParams.set("problem", isAppError(error) ? error.code : "federation.failed");
  return target.href;
}

function placeOf(intent: FederationIntent | null): string {
  if (intent?.kind === "link") return "/account";
  return intent?.kind === "join" ? `/invitation/${intent.invitation}` : "/sign-in";
}
