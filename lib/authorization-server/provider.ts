/** One tenant's authorization server: oidc-provider, configured. */
import {
  errors,
  interactionPolicy,
  Provider,
  type AccountClaims,
  type Client,
  type Configuration,
  type Grant,
  type KoaContextWithOIDC,
} from "oidc-provider";
import { findLatestGrant, noteIssuedToken } from "#lib/data/authorization-state.ts";
import type { Database } from "#lib/data/database.ts";
import { findAccount, type AccountRecord } from "#lib/data/issuers.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import type { DeriveSecret } from "#lib/foundation/derived-secret.ts";
import { randomToken, type TenantId } from "#lib/foundation/ids.ts";
import type { Log } from "#lib/foundation/log.ts";
import { answerStructuredToken, errorOf, mayIntrospect, portalClientId, type AccessTokens } from "./access-tokens.ts";
import { defaultAudience, interactionPath, issuerOf, mountOf, routes } from "./addresses.ts";
import {
  applyRegistrationPolicy,
  authMethods,
  chosenClientId,
  extraProperties,
  idTokenAlgorithms,
  lifetimeOf,
  lifetimes,
  takenClientId,
} from "./client-metadata.ts";
import { keptApart, matchesSecretDigest, secretDigest } from "./client-secret.ts";
import type { ClientSecrets } from "./client-secrets.ts";
import { errorPagePolicy, renderErrorPage } from "./error-page.ts";
import type { Scopes } from "./scopes.ts";
import { accessTokenAlgorithm, type KeySet } from "./signing.ts";
import { createTokenExchange, type TokenExchange, type VerifySubjectToken } from "./token-exchange.ts";
import { registrationPolicy, type Store } from "./store.ts";

export type ProviderOptions = {
  database: Database;
  clock: Clock;
  log: Log;
  derive: DeriveSecret;
  origin: string;
  tenant: { id: TenantId; slug: string };
  keySet: KeySet;
  accessTokens: AccessTokens;
  store: Store;
  secrets: ClientSecrets;
  scopes: Scopes;
  /** Judges the tokens of other servers that are to be exchanged. */
  verifySubjectToken: VerifySubjectToken;
};

/** Scopes of OpenID Connect; every other scope is one of the tenant's APIs. */
export const identityScopes = ["openid", "offline_access", "profile", "email"] as const;
/** Those of them that an access token carries, so that it opens the userinfo endpoint. */
const tokenScopes = ["openid", "profile", "email"];

const minute = 60;
const hour = 60 * minute;

type Offering = { audience: string; exchange: TokenExchange };

/** Claims about a person, by scope (OpenID Connect Core §5.4). The subject is the person's id. */
export function accountClaims(account: AccountRecord, scopes: ReadonlySet<string>): AccountClaims {
  return {
    sub: account.personId,
    ...(scopes.has("profile") ? { name: account.name } : {}),
    ...(scopes.has("email") ? { email: account.email } : {}),
  };
}

/** Builds the provider of one tenant with one set of keys. */
export function buildProvider(options: ProviderOptions): Provider {
  const { origin, tenant, log, accessTokens, secrets } = options;
  const audience = defaultAudience(origin, tenant.slug);
  const exchange = createTokenExchange({ ...options, audience });
  const provider = new Provider(issuerOf(origin, tenant.slug), configure(options, { audience, exchange }));
  exchange.register(provider);
  // Host and scheme are set from the configuration before a request comes here; see server.ts of this folder.
  provider.proxy = true;

  // The library knows one secret of a client, in clear. Its comparison, by which every endpoint authenticates clients, is
  // public so that it can be replaced (panva/node-oidc-provider, issue 631 and discussion 1410).
  provider.Client.prototype.compareClientSecret = function (this: Client, given: string) {
    if (this.clientId !== portalClientId) return secrets.accepts(this.clientId, given);
    return typeof this.clientSecret === "string" && matchesSecretDigest(given, this.clientSecret);
  };

  provider.use(async (ctx, next) => {
    await next();
    const oidc = (ctx as Partial<KoaContextWithOIDC>).oidc;
    if (!oidc) return;
    const answered = ctx as KoaContextWithOIDC;
    await answerStructuredToken(answered, accessTokens);
    hideKeptSecret(answered);
    nameUnauthorizedGrant(answered);
    if (oidc.route === "jwks" || oidc.route === "discovery") ctx.set("cache-control", "public, max-age=60");
  });

  provider.on("server_error", (_ctx, error) =>
    log.error({ error, tenant: tenant.slug }, "authorization server failed"),
  );
  return provider;
}

