/** What Okta's management API sends and takes, and how it maps to our terms. */
import { z } from "zod";
import type { ClientSpec, RegisteredClient } from "#lib/connector-kit/contract.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { responseTypesFor } from "#lib/protocol/registration.ts";
import type { AdmittedClient } from "./admission.ts";
import type { ClientSettings } from "./config.ts";
import { readKeys, writeKeys } from "./keys.ts";
import { chosenLifetimes, lifetimesIn, tokenAction, withLifetimes, type Lifetimes } from "./lifetimes.ts";

const id = z.string().min(1).max(200);
const words = z.string().max(2048).nullish();
const texts = z.array(z.string().max(2048)).max(500).nullish();

/** An application that is an OAuth client, as far as we use it. The rest is kept: an update replaces the whole object. */
export const application = z.looseObject({
  id,
  label: z.string().max(2000),
  status: z.string().max(100),
  profile: z.record(z.string(), z.unknown()).nullish(),
  credentials: z.looseObject({
    oauthClient: z.looseObject({
      client_id: id,
      client_secret: z.string().min(1).max(10_000).nullish(),
      token_endpoint_auth_method: words,
      pkce_required: z.boolean().nullish(),
    }),
  }),
  settings: z.looseObject({
    oauthClient: z.looseObject({
      application_type: words,
      grant_types: z.array(z.string().max(200)).max(100),
      response_types: texts,
      redirect_uris: texts,
      post_logout_redirect_uris: texts,
      consent_method: words,
      wildcard_redirect: words,
      jwks_uri: words,
      jwks: z.looseObject({ keys: z.array(z.unknown()).max(100) }).nullish(),
      request_object_signing_alg: words,
      initiate_login_uri: words,
      client_uri: words,
      logo_uri: words,
      tos_uri: words,
      policy_uri: words,
      refresh_token: z.looseObject({ rotation_type: words, leeway: z.number().nullish() }).nullish(),
    }),
  }),
});
export type Application = z.output<typeof application>;

export const secretObject = z.object({
  id,
  client_secret: z.string().min(1).max(10_000),
  status: z.enum(["ACTIVE", "INACTIVE"]),
  created: z.string().max(100).nullish(),
});
export type SecretObject = z.output<typeof secretObject>;
export const secretList = z.array(secretObject).max(100);

export const scopeObject = z.looseObject({
  id,
  name: z.string().min(1).max(1000),
  displayName: z.string().max(2000).nullish(),
  description: z.string().max(5000).nullish(),
  system: z.boolean().nullish(),
});
export type ScopeObject = z.output<typeof scopeObject>;
export const scopeList = z.array(scopeObject).max(1000);

export const policyObject = z.looseObject({
  id,
  name: z.string().max(1000),
  status: z.string().max(100).nullish(),
  conditions: z.looseObject({ clients: z.looseObject({ include: texts }).nullish() }).nullish(),
});
export type PolicyObject = z.output<typeof policyObject>;
export const policyList = z.array(policyObject).max(20_000);

const included = z.looseObject({ include: texts }).nullish();
export const ruleObject = z.looseObject({
  id,
  name: z.string().max(1000),
  status: z.string().max(100).nullish(),
  conditions: z.looseObject({ grantTypes: included, scopes: included }).nullish(),
  actions: z.looseObject({ token: tokenAction.nullish() }).nullish(),
});
export type RuleObject = z.output<typeof ruleObject>;
export const ruleList = z.array(ruleObject).max(1000);

export const serverObject = z.looseObject({ id, issuer: z.string().max(2048), status: z.string().max(100) });

/** Grant types of an application that the Apps API takes and that portals have a use for. */
export const grantTypes = [
  "authorization_code",
  "implicit",
  "password",
  "client_credentials",
  "refresh_token",
  "urn:ietf:params:oauth:grant-type:device_code",
  "urn:ietf:params:oauth:grant-type:token-exchange",
  "urn:ietf:params:oauth:grant-type:saml2-bearer",
  "urn:openid:params:grant-type:ciba",
] as const;

const serviceGrants: readonly string[] = [
  "client_credentials",
  "urn:ietf:params:oauth:grant-type:token-exchange",
  "urn:ietf:params:oauth:grant-type:saml2-bearer",
];
const nativeGrants: readonly string[] = ["password", "urn:ietf:params:oauth:grant-type:device_code"];

