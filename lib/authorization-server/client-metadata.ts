/**
 * What a client of the built-in authorization server may say about itself, at registration and at every
 * later update alike (RFC 7591 §2, RFC 7592 §2.2).
 *
 * Taken as the standards define them:
 * - `client_name`, `client_uri`, `tos_uri`, `policy_uri`, `redirect_uris`, `software_id`, `software_version`
 * - `grant_types`: any of `authorization_code`, `client_credentials`, `refresh_token`, token exchange (RFC 8693)
 * - `response_types`: `["code"]` with the authorization code grant, `[]` without; derived when left out
 * - `token_endpoint_auth_method`: `client_secret_basic` (the default), `client_secret_post`, `none`
 * - `application_type`: `web` (the default) or `native`
 * - `id_token_signed_response_alg`: `ES256` (the default) or `RS256`
 *
 * Of our own:
 * - `application_token_ttl`, `access_token_ttl`, `refresh_token_ttl`, `id_token_ttl`: whole seconds; see `lifetimes`. The
 *   first is that of access tokens which the client gets for itself (RFC 6749 §4.4), `access_token_ttl` that of those which
 *   it gets for a user, and of both where the first is left out.
 * - `preset_client_id`, at registration alone: the `client_id` that the client gets, see `chosenClientId`; 409 where
 *   another client has it. A secret cannot be chosen, because what is kept of it suits random ones only.
 *
 * What else the server understands is refused, because it would make the server fetch an address that the
 * client chose or would widen what the client may do (`jwks_uri`, `sector_identifier_uri`, `scope`, …).
 * What the server does not understand is ignored, as RFC 7591 §2 demands, and never stored.
 *
 * Every access token is asked for with the registration's initial access token. A read returns no
 * `client_secret`: only digests are kept. An update that leaves `client_secret` out, or repeats one of them, keeps them
 * all. Beside the standard routes stand those of client-secrets.ts and scopes.ts, and one more:
 * - `GET {registration_endpoint}?software_id=…` with the initial access token: `{ clients: […] }`, each like
 *   a read with a new `registration_access_token`; the one given out before is dead.
 */
import { errors } from "oidc-provider";
import { redirectUriProblem } from "./redirect-uris.ts";

/** Bounds and defaults of what is issued, in seconds. */
export const lifetimes = {
  application_token_ttl: { minimum: 60, maximum: 86_400, fallback: 3_600 },
  access_token_ttl: { minimum: 60, maximum: 86_400, fallback: 3_600 },
  refresh_token_ttl: { minimum: 300, maximum: 7_776_000, fallback: 1_209_600 },
  id_token_ttl: { minimum: 60, maximum: 86_400, fallback: 3_600 },
} as const satisfies Record<string, { minimum: number; maximum: number; fallback: number }>;

export type LifetimeName = keyof typeof lifetimes;

/**
 * How long what is issued to a client lives: as it says itself, else as the server does.
 *
 * @param client has metadata of our own under their wire names
 * @returns seconds
 */
export function lifetimeOf(client: unknown, name: LifetimeName): number {
  const metadata = (client ?? {}) as Metadata;
  const own = metadata[name] ?? (name === "application_token_ttl" ? metadata["access_token_ttl"] : undefined);
  return typeof own === "number" ? own : lifetimes[name].fallback;
}

/** Members of our own that oidc-provider stores and hands back with a client. */
export const extraProperties = [
  "software_id",
  "software_version",
  "application_token_ttl",
  "access_token_ttl",
  "refresh_token_ttl",
  "id_token_ttl",
] as const;

/** RFC 8693 §2.1. */
export const tokenExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
export const grantTypes = ["authorization_code", "client_credentials", "refresh_token", tokenExchangeGrant] as const;
export const authMethods = ["client_secret_basic", "client_secret_post", "none"] as const;
export const idTokenAlgorithms = ["ES256", "RS256"] as const;

export type Metadata = Record<string, unknown>;

/** A refusal of RFC 7591 §3.2.2. */
function refuse(problem: string): never {
  throw new errors.InvalidClientMetadata(problem);
}

/** Client ids stand in addresses (RFC 7592 §1.3) and in lists that people read. */
const clientIdForm = /^[A-Za-z0-9][A-Za-z0-9._-]{5,99}$/;

/**
 * The client id that a registration chooses for its client.
 *
 * @param body the request's, whatever it holds
 * @returns undefined where it chooses none
 * @throws {errors.InvalidClientMetadata} where it is not of the form
 */
export function chosenClientId(body: unknown): string | undefined {
  const chosen = (body as Metadata | undefined)?.["preset_client_id"];
  if (chosen === undefined || chosen === null) return undefined;
  if (typeof chosen === "string" && clientIdForm.test(chosen)) return chosen;
  return refuse("preset_client_id must be 6 to 100 letters, digits or ._-, and begin with a letter or digit");
}

/**
 * The refusal of a chosen client id that another client has.
 *
 * @returns an error that is answered with 409
 */
export function takenClientId(clientId: string): errors.InvalidClientMetadata {
  const error = new errors.InvalidClientMetadata(`a client with the id ${clientId} exists already`);
  return Object.assign(error, { status: 409, statusCode: 409 });
}

type Check = (value: unknown, name: string, metadata: Metadata) => void;

