/** What the registration API (DCR 1.1) sends and takes, and how it maps to our terms. */
import { z } from "zod";
import type { ClientSpec, RegisteredClient } from "#lib/connector-kit/contract.ts";
import { idFromMarker, plainName } from "#lib/connector-kit/naming.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { ClientSettings } from "./config.ts";

const flag = z.boolean().nullish();
const text = z.string().max(2048).nullish();
const seconds = z.number().min(0).max(Number.MAX_SAFE_INTEGER).nullish();

/** A client as the server describes it. Older servers leave out what begins with `ext_`; many send null for “not set”. */
export const application = z.object({
  client_id: z.string().min(1).max(1000),
  client_secret: z.string().max(10_000).nullish(),
  client_name: z.string().max(2000).nullish(),
  redirect_uris: z.array(z.string().max(20_000).nullable()).max(500).nullish(),
  grant_types: z.array(z.string().max(200)).max(100).nullish(),
  token_type_extension: text,
  ext_token_type: text,
  ext_application_token_lifetime: seconds,
  ext_user_token_lifetime: seconds,
  ext_refresh_token_lifetime: seconds,
  ext_id_token_lifetime: seconds,
  ext_pkce_mandatory: flag,
  ext_pkce_support_plain: flag,
  ext_public_client: flag,
  jwks_uri: text,
  token_endpoint_auth_method: text,
  require_signed_request_object: flag,
  require_push_authorization_request: flag,
  tls_client_certificate_bound_access_token: flag,
});
export type Application = z.output<typeof application>;

/** Grant types of a server as it is delivered, in its own spelling. */
export const grantTypes = [
  "authorization_code",
  "implicit",
  "password",
  "client_credentials",
  "refresh_token",
  "urn:ietf:params:oauth:grant-type:saml2-bearer",
  "urn:ietf:params:oauth:grant-type:jwt-bearer",
  "urn:ietf:params:oauth:grant-type:token-exchange",
  "iwa:ntlm",
  "kerberos",
];

/**
 * The client id of the client with this marker. The server lets it be chosen, from 15 to 30 letters, digits and
 * underscores (OAuthServerConfiguration's ClientIdValidationRegex).
 */
export function clientIdOf(marker: string): string {
  return idFromMarker(marker, { prefix: "latchkey_", length: 30 });
}

/** Names are unique in a tenant, and plain (DCRMConstants: “Client Name is not adhering to the regex”). */
export function clientNameOf({ name, marker }: Pick<ClientSpec, "name" | "marker">): string {
  return `${plainName(name)} ${marker}`;
}

/** Whether this is the client that was made with a marker: by its id or, where somebody chose that, by its name. */
export function carriesMarker({ client_id: id, client_name: name }: Application, marker: string): boolean {
  return id === clientIdOf(marker) || (name ?? "").endsWith(` ${marker}`);
}

const lifetimes = {
  applicationTokenLifetime: "ext_application_token_lifetime",
  userTokenLifetime: "ext_user_token_lifetime",
  refreshTokenLifetime: "ext_refresh_token_lifetime",
  idTokenLifetime: "ext_id_token_lifetime",
} as const;
const lifetimeEntries = Object.entries(lifetimes) as [
  keyof typeof lifetimes,
  (typeof lifetimes)[keyof typeof lifetimes],
][];

/**
 * Members for what was asked. What says nothing new is left out: servers before 6.2 refuse a registration that
 * holds a member with `ext_` (product-is #14959).
 *
 * @param before the client as it is: in an update, a missing number or text stays, a missing switch goes off
 */