/** Says in the profile of an application that the portal made it. */
const managedMember = "latchkeyManaged";

/** Holds the marker of a client whose id somebody chose. */
const markerMember = "latchkeyMarker";

/** Whether this is the client that was made with a marker: by its id or, where somebody chose that, by its profile. */
export function carriesMarker({ credentials, profile }: Application, marker: string): boolean {
  return credentials.oauthClient.client_id === marker || profile?.[markerMember] === marker;
}

/** Whether the portal made this application. */
export function isManaged({ profile }: Application): boolean {
  return profile?.[managedMember] === true;
}

/** The kind of application that fits what was asked for. */
function applicationTypeFor({ grantTypes: asked, redirectUris, settings }: ClientSpec<ClientSettings>): string {
  if (settings.applicationType !== "auto") return settings.applicationType;
  if (asked.every((grant) => serviceGrants.includes(grant))) return "service";
  if (settings.authentication.method !== "none") return "web";
  const isOnDevice = asked.some((grant) => nativeGrants.includes(grant));
  const hasOwnScheme = redirectUris.some((uri) => !/^https?:/i.test(uri));
  return isOnDevice || hasOwnScheme ? "native" : "browser";
}

/** Members that Okta assigns, or that have calls of their own: they are not sent back. */
const assigned = [
  "id",
  "status",
  "created",
  "lastUpdated",
  "features",
  "orn",
  "universalLogout",
  "_links",
  "_embedded",
];

function profileOf({ marker, consumerKey }: ClientSpec<ClientSettings>): Record<string, unknown> {
  return { [managedMember]: true, ...(consumerKey !== undefined && { [markerMember]: marker }) };
}

function without(value: object | undefined, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([name]) => !names.includes(name)));
}

/** Where Okta finds the keys of an application that signs; a key set of its own and an address of one exclude each other. */
function keysOf(
  authentication: ClientSettings["authentication"],
  oldKeys: object | null | undefined,
): { jwks_uri: string | null; jwks?: unknown } {
  // What somebody else wrote down, for encryption say, stays where the application does not sign.
  if (authentication.method !== "private_key_jwt") return { jwks_uri: null, ...(oldKeys && { jwks: oldKeys }) };
  const { jwksUri, jwks } = authentication;
  return jwks === undefined ? { jwks_uri: jwksUri ?? null } : { jwks_uri: null, jwks: { keys: readKeys(jwks) } };
}

/**
 * The application object for what a developer asked for (developer.okta.com, Applications API: create, replace).
 *
 * @param before the object as Okta has it: what others set in it stays
 * @returns the body of a request
 */
export function toBody(spec: ClientSpec<ClientSettings>, before?: Application): Record<string, unknown> {
  const { name, marker, consumerKey, consumerSecret, grantTypes: asked, redirectUris, settings } = spec;
  const { authentication } = settings;
  const { method } = authentication;
  const oldSettings = before?.settings.oauthClient;
  const rotation = settings.refreshTokenRotation ?? oldSettings?.refresh_token?.rotation_type;
  const leeway = settings.refreshTokenLeeway ?? oldSettings?.refresh_token?.leeway;
  return {
    ...without(before, assigned),
    name: "oidc_client",
    label: name,
    signOnMode: "OPENID_CONNECT",
    profile: withLifetimes({ ...before?.profile, ...(!before && profileOf(spec)) }, chosenLifetimes(settings)),
    credentials: {
      ...without(before?.credentials, ["signing"]),
      oauthClient: {
        ...without(before?.credentials.oauthClient, ["client_secret"]),
        // The Apps API lets us choose: the marker finds the client again even if the answer is lost.
        client_id: before?.credentials.oauthClient.client_id ?? consumerKey ?? marker,
        ...(!before && consumerSecret && { client_secret: consumerSecret.reveal() }),
        token_endpoint_auth_method: method,
        pkce_required: settings.pkceRequired,
      },
    },
    settings: {
      ...without(before?.settings, ["emOptInStatus"]),
      oauthClient: {
        ...without(oldSettings, ["jwks", "refresh_token", "request_object_signing_alg"]),
        application_type: oldSettings?.application_type ?? applicationTypeFor(spec),
        grant_types: asked,
        response_types: settings.responseTypes.length > 0 ? settings.responseTypes : responseTypesFor(asked),
        redirect_uris: redirectUris,
        post_logout_redirect_uris: settings.postLogoutRedirectUris,
        consent_method: settings.consentRequired ? "REQUIRED" : "TRUSTED",
        // The portal takes exact callback URLs alone; what somebody set at Okta stays.
        wildcard_redirect: oldSettings?.wildcard_redirect ?? "DISABLED",
        // Tokens that are bound to a proof are no bearer tokens (RFC 9449).
        dpop_bound_access_tokens: false,
        ...keysOf(authentication, oldSettings?.jwks),
        ...(settings.requestObjectAlgorithm && { request_object_signing_alg: settings.requestObjectAlgorithm }),
        initiate_login_uri: settings.initiateLoginUri ?? null,
        client_uri: settings.clientUri ?? null,
        logo_uri: settings.logoUri ?? null,
        tos_uri: settings.tosUri ?? null,
        policy_uri: settings.policyUri ?? null,
        ...(asked.includes("refresh_token") &&
          rotation && {
            refresh_token: { rotation_type: rotation, ...(typeof leeway === "number" && { leeway }) },
          }),
      },
    },
  };
}