/** What stands for the secrets is of no use to the client: reads and updates leave it out (RFC 7592 §3 allows it). */
function hideKeptSecret(ctx: KoaContextWithOIDC): void {
  const body: unknown = ctx.body;
  if (typeof body !== "object" || body === null || !("client_secret" in body)) return;
  if (body.client_secret === keptApart) delete body.client_secret;
}

/** Without this, a client with the id of another would take its place. */
async function refuseTakenId({ oidc }: KoaContextWithOIDC): Promise<void> {
  const chosen = chosenClientId(oidc.body);
  if (chosen !== undefined && (await oidc.provider.Client.find(chosen))) throw takenClientId(chosen);
}

/** The library says `invalid_request` where RFC 6749 §5.2 has an error of its own. */
function nameUnauthorizedGrant(ctx: KoaContextWithOIDC): void {
  const { route, client, params } = ctx.oidc;
  const grant = params?.["grant_type"];
  if (route !== "token" || !client || typeof grant !== "string" || client.grantTypeAllowed(grant)) return;
  if (errorOf(ctx.body) === "invalid_request") {
    ctx.body = { error: "unauthorized_client", error_description: "this client may not use this grant type" };
  }
}

function configure(options: ProviderOptions, { audience, exchange }: Offering): Configuration {
  const { database, clock, derive, origin, tenant, keySet, store, scopes: known } = options;

  return {
    adapter: store,
    jwks: { keys: keySet.signing },
    clients: [
      {
        client_id: portalClientId,
        client_secret: secretDigest(derive("built-in.introspection", tenant.id).reveal()),
        grant_types: [],
        response_types: [],
        redirect_uris: [],
      },
    ],
    routes,
    discovery: { userinfo_endpoint: `${issuerOf(origin, tenant.slug)}${routes.userinfo}` },
    cookies: {
      keys: [derive("built-in.cookies", tenant.id).reveal()],
      names: { session: "latchkey_oidc", interaction: "latchkey_interaction", resume: "latchkey_resume" },
      long: { httpOnly: true, sameSite: "lax", path: mountOf(tenant.slug) },
      short: { httpOnly: true, sameSite: "lax" },
    },

    scopes: [...identityScopes],
    claims: { openid: ["sub"], profile: ["name"], email: ["email"], auth_time: null, iss: null, sid: null },
    responseTypes: ["code"],
    subjectTypes: ["public"],
    clientAuthMethods: [...authMethods],
    enabledJWA: { idTokenSigningAlgValues: [...idTokenAlgorithms] },
    clientDefaults: {
      grant_types: ["authorization_code"],
      response_types: ["code"],
      id_token_signed_response_alg: "ES256",
      token_endpoint_auth_method: "client_secret_basic",
    },
    extraClientMetadata: { properties: [...extraProperties] },

    // RFC 9700 §2.1.1: PKCE for every client, confidential ones too. The library knows S256 only.
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    acceptQueryParamAccessTokens: false,
    clientBasedCORS: (_ctx, requestOrigin, client) =>
      client.clientAuthMethod === "none" &&
      (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === requestOrigin),

    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => mayIntrospect(client, token.clientId),
      },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => client.clientId === token.clientId },
      registration: {
        enabled: true,
        initialAccessToken: true,
        policies: {
          async [registrationPolicy](ctx, metadata) {
            applyRegistrationPolicy(metadata);
            if (ctx.oidc.route === "registration") await refuseTakenId(ctx);
          },
        },
        idFactory: (ctx) => chosenClientId(ctx.oidc.body) ?? randomToken(16),
        secretFactory: () => randomToken(),
      },
      registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, _client, oneOf) => (oneOf?.includes(audience) ? audience : (oneOf?.[0] ?? audience)),
        useGrantedResource: () => true,
        async getResourceServerInfo(ctx, resource, client) {
          const { scopes, audiences } = await known.offer();
          if (!audiences.has(resource)) throw new errors.InvalidTarget();
          refuseUnknownScopes(ctx, scopes);
          if (actsAlone(ctx)) await known.refuseUngranted(client, ctx.oidc.requestParamScopes);
          return {
            audience: resource,
            scope: [...scopes, ...tokenScopes].join(" "),
            accessTokenFormat: "jwt",
            jwt: { sign: { alg: accessTokenAlgorithm } },
          };
        },
      },
      // Answered by userinfo.ts: the library's takes opaque tokens only.
      userinfo: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
    },
    // Nothing that a client registers makes this server fetch an address.
    fetch: () => Promise.reject(new Error("The authorization server calls nobody.")),

    formats: {
      customizers: {
        async jwt(_ctx, token, structured) {
          exchange.complete(token, structured.payload);
          if (token.kind !== "AccessToken" || !token.grantId || !token.accountId || !token.clientId) return;
          const { jti, grantId, accountId, clientId } = token;
          const expiresAt = new Date(clock.now().getTime() + token.expiration * 1000);
          const noted = await database.inTenant(tenant.id, (tx) =>
            noteIssuedToken(tx, { tokenId: jti, grantId, accountId, clientId, expiresAt }),
          );
          if (!noted) throw new errors.InvalidGrant("grant not found");
        },
      },
    },

    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed("refresh_token"),
    rotateRefreshToken: () => true,
    expiresWithSession: () => false,
    ttl: {
      AccessToken: (_ctx, _token, client) => lifetimeOf(client, "access_token_ttl"),
      ClientCredentials: (_ctx, _token, client) => lifetimeOf(client, "application_token_ttl"),
      IdToken: (_ctx, _token, client) => lifetimeOf(client, "id_token_ttl"),
      // A rotated token inherits what is left, so a chain ends when its first token would have.
      RefreshToken: (ctx, _token, client) =>
        ctx.oidc.entities.RotatedRefreshToken?.remainingTTL ?? lifetimeOf(client, "refresh_token_ttl"),
      AuthorizationCode: minute,
      Grant: lifetimes.refresh_token_ttl.maximum,
      Interaction: hour,
      Session: hour,
    },

    interactions: {
      policy: signInEachTime(),
      url: (_ctx, interaction) => interactionPath(tenant.slug, interaction.uid),
    },
    async findAccount(_ctx, accountId) {
      const account = await database.inTenant(tenant.id, (tx) => findAccount(tx, accountId));
      if (!account) return undefined;
      return { accountId, claims: (_use, scope) => accountClaims(account, new Set(scope.split(" "))) };
    },
    loadExistingGrant: (ctx) => loadGrant(ctx, options),

    renderError(ctx, out) {
      ctx.type = "html";
      ctx.set("content-security-policy", errorPagePolicy);
      ctx.body = renderErrorPage(out);
    },
  };
}

