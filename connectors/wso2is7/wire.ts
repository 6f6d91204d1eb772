/** What the application API sends and takes, and how it maps to our terms. */
import { z } from "zod";
import type { ClientSpec, RegisteredClient } from "#lib/connector-kit/contract.ts";
import { idFromMarker, plainName } from "#lib/connector-kit/naming.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { ClientSettings } from "./config.ts";

const flag = z.boolean().nullish();
const text = z.string().max(2048).nullish();
const texts = z.array(z.string().max(20_000)).max(500).nullish();
const seconds = z.number().min(0).max(Number.MAX_SAFE_INTEGER).nullish();

/** The OpenID Connect part of an application. Members that we do not know are kept: an update replaces the whole. */
export const oidcConfiguration = z.looseObject({
  clientId: z.string().min(1).max(1000),
  clientSecret: z.string().max(10_000).nullish(),
  grantTypes: z.array(z.string().max(200)).max(100),
  callbackURLs: texts,
  allowedOrigins: texts,
  publicClient: flag,
  pkce: z.looseObject({ mandatory: flag, supportPlainTransformAlgorithm: flag }).nullish(),
  accessToken: z
    .looseObject({
      type: text,
      userAccessTokenExpiryInSeconds: seconds,
      applicationAccessTokenExpiryInSeconds: seconds,
    })
    .nullish(),
  refreshToken: z.looseObject({ expiryInSeconds: seconds, renewRefreshToken: flag }).nullish(),
  idToken: z.looseObject({ expiryInSeconds: seconds }).nullish(),
  clientAuthentication: z.looseObject({ tokenEndpointAuthMethod: text, tlsClientAuthSubjectDn: text }).nullish(),
});
export type OidcConfiguration = z.output<typeof oidcConfiguration>;

/** An application apart from its protocols. */
export const application = z.object({
  id: z.string().min(1).max(255),
  name: z.string().max(2000),
  advancedConfigurations: z
    .object({ certificate: z.object({ type: text, value: z.string().max(20_000).nullish() }).nullish() })
    .nullish(),
});

/** A client is both. */
export type Client = { application: z.output<typeof application>; oidc: OidcConfiguration };

export const applicationList = z.object({
  applications: z
    .array(z.object({ id: z.string().min(1).max(255), clientId: text }))
    .max(1000)
    .nullish(),
});

/** Grant types of a server as it is delivered, in its own spelling. */
export const grantTypes = [
  "authorization_code",
  "implicit",
  "password",
  "client_credentials",
  "refresh_token",
  "urn:ietf:params:oauth:grant-type:device_code",
  "urn:ietf:params:oauth:grant-type:saml2-bearer",
  "urn:ietf:params:oauth:grant-type:jwt-bearer",
  "urn:ietf:params:oauth:grant-type:token-exchange",
  "urn:openid:params:grant-type:ciba",
  "organization_switch",
];

/**
 * The client id of the client with this marker. The server lets it be chosen, from 15 to 30 letters, digits and
 * underscores (OAuthServerConfiguration's ClientIdValidationRegex).
 */
export function clientIdOf(marker: string): string {
  return idFromMarker(marker, { prefix: "latchkey_", length: 30 });
}

/** Names are unique in an organization, and plain (ApplicationMgtUtil's APP_NAME_VALIDATING_REGEX). */
export function applicationNameOf({ name, marker }: Pick<ClientSpec, "name" | "marker">): string {
  return `${plainName(name)} ${marker}`;
}

/** Whether this is the client that was made with a marker: by its id or, where somebody chose that, by its name. */
export function carriesMarker({ application: { name }, oidc }: Client, marker: string): boolean {
  return oidc.clientId === clientIdOf(marker) || name.endsWith(` ${marker}`);
}

/** Members of the application for what was asked, apart from its protocols. */
export function toApplication(spec: ClientSpec<ClientSettings>, before?: Client): Record<string, unknown> {
  const { authentication } = spec.settings;
  const certificate =
    authentication.method === "private_key_jwt"
      ? { type: "JWKS", value: authentication.jwksUri }
      : before && jwksUriOf(before) !== undefined
        ? { type: "JWKS", value: "" }
        : undefined;
  return {
    name: applicationNameOf(spec),
    description: spec.name,
    ...(certificate && { advancedConfigurations: { certificate } }),
  };
}

/** Members that the server alone decides. */
const decidedByServer = new Set(["state", "clientSecretExpiresAt", "multipleClientSecretsConfigured"]);

/**
 * The OpenID Connect part for what was asked. Where a group is sent, the server wants all of its numbers and
 * switches (ApiModelToOAuthConsumerApp unboxes them); a lifetime of zero is the server's own.
 *
 * @param before the part as it is: an update replaces the whole, and repeats id and secret
 */
