/** What PingFederate's administrative API sends and takes (its OpenAPI description, 12.1), and how it maps to our terms. */
import { z } from "zod";
import type { ClientRef, ClientSpec, RegisteredClient } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import { responseTypes, type ClientSettings } from "./config.ts";

const flag = z.boolean().nullish();
const text = z.string().max(10_000).nullish();
const texts = z.array(z.string().max(2048)).max(1000).nullish();
const minutes = z.number().int().nullish();
const link = z.looseObject({ id: z.string().min(1).max(500) }).nullish();

const secondarySecrets = z
  .array(z.looseObject({ encryptedSecret: text, expiryTime: text }))
  .max(100)
  .nullish();

/** ClientSecret: `encryptedSecret` is all that is ever shown; sent back unchanged, it keeps the secret. */
export const clientSecret = z.looseObject({ encryptedSecret: z.string().min(1).max(10_000), secondarySecrets });

/** Client: what we use of it. The rest is kept, because an update replaces the whole object. */
export const clientObject = z.looseObject({
  clientId: z.string().min(1).max(1000),
  name: z.string().max(2000),
  grantTypes: z.array(z.string().max(100)).max(100),
  redirectUris: texts,
  description: text,
  logoUrl: text,
  replicationStatus: text,
  clientAuth: z
    .looseObject({
      type: text,
      encryptedSecret: text,
      secondarySecrets,
      clientCertIssuerDn: text,
      clientCertSubjectDn: text,
    })
    .nullish(),
  jwksSettings: z.looseObject({ jwksUrl: text, jwks: text }).nullish(),
  requireProofKeyForCodeExchange: flag,
  restrictScopes: flag,
  restrictedScopes: texts,
  exclusiveScopes: texts,
  defaultAccessTokenManagerRef: link,
  restrictToDefaultAccessTokenManager: flag,
  persistentGrantExpirationType: text,
  persistentGrantExpirationTime: minutes,
  persistentGrantExpirationTimeUnit: text,
  persistentGrantIdleTimeoutType: text,
  persistentGrantIdleTimeout: minutes,
  persistentGrantIdleTimeoutTimeUnit: text,
  refreshRolling: text,
  restrictedResponseTypes: texts,
  bypassApprovalPage: flag,
  requirePushedAuthorizationRequests: flag,
  tokenExchangeProcessorPolicyRef: link,
});
export type ClientObject = z.output<typeof clientObject>;

export const scopeEntry = z.looseObject({
  name: z.string().min(1).max(1000),
  description: z.string().max(5000).nullish(),
});

/** AuthorizationServerSettings, as far as scopes go. */
export const serverScopes = z.looseObject({
  scopes: z.array(scopeEntry).max(5000).nullish(),
  exclusiveScopes: z.array(scopeEntry).max(5000).nullish(),
});

/** AccessTokenManagers, as far as the connection test looks at them. */
export const accessTokenManagers = z.looseObject({
  items: z
    .array(
      z.looseObject({
        id: z.string().max(500),
        configuration: z
          .looseObject({
            fields: z
              .array(z.looseObject({ name: z.string(), value: text }))
              .max(500)
              .nullish(),
          })
          .nullish(),
      }),
    )
    .max(1000)
    .nullish(),
});

export const version = z.looseObject({ version: z.string().min(1).max(100) });

/** Every answer of the API that is no success carries this (ApiResult); what stands before the API does not. */
export const apiResult = z.looseObject({ resultId: z.string().min(1) });

/** OAuth's grant types by PingFederate's names; SAML and JWT assertions share one. */
const grantTypesOf = new Map<string, readonly string[]>([
  ["AUTHORIZATION_CODE", ["authorization_code"]],
  ["CLIENT_CREDENTIALS", ["client_credentials"]],
  ["REFRESH_TOKEN", ["refresh_token"]],
  ["IMPLICIT", ["implicit"]],
  ["RESOURCE_OWNER_CREDENTIALS", ["password"]],
  ["DEVICE_CODE", ["urn:ietf:params:oauth:grant-type:device_code"]],
  ["CIBA", ["urn:openid:params:grant-type:ciba"]],
  ["TOKEN_EXCHANGE", ["urn:ietf:params:oauth:grant-type:token-exchange"]],
  ["EXTENSION", ["urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:saml2-bearer"]],
  ["ACCESS_TOKEN_VALIDATION", ["urn:pingidentity.com:oauth2:grant_type:validate_bearer"]],
]);

/** What applications may be offered; validating other clients' tokens is for resource servers. */
export const grantTypes = [...grantTypesOf]
  .filter(([name]) => name !== "ACCESS_TOKEN_VALIDATION")
  .flatMap(([, grants]) => grants);