/** Each authorization passes through the sign-in page, so that the portal's own session decides who is there. */
function signInEachTime() {
  const policy = interactionPolicy.base();
  policy
    .get("login")
    ?.checks.add(
      new interactionPolicy.Check(
        "portal_session",
        "the person must be signed in to the portal",
        "login_required",
        (ctx) => !ctx.oidc.result?.login,
      ),
    );
  return policy;
}

/**
 * What the person allowed before is not asked again, yet each sign-in gets a grant of its own: ending one,
 * because its code or refresh token was used twice, leaves the others alone.
 */
async function loadGrant(
  ctx: KoaContextWithOIDC,
  { database, clock, tenant }: ProviderOptions,
): Promise<Grant | undefined> {
  const { provider, result, client, account } = ctx.oidc;
  const allowedNow = result?.consent?.grantId;
  if (allowedNow) return provider.Grant.find(allowedNow);
  if (!result?.login || !client || !account) return undefined;
  const { accountId } = account;
  const { clientId } = client;
  const before = await database.inTenant(tenant.id, (tx) =>
    findLatestGrant(tx, { clientId, accountId, now: clock.now() }),
  );
  const remembered = before && (await provider.Grant.find(before.id));
  if (!remembered) return undefined;
  const grant = new provider.Grant({ accountId, clientId });
  const identity = remembered.getOIDCScope();
  if (identity) grant.addOIDCScope(identity);
  for (const [resource, scope] of Object.entries(remembered.resources ?? {})) grant.addResourceScope(resource, scope);
  await grant.save();
  return grant;
}

/** RFC 6749 §3.3: a scope that no API of the tenant has is refused, not left out in silence. */
function refuseUnknownScopes(ctx: KoaContextWithOIDC, offered: ReadonlySet<string>): void {
  // A client acting for itself is nobody of whom there is anything to know.
  const alone = actsAlone(ctx);
  const known = (scope: string) => offered.has(scope) || (!alone && identityScopes.some((name) => name === scope));
  for (const scope of ctx.oidc.requestParamScopes) {
    if (!known(scope)) throw new errors.InvalidScope("no API here has this scope", scope);
  }
}

function actsAlone(ctx: KoaContextWithOIDC): boolean {
  return ctx.oidc.params?.["grant_type"] === "client_credentials";
}