export function toOidcConfiguration(spec: ClientSpec<ClientSettings>, before?: OidcConfiguration): object {
  const { settings, redirectUris } = spec;
  const kept = Object.entries(before ?? {}).filter(([member]) => !decidedByServer.has(member));
  return {
    ...Object.fromEntries(kept),
    grantTypes: spec.grantTypes,
    callbackURLs: toCallbackUrls(redirectUris),
    allowedOrigins: settings.webOrigins,
    publicClient: settings.authentication.method === "none",
    pkce: { mandatory: settings.proofKey === "required", supportPlainTransformAlgorithm: settings.plainProofKey },
    accessToken: {
      ...before?.accessToken,
      type: settings.tokenType,
      userAccessTokenExpiryInSeconds: settings.userTokenLifetime ?? 0,
      applicationAccessTokenExpiryInSeconds: settings.applicationTokenLifetime ?? 0,
    },
    refreshToken: {
      ...before?.refreshToken,
      expiryInSeconds: settings.refreshTokenLifetime ?? 0,
      renewRefreshToken: settings.renewRefreshToken,
    },
    idToken: { ...before?.idToken, expiryInSeconds: settings.idTokenLifetime ?? 0 },
    clientAuthentication: { ...withoutMethod(before), ...authenticationMembers(settings.authentication) },
  };
}

function withoutMethod(before: OidcConfiguration | undefined): object {
  const members = Object.entries(before?.clientAuthentication ?? {});
  return Object.fromEntries(
    members.filter(([name]) => name !== "tokenEndpointAuthMethod" && name !== "tlsClientAuthSubjectDn"),
  );
}

function authenticationMembers(authentication: ClientSettings["authentication"]): object {
  switch (authentication.method) {
    case "private_key_jwt":
      return { tokenEndpointAuthMethod: "private_key_jwt" };
    case "tls_client_auth":
      return { tokenEndpointAuthMethod: "tls_client_auth", tlsClientAuthSubjectDn: authentication.subject };
    default:
      return {};
  }
}

/** The server keeps one text: several addresses are a pattern, and a list of them is refused (501). */
function toCallbackUrls(uris: readonly string[]): string[] {
  if (uris.length < 2) return [...uris];
  // As the server escapes addresses in patterns that it makes itself (DCRMService).
  return [`regexp=(${uris.map((uri) => uri.replace("?", "\\?")).join("|")})`];
}

function redirectUrisOf({ callbackURLs }: OidcConfiguration): string[] {
  return (callbackURLs ?? []).flatMap((entry) => {
    const [, pattern] = /^regexp=\((.*)\)$/s.exec(entry) ?? [];
    return pattern === undefined ? [entry] : pattern.split("|").map((uri) => uri.replace("\\?", "?"));
  });
}

function jwksUriOf({ application: { advancedConfigurations } }: Client): string | undefined {
  const { type, value } = advancedConfigurations?.certificate ?? {};
  return type === "JWKS" && value ? value : undefined;
}

function authenticationOf(client: Client): { method: string; jwksUri?: string; subject?: string } {
  const { publicClient, clientAuthentication } = client.oidc;
  if (publicClient) return { method: "none" };
  const subject = clientAuthentication?.tlsClientAuthSubjectDn;
  const jwksUri = jwksUriOf(client);
  switch (clientAuthentication?.tokenEndpointAuthMethod) {
    case "private_key_jwt":
      return { method: "private_key_jwt", ...(jwksUri && { jwksUri }) };
    case "tls_client_auth":
      return { method: "tls_client_auth", ...(subject && { subject }) };
    default:
      return { method: "client_secret" };
  }
}

/** Whether a secret could be this client's proof. */
export function usesSecret(client: Client): boolean {
  return authenticationOf(client).method === "client_secret";
}

/** The secret that is shown. Where the server keeps only hashes, what stands there is none. */
export function secretOf(value: string | null | undefined): Secret | undefined {
  return value && !/^\s*\{|^\*+$/.test(value) ? new Secret(value) : undefined;
}

function settingsOf(client: Client): Record<string, unknown> {
  const { pkce, accessToken, refreshToken, idToken, allowedOrigins } = client.oidc;
  const lifetimes = {
    applicationTokenLifetime: accessToken?.applicationAccessTokenExpiryInSeconds,
    userTokenLifetime: accessToken?.userAccessTokenExpiryInSeconds,
    refreshTokenLifetime: refreshToken?.expiryInSeconds,
    idTokenLifetime: idToken?.expiryInSeconds,
  };
  return {
    authentication: authenticationOf(client),
    tokenType: accessToken?.type === "JWT" ? "JWT" : "Default",
    proofKey: pkce?.mandatory ? "required" : "optional",
    plainProofKey: pkce?.supportPlainTransformAlgorithm ?? false,
    renewRefreshToken: refreshToken?.renewRefreshToken ?? false,
    webOrigins: allowedOrigins ?? [],
    ...Object.fromEntries(Object.entries(lifetimes).filter(([, value]) => value)),
  };
}

/**
 * A client of the server in our terms.
 *
 * @param known the secret that is known already: it stays where the server shows none
 */
export function toRegisteredClient(client: Client, known?: Secret): RegisteredClient {
  const { application: app, oidc } = client;
  const secret = usesSecret(client) ? (secretOf(oidc.clientSecret) ?? known) : undefined;
  return {
    ref: { consumerKey: oidc.clientId, vendorId: app.id, ...(secret && { consumerSecret: secret }) },
    state: {
      name: app.name,
      grantTypes: oidc.grantTypes,
      redirectUris: redirectUrisOf(oidc),
      settings: settingsOf(client),
    },
  };
}