/** How an application authenticates; Okta's default where it does not say. */
export function methodOf({ credentials }: Application): string {
  return credentials.oauthClient.token_endpoint_auth_method ?? "client_secret_basic";
}

/** What an access policy is made for, as the application says. */
export function policyClient({ credentials, settings, profile }: Application): AdmittedClient {
  return {
    clientId: credentials.oauthClient.client_id,
    grantTypes: settings.oauthClient.grant_types,
    lifetimes: lifetimesIn(profile),
  };
}

/** Whether an application has a secret at all. */
export function usesSecret(app: Application): boolean {
  return methodOf(app).startsWith("client_secret_");
}

function authenticationOf(app: Application): { method: string } & Record<string, string> {
  const method = methodOf(app);
  const { jwks_uri: jwksUri, jwks } = app.settings.oauthClient;
  if (method !== "private_key_jwt") return { method };
  return jwksUri ? { method, jwksUri } : { method, ...(jwks && { jwks: writeKeys(jwks.keys) }) };
}

function settingsOf(app: Application): Record<string, unknown> {
  const client = app.settings.oauthClient;
  const { grant_types: grants, response_types: responses, refresh_token: refresh } = client;
  const derived = responseTypesFor(grants);
  const isDerived = responses?.length === derived.length && derived.every((type) => responses.includes(type));
  const addresses = {
    initiateLoginUri: client.initiate_login_uri,
    clientUri: client.client_uri,
    logoUri: client.logo_uri,
    tosUri: client.tos_uri,
    policyUri: client.policy_uri,
  };
  return {
    applicationType: client.application_type ?? "web",
    authentication: authenticationOf(app),
    pkceRequired: app.credentials.oauthClient.pkce_required ?? false,
    consentRequired: client.consent_method === "REQUIRED",
    responseTypes: isDerived ? [] : (responses ?? []),
    postLogoutRedirectUris: client.post_logout_redirect_uris ?? [],
    ...(client.request_object_signing_alg && { requestObjectAlgorithm: client.request_object_signing_alg }),
    ...(refresh?.rotation_type && { refreshTokenRotation: refresh.rotation_type }),
    ...(typeof refresh?.leeway === "number" && { refreshTokenLeeway: refresh.leeway }),
    // Okta sends null for what is not set.
    ...Object.fromEntries(Object.entries(addresses).filter(([, address]) => address)),
  };
}

/**
 * An application of Okta in our terms.
 *
 * @param lifetimes of its tokens, as the rule of its access policy says
 * @param secret what is known of its secret beside the answer, which shows one only after it was made or changed
 */
export function toRegisteredClient(app: Application, lifetimes: Lifetimes, secret?: Secret): RegisteredClient {
  const { client_id: consumerKey, client_secret: shown } = app.credentials.oauthClient;
  const consumerSecret = shown ? new Secret(shown) : secret;
  return {
    ref: {
      consumerKey,
      vendorId: app.id,
      ...(consumerSecret && usesSecret(app) && { consumerSecret }),
    },
    state: {
      name: app.label,
      grantTypes: app.settings.oauthClient.grant_types,
      redirectUris: app.settings.oauthClient.redirect_uris ?? [],
      settings: { ...settingsOf(app), ...lifetimes },
    },
  };
}