export function toMembers(spec: ClientSpec<ClientSettings>, before?: Application): Record<string, unknown> {
  const { settings, grantTypes: asked, redirectUris } = spec;
  const { authentication, tokenType, proofKey, plainProofKey } = settings;
  return {
    client_name: clientNameOf(spec),
    grant_types: asked,
    redirect_uris: redirectUris,
    token_type_extension: tokenType,
    ...Object.fromEntries(
      lifetimeEntries
        // Zero is the server's own lifetime (JWTTokenIssuer).
        .map(([name, member]) => [member, settings[name] ?? (before?.[member] ? 0 : undefined)] as const)
        .filter(([, value]) => value !== undefined),
    ),
    ...(proofKey === "required" && { ext_pkce_mandatory: true }),
    ...(plainProofKey && { ext_pkce_support_plain: true }),
    ...(authentication.method === "none" && { ext_public_client: true }),
    ...authenticationMembers(authentication, before),
    ...(before?.require_signed_request_object && { require_signed_request_object: true }),
    ...(before?.require_push_authorization_request && { require_pushed_authorization_requests: true }),
    ...(before?.tls_client_certificate_bound_access_token && { tls_client_certificate_bound_access_tokens: true }),
  };
}

function authenticationMembers(
  authentication: ClientSettings["authentication"],
  before: Application | undefined,
): Record<string, unknown> {
  if (authentication.method === "private_key_jwt") {
    return { token_endpoint_auth_method: "private_key_jwt", jwks_uri: authentication.jwksUri };
  }
  // An empty text lifts the restriction to one way of authenticating.
  return usesKey(before) ? { token_endpoint_auth_method: "" } : {};
}

function usesKey(client: Application | undefined): boolean {
  return client?.token_endpoint_auth_method === "private_key_jwt";
}

/** Whether a secret could be this client's proof. */
export function usesSecret(client: Application): boolean {
  return !client.ext_public_client && !usesKey(client);
}

/**
 * The secret in an answer. Where the server keeps only hashes, what stands there is none (“Hash Tokens and
 * Secrets”: a JSON text with the digest).
 */
export function secretOf({ client_secret: value }: Pick<Application, "client_secret">): Secret | undefined {
  return value && !/^\s*\{|^\*+$/.test(value) ? new Secret(value) : undefined;
}

/** Several addresses are kept as one pattern: `regexp=(one|other)`, with the first “?” of each escaped (DCRMService). */
function redirectUrisOf({ redirect_uris: list }: Application): string[] {
  return (list ?? []).flatMap((entry) => {
    if (!entry) return [];
    const [, pattern] = /^regexp=\((.*)\)$/s.exec(entry) ?? [];
    return pattern === undefined ? [entry] : pattern.split("|").map((uri) => uri.replace("\\?", "?"));
  });
}

function settingsOf(client: Application): Record<string, unknown> {
  const jwksUri = client.jwks_uri;
  const authentication = client.ext_public_client
    ? { method: "none" }
    : usesKey(client)
      ? { method: "private_key_jwt", ...(jwksUri && { jwksUri }) }
      : { method: "client_secret" };
  const tokenType = client.token_type_extension ?? client.ext_token_type;
  return {
    authentication,
    ...(tokenType && { tokenType: tokenType === "JWT" ? "JWT" : "Default" }),
    proofKey: client.ext_pkce_mandatory ? "required" : "optional",
    plainProofKey: client.ext_pkce_support_plain ?? false,
    ...Object.fromEntries(
      lifetimeEntries.flatMap(([name, member]) => (client[member] ? [[name, client[member]] as const] : [])),
    ),
  };
}

/**
 * A client of the server in our terms.
 *
 * @param known the secret that is known already: it stays where the server shows none
 */
export function toRegisteredClient(client: Application, known?: Secret): RegisteredClient {
  const secret = usesSecret(client) ? (secretOf(client) ?? known) : undefined;
  return {
    ref: { consumerKey: client.client_id, ...(secret && { consumerSecret: secret }) },
    state: {
      name: client.client_name ?? "",
      grantTypes: client.grant_types ?? [],
      redirectUris: redirectUrisOf(client),
      settings: settingsOf(client),
    },
  };
}