/** Whether a text may be shown: control characters and changes of writing direction would let it forge what people read. */
export function isPlainText(value: unknown): boolean {
  return typeof value === "string" && value.length <= 200 && !/[\p{Cc}\p{Bidi_Control}]/u.test(value);
}

const shortText: Check = (value, name) => {
  if (!isPlainText(value)) {
    refuse(`${name} must be a text of at most 200 characters without control characters`);
  }
};

const webAddress: Check = (value, name) => {
  const url = typeof value === "string" ? URL.parse(value) : null;
  if (!url || !["https:", "http:"].includes(url.protocol) || String(value).length > 2000) {
    refuse(`${name} must be a web address`);
  }
};

const anyOf =
  (allowed: readonly string[]): Check =>
  (value, name) => {
    if (typeof value !== "string" || !allowed.includes(value)) refuse(`${name} must be one of ${allowed.join(", ")}`);
  };

const listOf =
  (allowed: readonly string[]): Check =>
  (value, name) => {
    const fits = Array.isArray(value) && value.every((item) => allowed.includes(item as string));
    if (!fits) refuse(`${name} may only hold ${allowed.join(", ")}`);
  };

const lifetime: Check = (value, name) => {
  const { minimum, maximum } = lifetimes[name as LifetimeName];
  if (!Number.isSafeInteger(value) || Number(value) < minimum || Number(value) > maximum) {
    refuse(`${name} must be a whole number of seconds from ${minimum} to ${maximum}`);
  }
};

const redirectUris: Check = (value, name, metadata) => {
  if (!Array.isArray(value) || value.length > 20) refuse(`${name} must be a list of at most 20 addresses`);
  for (const uri of value) {
    const problem = redirectUriProblem(uri, metadata["application_type"] === "native");
    if (problem) throw new errors.InvalidRedirectUri(problem);
  }
};

const accepted: Record<string, Check> = {
  client_name: shortText,
  client_uri: webAddress,
  tos_uri: webAddress,
  policy_uri: webAddress,
  redirect_uris: redirectUris,
  software_id: shortText,
  software_version: shortText,
  grant_types: listOf(grantTypes),
  response_types: listOf(["code"]),
  token_endpoint_auth_method: anyOf(authMethods),
  application_type: anyOf(["web", "native"]),
  id_token_signed_response_alg: anyOf(idTokenAlgorithms),
  application_token_ttl: lifetime,
  access_token_ttl: lifetime,
  refresh_token_ttl: lifetime,
  id_token_ttl: lifetime,
};

/** Members that the server sets itself; they stand in the metadata that the policy is shown. */
const serverSet = new Set(["client_id", "client_secret", "client_id_issued_at", "client_secret_expires_at"]);

/**
 * Members that this server understands and takes only at the value it gives them itself, so that a client
 * may send back what it read (RFC 7592 §2.2). Null stands for members that are never taken.
 */
const fixed: Record<string, unknown> = {
  require_auth_time: false,
  subject_type: "public",
  backchannel_logout_uri: null,
  contacts: null,
  default_acr_values: null,
  default_max_age: null,
  id_token_encrypted_response_alg: null,
  id_token_encrypted_response_enc: null,
  initiate_login_uri: null,
  jwks: null,
  jwks_uri: null,
  logo_uri: null,
  post_logout_redirect_uris: null,
  request_object_encryption_alg: null,
  request_object_signing_alg: null,
  request_uris: null,
  response_modes: null,
  scope: null,
  sector_identifier_uri: null,
  software_statement: null,
  tls_client_auth_subject_dn: null,
  token_endpoint_auth_signing_alg: null,
  userinfo_encrypted_response_alg: null,
  userinfo_signed_response_alg: null,
};

/**
 * The registration policy: changes the metadata in place to what will be stored.
 *
 * @throws {errors.InvalidClientMetadata | errors.InvalidRedirectUri} naming the member
 */
export function applyRegistrationPolicy(metadata: Metadata): void {
  for (const [name, value] of Object.entries(metadata)) {
    if (value === undefined || value === null || serverSet.has(name)) continue;
    accepted[name]?.(value, name, metadata);
    if (name in fixed && value !== fixed[name]) refuse(`${name} is not supported by this server`);
  }
  const grants = (metadata["grant_types"] ?? ["authorization_code"]) as string[];
  const withCode = grants.includes("authorization_code");
  const isPublic = metadata["token_endpoint_auth_method"] === "none";
  if (grants.length === 0) refuse("grant_types must name at least one grant type");
  for (const grant of ["client_credentials", tokenExchangeGrant]) {
    if (isPublic && grants.includes(grant)) refuse(`a client without a secret cannot use the grant ${grant}`);
  }
  if (grants.includes("refresh_token") && !withCode) {
    refuse("the refresh_token grant needs the authorization_code grant");
  }
  metadata["grant_types"] = grants;
  metadata["response_types"] = withCode ? ["code"] : [];
  metadata["redirect_uris"] ??= [];
  if (withCode && (metadata["redirect_uris"] as unknown[]).length === 0) {
    throw new errors.InvalidRedirectUri("the authorization_code grant needs at least one redirect URI");
  }
  if (isPublic) {
    delete metadata["client_secret"];
    delete metadata["client_secret_expires_at"];
  }
}