function toGrantTypes(asked: readonly string[], before: ClientObject | undefined): string[] {
  const unknown = asked.find((grant) => ![...grantTypesOf.values()].flat().includes(grant));
  if (unknown !== undefined) {
    throw new ConnectorError("rejected", `PingFederate has no grant type “${unknown}”. Choose another one.`);
  }
  const known = [...grantTypesOf].filter(([, grants]) => grants.some((grant) => asked.includes(grant)));
  // Names that a newer PingFederate has and we do not know are somebody else's choice.
  const others = before?.grantTypes.filter((name) => !grantTypesOf.has(name)) ?? [];
  return [...known.map(([name]) => name), ...others];
}

const secretTypes = ["SECRET", "CLIENT_SECRET_JWT"];

/** Whether the client proves itself with a shared secret. */
export function usesSecret(client: ClientObject): boolean {
  return secretTypes.includes(client.clientAuth?.type ?? "NONE");
}

/** Whether the client has a secret that an update can keep. */
export function hasSecret(client: ClientObject | undefined): boolean {
  return client !== undefined && usesSecret(client) && !!client.clientAuth?.encryptedSecret;
}

/** ClientAuth for what was asked. Whatever else belongs to the same kind of authentication stays. */
function toClientAuth(
  authentication: ClientSettings["authentication"],
  before: ClientObject | undefined,
  newSecret: Secret | undefined,
): Record<string, unknown> {
  const kept = before?.clientAuth ?? {};
  const same = (type: string) => (kept.type === type ? kept : {});
  switch (authentication.method) {
    case "client_secret":
      return newSecret ? { type: "SECRET", secret: newSecret.reveal() } : kept;
    case "private_key_jwt":
      return { ...same("PRIVATE_KEY_JWT"), type: "PRIVATE_KEY_JWT" };
    case "mutual_tls": {
      const { issuerDn, subjectDn } = authentication;
      return { type: "CERTIFICATE", clientCertIssuerDn: issuerDn, clientCertSubjectDn: subjectDn };
    }
    case "none":
      return { type: "NONE" };
  }
}

/** A limit in minutes; blank leaves it to the server, unless an administrator has lifted it for this client. */
function toLimit(asked: number | undefined, typeBefore: string | null | undefined) {
  if (asked !== undefined) return { type: "OVERRIDE_SERVER_DEFAULT", time: asked, unit: "MINUTES" };
  return { type: typeBefore === "INDEFINITE_EXPIRY" ? typeBefore : "SERVER_DEFAULT" };
}

/**
 * A client whose id somebody chose holds its marker at the end of its description: PingFederate has no other member
 * that takes a text without being set up for it (extended properties).
 */
const markerNote = /\s*\[(latchkey-[\w-]+)\]$/;

/** Whether this is the client that was made with a marker: by its id or, where somebody chose that, by its description. */
export function carriesMarker({ clientId, description }: ClientObject, marker: string): boolean {
  return clientId === marker || markerNote.exec(description ?? "")?.[1] === marker;
}

/** The description that was asked for, with the marker that the client has or, where its id is chosen, gets. */
function describedAs(
  { marker, consumerKey, settings }: ClientSpec<ClientSettings>,
  before: ClientObject | undefined,
): string | undefined {
  const noted = before ? markerNote.exec(before.description ?? "")?.[1] : consumerKey && marker;
  return noted ? `${settings.description ?? ""} [${noted}]`.trim() : settings.description;
}

const rolling = { server: "SERVER_DEFAULT", replaced: "ROLL", kept: "DONT_ROLL" } as const;

/**
 * Members of a Client for what a developer asked for.
 *
 * @param context.before the client as it stands; absent for a new one
 * @param context.newSecret a secret to be set; without one, the secret stays
 * @throws {ConnectorError} `rejected` for a grant type that PingFederate does not know
 */
