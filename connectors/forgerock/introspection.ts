/** The two ways in which AM tells about a token. */
import { z } from "zod";
import type { ConnectorDependencies, Introspection } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import { credentialsOf } from "#lib/connector-kit/sign-in.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import type { ClientCredentials } from "#lib/protocol/client-authentication.ts";
import { budgets, errorCodeOf, exchange, failureOf, unreadable } from "#lib/protocol/exchange.ts";
import { introspect } from "#lib/protocol/introspection.ts";
import { scopesOf } from "#lib/protocol/token.ts";
import type { Connection } from "./config.ts";
import type { Realm } from "./realm.ts";

const text = z.string().max(2048);

/**
 * What the token information endpoint says (PingAM, “Legacy OAuth 2.0 endpoints”). Tokens that AM keeps
 * itself name their client in `client_id` and have seconds left; JWTs of older servers name it in `aud`, say
 * when they end, and count what is left in milliseconds.
 */
const tokenInformation = z.looseObject({
  access_token: z.string().optional(),
  client_id: text.optional(),
  aud: z.union([text, z.array(text).min(1)]).optional(),
  scope: z.union([z.string().max(10_000), z.array(text)]).optional(),
  sub: text.optional(),
  iss: text.optional(),
  exp: z.number().min(0).max(253_402_300_799).optional(),
  expires_in: z.number().optional(),
  token_type: z.string().max(50).optional(),
});

const doing = "Asking about the token";

/** Whoever holds a token may ask this endpoint about it. */
async function askTokenInformation(
  { endpoints }: Realm,
  token: Secret,
  { fetch, clock }: Pick<ConnectorDependencies, "fetch" | "clock">,
): Promise<Introspection> {
  // What cannot stand in a header (RFC 6750 §2.1) was issued by nobody.
  if (!/^[A-Za-z0-9\-._~+/*]+=*$/.test(token.reveal())) return { active: false };
  const answer = await exchange(fetch, endpoints.tokenInfo, {
    headers: { authorization: `Bearer ${token.reveal()}` },
    ...budgets.introspection,
  });
  if (answer.status === 401 && errorCodeOf(answer) === "invalid_token") return { active: false };
  if (answer.status !== 200) throw failureOf(answer, { now: clock.now(), doing, secrets: [token] });
  const parsed = tokenInformation.safeParse(answer.json);
  const consumerKey = parsed.data?.client_id ?? [parsed.data?.aud ?? []].flat()[0];
  if (!parsed.success || consumerKey === undefined) throw unreadable(answer, doing, "does not tell whose token it is");
  const { scope, sub, iss, exp, expires_in: left, token_type: tokenType } = parsed.data;
  const scopes = scopesOf(scope);
  const expiresAt = exp ?? (left === undefined ? undefined : Math.floor(clock.now().getTime() / 1000) + left);
  return {
    active: true,
    consumerKey,
    scopes,
    audiences: [parsed.data.aud ?? []].flat(),
    claims: claimsIn(parsed.data, scopes),
    ...(sub !== undefined && { subject: sub }),
    ...(iss !== undefined && { issuer: iss }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(tokenType !== undefined && { tokenType }),
  };
}

/** The answer repeats the token, and holds a member for each scope, filled from the person's profile. */
function claimsIn(body: Record<string, unknown>, scopes: readonly string[]): Record<string, unknown> {
  const members = Object.entries(body).filter(([name]) => name !== "access_token" && !scopes.includes(name));
  return Object.fromEntries(members);
}

type IntrospectionClient = Exclude<Connection["introspection"], { method: "token_info" }>;

/** The client that asks, as it authenticates: its secret stands in the header, AM's own default. */
function credentialsOfClient(asking: IntrospectionClient): ClientCredentials {
  if (asking.method !== "client") return credentialsOf(asking);
  return credentialsOf({ ...asking, method: "client_secret_basic" });
}

/** AM tells a client about other clients' tokens only where one of these is among its scopes. */
const introspectionScopes = ["am-introspect-all-tokens", "am-introspect-all-tokens-any-realm"];

export type TokenInquiry = {
  /** @throws {ConnectorError} `unsupported` where AM would call every token of another client inactive */
  introspect(token: Secret): Promise<Introspection>;
  /** @throws {ConnectorError} `unsupported` where the client that asks lacks the scope for it */
  demandPermission(): Promise<void>;
};

/**
 * Opens the way of asking that the connection names.
 *
 * @param scopesOfClient what a client of this realm may ask for; undefined where there is no such client
 */
export function openTokenInquiry(
  realm: Realm,
  { introspection }: Pick<Connection, "introspection">,
  options: {
    dependencies: Pick<ConnectorDependencies, "fetch" | "clock">;
    scopesOfClient(clientId: string): Promise<readonly string[] | undefined>;
  },
): TokenInquiry {
  const { dependencies, scopesOfClient } = options;
  if (introspection.method === "token_info") {
    return {
      introspect: (token) => askTokenInformation(realm, token, dependencies),
      demandPermission: () => Promise.resolve(),
    };
  }
  const asking: IntrospectionClient = introspection;
  let isPermitted = false;

  async function demandPermission(): Promise<void> {
    if (isPermitted) return;
    const scopes = (await scopesOfClient(asking.clientId)) ?? [];
    isPermitted = scopes.some((scope) => introspectionScopes.includes(scope));
    if (isPermitted) return;
    throw new ConnectorError(
      "unsupported",
      `The client “${asking.clientId}” may ask about its own tokens only: am-introspect-all-tokens is not among its scopes in this realm.`,
    );
  }

  return {
    demandPermission,
    async introspect(token) {
      const result = await introspect(dependencies, {
        introspectionEndpoint: realm.endpoints.introspection,
        credentials: credentialsOfClient(asking),
        // AM wants its token endpoint as the audience, whichever endpoint is called (PingAM, “JWT profile”).
        assertionAudience: realm.endpoints.token,
        token,
      });
      // “Inactive” is also what AM says of a good token that this client may not see.
      if (!result.active) await demandPermission();
      return result;
    },
  };
}
