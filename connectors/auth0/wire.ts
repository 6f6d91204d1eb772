/** What the Management API v2 sends and takes, and how it maps to our terms. */
import { z } from "zod";
import type { ClientSpec, RegisteredClient } from "#lib/connector-kit/contract.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { ClientSettings } from "./config.ts";

const text = z.string().max(10_000);
const texts = z.array(z.string().max(4096)).max(2000).nullish();
const credentialIds = z.looseObject({ credentials: z.array(z.looseObject({ id: z.string().max(200) })).max(20) });

/** Ways to authenticate without a secret, as `client_authentication_methods` names them. */
export const keyMethods = ["private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"] as const;
export type KeyMethod = (typeof keyMethods)[number];

/** A client: what we use of it. */
export const clientObject = z.looseObject({
  client_id: z.string().min(1).max(500),
  client_secret: text.nullish(),
  name: text.nullish(),
  description: text.nullish(),
  app_type: z.string().max(100).nullish(),
  grant_types: texts,
  callbacks: texts,
  allowed_logout_urls: texts,
  web_origins: texts,
  allowed_origins: texts,
  initiate_login_uri: text.nullish(),
  logo_uri: text.nullish(),
  require_pushed_authorization_requests: z.boolean().nullish(),
  token_endpoint_auth_method: z.string().max(100).nullish(),
  client_authentication_methods: z
    .looseObject({
      private_key_jwt: credentialIds.nullish(),
      tls_client_auth: credentialIds.nullish(),
      self_signed_tls_client_auth: credentialIds.nullish(),
    })
    .nullish(),
  client_metadata: z.record(z.string(), z.unknown()).nullish(),
  jwt_configuration: z
    .looseObject({ alg: z.string().max(20).nullish(), lifetime_in_seconds: z.number().nullish() })
    .nullish(),
  refresh_token: z
    .looseObject({
      rotation_type: z.string().max(100).nullish(),
      expiration_type: z.string().max(100).nullish(),
      leeway: z.number().nullish(),
      token_lifetime: z.number().nullish(),
      infinite_token_lifetime: z.boolean().nullish(),
      idle_token_lifetime: z.number().nullish(),
      infinite_idle_token_lifetime: z.boolean().nullish(),
    })
    .nullish(),
  token_exchange: z.looseObject({ allow_any_profile_of_type: texts }).nullish(),
});
export type ClientObject = z.output<typeof clientObject>;

/** Credentials of a client, without the keys themselves: Auth0 does not give them back. */
export const credentialObject = z.looseObject({ id: z.string().min(1).max(200), name: text.nullish() });
export const credentialList = z.array(credentialObject).max(100);

/** One page of clients, with nothing in them but what a search looks at. */
export const clientPage = z.looseObject({
  clients: z
    .array(
      z.looseObject({ client_id: z.string().min(1), client_metadata: z.record(z.string(), z.unknown()).nullish() }),
    )
    .max(100),
  next: z.string().max(2000).nullish(),
});

export const grantObject = z.looseObject({
  id: z.string().min(1).max(200),
  client_id: z.string().max(500).nullish(),
  audience: z.string().max(1000),
  scope: texts,
  subject_type: z.string().max(50).nullish(),
  allow_all_scopes: z.boolean().nullish(),
  is_system: z.boolean().nullish(),
});
export type GrantObject = z.output<typeof grantObject>;

export const grantPage = z.looseObject({
  client_grants: z.array(grantObject).max(100),
  next: z.string().max(2000).nullish(),
});

export const apiObject = z.looseObject({
  id: z.string().min(1).max(200),
  identifier: z.string().max(1000),
  signing_alg: z.string().max(20).nullish(),
  is_system: z.boolean().nullish(),
  scopes: z
    .array(z.looseObject({ value: z.string().max(1000), description: z.string().max(5000).nullish() }))
    .max(5000)
    .nullish(),
  subject_type_authorization: z
    .looseObject({
      user: z.looseObject({ policy: z.string().max(100).nullish() }).nullish(),
      client: z.looseObject({ policy: z.string().max(100).nullish() }).nullish(),
    })
    .nullish(),
});
export type ApiObject = z.output<typeof apiObject>;