export function toClient(
  spec: ClientSpec<ClientSettings>,
  { before, newSecret }: { before?: ClientObject; newSecret: Secret | undefined },
): Record<string, unknown> {
  const { name, grantTypes: asked, redirectUris, settings } = spec;
  const { authentication, accessTokenManager, tokenExchangePolicy, commonScopes } = settings;
  const lifetime = toLimit(settings.refreshTokenMinutes, before?.persistentGrantExpirationType);
  const idle = toLimit(settings.refreshTokenIdleMinutes, before?.persistentGrantIdleTimeoutType);
  // A client that others made may be open to all common scopes; it is narrowed only by naming some.
  const isOpen = before?.restrictScopes === false && commonScopes.length === 0;
  return {
    name,
    grantTypes: toGrantTypes(asked, before),
    redirectUris,
    clientAuth: toClientAuth(authentication, before, newSecret),
    jwksSettings:
      authentication.method === "private_key_jwt" ? { jwksUrl: authentication.jwksUri } : before?.jwksSettings,
    requireProofKeyForCodeExchange: settings.proofKey === "required",
    restrictScopes: !isOpen,
    restrictedScopes: commonScopes,
    defaultAccessTokenManagerRef: accessTokenManager && { id: accessTokenManager },
    restrictToDefaultAccessTokenManager: settings.onlyThatManager,
    persistentGrantExpirationType: lifetime.type,
    persistentGrantExpirationTime: lifetime.time,
    persistentGrantExpirationTimeUnit: lifetime.unit,
    persistentGrantIdleTimeoutType: idle.type,
    persistentGrantIdleTimeout: idle.time,
    persistentGrantIdleTimeoutTimeUnit: idle.unit,
    refreshRolling: rolling[settings.refreshTokenRotation],
    restrictedResponseTypes: settings.responseTypes,
    bypassApprovalPage: settings.skipApproval,
    requirePushedAuthorizationRequests: settings.pushedRequests,
    tokenExchangeProcessorPolicyRef: tokenExchangePolicy && { id: tokenExchangePolicy },
    description: describedAs(spec, before),
    logoUrl: settings.logoUrl,
  };
}

function authenticationOf({ clientAuth, jwksSettings }: ClientObject): Record<string, unknown> {
  switch (clientAuth?.type ?? "NONE") {
    case "NONE":
      return { method: "none" };
    case "PRIVATE_KEY_JWT":
      return { method: "private_key_jwt", ...(jwksSettings?.jwksUrl && { jwksUri: jwksSettings.jwksUrl }) };
    case "CERTIFICATE":
      return {
        method: "mutual_tls",
        issuerDn: clientAuth?.clientCertIssuerDn ?? "",
        subjectDn: clientAuth?.clientCertSubjectDn ?? "",
      };
    default:
      return { method: "client_secret" };
  }
}

const minutesPer = new Map([
  ["MINUTES", 1],
  ["HOURS", 60],
  ["DAYS", 1440],
]);

function limitOf(
  type: string | null | undefined,
  time: number | null | undefined,
  unit: string | null | undefined,
): number | undefined {
  const factor = minutesPer.get(unit ?? "");
  if (type !== "OVERRIDE_SERVER_DEFAULT" || !time || time < 0 || factor === undefined) return undefined;
  return time * factor;
}

function settingsOf(client: ClientObject): Record<string, unknown> {
  const lifetime = limitOf(
    client.persistentGrantExpirationType,
    client.persistentGrantExpirationTime,
    client.persistentGrantExpirationTimeUnit,
  );
  const idle = limitOf(
    client.persistentGrantIdleTimeoutType,
    client.persistentGrantIdleTimeout,
    client.persistentGrantIdleTimeoutTimeUnit,
  );
  const rotation = Object.entries(rolling).find(([, name]) => name === client.refreshRolling)?.[0] ?? "server";
  const { defaultAccessTokenManagerRef: manager, tokenExchangeProcessorPolicyRef: policy } = client;
  const description = client.description?.replace(markerNote, "");
  return {
    authentication: authenticationOf(client),
    proofKey: client.requireProofKeyForCodeExchange ? "required" : "optional",
    commonScopes: client.restrictScopes ? (client.restrictedScopes ?? []) : [],
    ...(manager && { accessTokenManager: manager.id }),
    onlyThatManager: client.restrictToDefaultAccessTokenManager ?? false,
    ...(lifetime !== undefined && { refreshTokenMinutes: lifetime }),
    ...(idle !== undefined && { refreshTokenIdleMinutes: idle }),
    refreshTokenRotation: rotation,
    responseTypes: responseTypes.filter((type) => client.restrictedResponseTypes?.includes(type)),
    skipApproval: client.bypassApprovalPage ?? false,
    pushedRequests: client.requirePushedAuthorizationRequests ?? false,
    ...(policy && { tokenExchangePolicy: policy.id }),
    ...(description && { description }),
    ...(client.logoUrl && { logoUrl: client.logoUrl }),
  };
}

/**
 * A client of PingFederate in our terms.
 *
 * @param secret what is known of its secret: PingFederate never shows it
 */
export function toRegisteredClient(client: ClientObject, secret: ClientRef["consumerSecret"]): RegisteredClient {
  return {
    ref: { consumerKey: client.clientId, ...(secret && usesSecret(client) && { consumerSecret: secret }) },
    state: {
      name: client.name,
      grantTypes: client.grantTypes.flatMap((name) => grantTypesOf.get(name) ?? []),
      redirectUris: client.redirectUris ?? [],
      settings: settingsOf(client),
    },
  };
}