const errorBody = z.looseObject({ errorCode: z.string().max(200).optional(), message: text.optional() });

/** The error body of the Management API: `{ statusCode, error, message, errorCode }`; empty where it is another. */
export function managementError(body: unknown): z.output<typeof errorBody> {
  const parsed = errorBody.safeParse(body);
  return parsed.success ? parsed.data : {};
}

export const markerKey = "latchkey_marker";
export const audienceKey = "latchkey_audience";

const exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
const exchangeType = "custom_authentication";

/** Grant types of Auth0; token exchange is a member of its own there. */
export const grantTypes = [
  "client_credentials",
  "authorization_code",
  "refresh_token",
  "implicit",
  "password",
  "http://auth0.com/oauth/grant-type/password-realm",
  "urn:ietf:params:oauth:grant-type:device_code",
  "urn:openid:params:grant-type:ciba",
  exchangeGrant,
] as const;

/** Whether any of these grants acts for a person, as access policies of Auth0's APIs tell them apart. */
export function actsForPeople(grants: readonly string[]): boolean {
  return grants.some((grant) => grant !== "client_credentials" && grant !== "refresh_token");
}

/** Auth0 refuses angle brackets in names; those of our clients stand as single guillemets there. */
const namesThere = (name: string) => name.replaceAll("<", "‹").replaceAll(">", "›");
const namesHere = (name: string) => name.replaceAll("‹", "<").replaceAll("›", ">");

/**
 * Members of a client for what a developer asked for; how it authenticates is left to `credentials.ts`.
 *
 * @param before what the client holds, so that what others have set stays
 * @returns the body of POST or PATCH /api/v2/clients, as far as it is about the form
 */
export function toClientObject(
  { name, grantTypes: asked, redirectUris, settings }: ClientSpec<ClientSettings>,
  before?: ClientObject,
): Record<string, unknown> {
  const canExchange = asked.includes(exchangeGrant);
  const alg = before?.jwt_configuration?.alg;
  return {
    name: namesThere(name),
    description: settings.description ?? "",
    // A kind that our form does not know stays what it is.
    app_type: before && !isOurKind(before.app_type) ? before.app_type : settings.appType,
    grant_types: asked.filter((grant) => grant !== exchangeGrant),
    callbacks: redirectUris,
    allowed_logout_urls: settings.allowedLogoutUrls,
    web_origins: settings.webOrigins,
    allowed_origins: settings.allowedOrigins,
    initiate_login_uri: settings.initiateLoginUri ?? "",
    logo_uri: settings.logoUri ?? "",
    require_pushed_authorization_requests: settings.requirePushedRequests,
    // Unsaid, it is false, and the client would get tokens of the time before OpenID Connect.
    oidc_conformant: true,
    jwt_configuration: {
      ...before?.jwt_configuration,
      // Unsaid, it may be HS256, which the gateways' key set cannot check.
      alg: alg && alg !== "HS256" ? alg : "RS256",
      lifetime_in_seconds: settings.idTokenLifetime,
    },
    refresh_token: { ...before?.refresh_token, ...refreshTokenOf(settings.refreshTokens) },
    ...((canExchange || before?.token_exchange) && { token_exchange: exchangeOf(before, canExchange) }),
  };
}

function isOurKind(kind: string | null | undefined): boolean {
  return !kind || ["regular_web", "non_interactive", "spa", "native"].includes(kind);
}

function exchangeOf(before: ClientObject | undefined, canExchange: boolean) {
  const others = (before?.token_exchange?.allow_any_profile_of_type ?? []).filter((type) => type !== exchangeType);
  const all = canExchange ? [...others, exchangeType] : others;
  return all.length > 0 ? { allow_any_profile_of_type: all } : null;
}

function refreshTokenOf(asked: ClientSettings["refreshTokens"]): Record<string, unknown> {
  if (asked.method === "lasting") {
    const endless = { infinite_token_lifetime: true, infinite_idle_token_lifetime: true };
    return { rotation_type: "non-rotating", expiration_type: "non-expiring", leeway: 0, ...endless };
  }
  const { lifetime, idleLifetime } = asked;
  return {
    rotation_type: asked.method === "rotating" ? "rotating" : "non-rotating",
    expiration_type: "expiring",
    leeway: asked.method === "rotating" ? asked.leeway : 0,
    infinite_token_lifetime: lifetime === 0,
    ...(lifetime > 0 && { token_lifetime: lifetime }),
    infinite_idle_token_lifetime: idleLifetime === 0,
    ...(idleLifetime > 0 && { idle_token_lifetime: idleLifetime }),
  };
}

function refreshSettingsOf({ refresh_token: held }: ClientObject): Record<string, unknown> {
  if (!held || held.expiration_type !== "expiring") return { method: "lasting" };
  const lifetimes = {
    lifetime: held.infinite_token_lifetime ? 0 : (held.token_lifetime ?? 0),
    idleLifetime: held.infinite_idle_token_lifetime ? 0 : (held.idle_token_lifetime ?? 0),
  };
  if (held.rotation_type !== "rotating") return { method: "expiring", ...lifetimes };
  return { method: "rotating", ...lifetimes, leeway: held.leeway ?? 0 };
}

/**
 * How a client authenticates.
 *
 * @returns the name of our form's branch; undefined for a way that the form does not know
 */
export function authenticationOf(client: ClientObject): string | undefined {
  const byKey = client.client_authentication_methods;
  if (byKey && Object.values(byKey).some(Boolean)) return keyMethods.find((method) => byKey[method]);
  const method = client.token_endpoint_auth_method ?? "client_secret_post";
  return ["none", ...secretMethods].includes(method) ? method : undefined;
}

const secretMethods = ["client_secret_post", "client_secret_basic"];

/** Whether a client authenticates with its secret; the others have one in the API too, and it is worth nothing. */
export function usesSecret(client: ClientObject): boolean {
  return secretMethods.includes(authenticationOf(client) ?? "");
}

/** A member of a client's metadata, which holds anything. */
export function metadataOf(client: Pick<ClientObject, "client_metadata">, key: string): string | undefined {
  const value = client.client_metadata?.[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function settingsOf(client: ClientObject): Record<string, unknown> {
  const audience = metadataOf(client, audienceKey);
  const method = authenticationOf(client);
  const optional = {
    description: client.description,
    initiateLoginUri: client.initiate_login_uri,
    logoUri: client.logo_uri,
    audience,
  };
  return {
    ...(client.app_type && isOurKind(client.app_type) && { appType: client.app_type }),
    ...(method && { authentication: { method } }),
    refreshTokens: refreshSettingsOf(client),
    idTokenLifetime: client.jwt_configuration?.lifetime_in_seconds ?? 36_000,
    requirePushedRequests: client.require_pushed_authorization_requests ?? false,
    allowedLogoutUrls: client.allowed_logout_urls ?? [],
    webOrigins: client.web_origins ?? [],
    allowedOrigins: client.allowed_origins ?? [],
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value)),
  };
}

/**
 * A client of Auth0 in our terms.
 *
 * @param client as the Management API sends it
 * @param known the secret that is known already: callers without read:client_keys are shown none
 */
export function toRegisteredClient(client: ClientObject, known?: Secret): RegisteredClient {
  const shown = client.client_secret ? new Secret(client.client_secret) : known;
  const canExchange = client.token_exchange?.allow_any_profile_of_type?.includes(exchangeType) ?? false;
  const name = client.name ?? "";
  return {
    ref: { consumerKey: client.client_id, ...(usesSecret(client) && shown && { consumerSecret: shown }) },
    state: {
      name: metadataOf(client, markerKey) ? namesHere(name) : name,
      grantTypes: [...(client.grant_types ?? []), ...(canExchange ? [exchangeGrant] : [])],
      redirectUris: client.callbacks ?? [],
      settings: settingsOf(client),
    },
  };
}
