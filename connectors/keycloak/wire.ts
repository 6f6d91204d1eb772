/** What Keycloak's admin API sends and takes, and how it maps to our terms. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { ClientSpec, RegisteredClient } from "#lib/connector-kit/contract.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { ClientSettings } from "./config.ts";

const flag = z.boolean().nullish();
const texts = z.array(z.string().max(2048)).max(500).nullish();

const protocolMapper = z.looseObject({
  name: z.string().max(1000),
  protocolMapper: z.string().max(1000),
});

/** ClientRepresentation: what we use of it. The rest is kept, because an update replaces the whole object. */
export const clientRepresentation = z.looseObject({
  id: z.uuid(),
  clientId: z.string().min(1).max(1000),
  name: z.string().max(2000).nullish(),
  secret: z.string().max(10_000).nullish(),
  publicClient: flag,
  clientAuthenticatorType: z.string().max(100).nullish(),
  standardFlowEnabled: flag,
  implicitFlowEnabled: flag,
  directAccessGrantsEnabled: flag,
  serviceAccountsEnabled: flag,
  consentRequired: flag,
  redirectUris: texts,
  webOrigins: texts,
  optionalClientScopes: texts,
  protocolMappers: z.array(protocolMapper).max(500).nullish(),
  attributes: z.record(z.string(), z.string().nullable()).nullish(),
});
export type ClientRepresentation = z.output<typeof clientRepresentation>;

export const clientList = z.array(clientRepresentation).max(1000);

export const clientSecret = z.object({ value: z.string().min(1).max(10_000) });

export const scopeRepresentation = z.looseObject({
  id: z.uuid(),
  name: z.string().min(1).max(1000),
  description: z.string().max(5000).nullish(),
  protocol: z.string().nullish(),
  attributes: z.record(z.string(), z.string().nullable()).nullish(),
});
export type ScopeRepresentation = z.output<typeof scopeRepresentation>;
export const scopeList = z.array(scopeRepresentation).max(5000);

/** Says that an object is Latchkey's: what others made is never changed or deleted. */
export const managedAttribute = "latchkey.managed";
const markerAttribute = "latchkey.marker";

/** Whether this is the client that was made with a marker: by its id, or, where somebody chose that, by an attribute. */
export function carriesMarker({ clientId, attributes }: ClientRepresentation, marker: string): boolean {
  return clientId === marker || attributes?.[markerAttribute] === marker;
}

const audienceMapperName = "latchkey-introspection";

/** What a client authenticates with (token_endpoint_auth_method), and Keycloak's authenticator for it. */
const authenticators = {
  client_secret: "client-secret",
  client_secret_jwt: "client-secret-jwt",
  private_key_jwt: "client-jwt",
  tls_client_auth: "client-x509",
  none: "client-secret",
} as const satisfies Record<ClientSettings["authentication"]["method"], string>;

/** Grant types that are switches of the representation. */
const switches = {
  authorization_code: "standardFlowEnabled",
  implicit: "implicitFlowEnabled",
  password: "directAccessGrantsEnabled",
  client_credentials: "serviceAccountsEnabled",
} as const;

/** Grant types that are attributes. */
const attributeSwitches = {
  refresh_token: "use.refresh.tokens",
  "urn:ietf:params:oauth:grant-type:device_code": "oauth2.device.authorization.grant.enabled",
  "urn:openid:params:grant-type:ciba": "oidc.ciba.grant.enabled",
  "urn:ietf:params:oauth:grant-type:token-exchange": "standard.token.exchange.enabled",
} as const;

export const grantTypes = [...Object.keys(switches), ...Object.keys(attributeSwitches)];

/** Members of the representation for what a developer asked for. */
export function toRepresentation(
  { name, marker, grantTypes: asked, redirectUris, settings }: ClientSpec<ClientSettings>,
  before?: ClientRepresentation,
): Record<string, unknown> & Pick<ClientRepresentation, "publicClient" | "clientAuthenticatorType"> {
  const { authentication, proofKey, accessTokenLifespan, webOrigins, consentRequired } = settings;
  const usesKey = authentication.method === "private_key_jwt";
  const flows = Object.entries(switches).map(([grant, member]) => [member, asked.includes(grant)] as const);
  const grants = Object.entries(attributeSwitches).map(
    ([grant, name]) => [name, String(asked.includes(grant))] as const,
  );
  return {
    ...Object.fromEntries(flows),
    name,
    protocol: "openid-connect",
    enabled: true,
    publicClient: authentication.method === "none",
    clientAuthenticatorType: authenticators[authentication.method],
    redirectUris,
    webOrigins,
    consentRequired,
    attributes: {
      ...before?.attributes,
      ...Object.fromEntries(grants),
      [markerAttribute]: marker,
      // An empty text removes an attribute.
      "pkce.code.challenge.method": proofKey === "S256" ? "S256" : "",
      "access.token.lifespan": accessTokenLifespan === undefined ? "" : String(accessTokenLifespan),
      "use.jwks.url": String(usesKey),
      "jwks.url": usesKey ? authentication.jwksUri : "",
      "x509.subjectdn": authentication.method === "tls_client_auth" ? authentication.subject : "",
      "tls.client.certificate.bound.access.tokens": String(settings.certificateBound),
    },
    ...(before && { protocolMappers: withSubject(before.protocolMappers ?? [], settings) }),
  };
}

/** Names people differently in the tokens of each client (OpenID Connect Core §8.1). */
const pairwiseMapper = "oidc-sha256-pairwise-sub-mapper";

type ProtocolMapper = z.output<typeof protocolMapper>;

const isPairwise = (mapper: ProtocolMapper) => mapper.protocolMapper === pairwiseMapper;

/** These mappers, with or without the one that names people, as the settings say. Others stay. */
function withSubject(mappers: readonly ProtocolMapper[], { subjectType }: ClientSettings): ProtocolMapper[] {
  if (subjectType === "public") return mappers.filter((mapper) => !isPairwise(mapper));
  if (mappers.some(isPairwise)) return [...mappers];
  const config = { pairwiseSubAlgorithmSalt: randomUUID() };
  const ours = {
    name: "pairwise subject identifier",
    protocol: "openid-connect",
    protocolMapper: pairwiseMapper,
    config,
  };
  return [...mappers, ours];
}

/** The protocol mappers of a new client. */
export function mappersFor(settings: ClientSettings, portalClientId: string): ProtocolMapper[] {
  return withSubject([audienceMapper(portalClientId)], settings);
}

/**
 * The mapper that names the portal's client as an audience. Without it Keycloak 26 calls every token
 * inactive when the portal asks about it.
 */
function audienceMapper(portalClientId: string) {
  return {
    name: audienceMapperName,
    protocol: "openid-connect",
    protocolMapper: "oidc-audience-mapper",
    config: {
      "included.client.audience": portalClientId,
      "access.token.claim": "true",
      "id.token.claim": "false",
      "introspection.token.claim": "true",
    },
  };
}

function grantTypesOf(client: ClientRepresentation): string[] {
  const flows = Object.entries(switches).filter(([, member]) => client[member]);
  const grants = Object.entries(attributeSwitches).filter(([grant, name]) => {
    const value = client.attributes?.[name];
    // Refresh tokens are on unless they are switched off.
    return grant === "refresh_token" ? client.standardFlowEnabled && value !== "false" : value === "true";
  });
  return [...flows, ...grants].map(([grant]) => grant);
}

/** Whether a client proves itself by a secret: sent along, or as the key of an assertion. */
export function usesSecret({
  publicClient,
  clientAuthenticatorType,
}: Pick<ClientRepresentation, "publicClient" | "clientAuthenticatorType">): boolean {
  return !publicClient && !["client-jwt", "client-x509"].includes(clientAuthenticatorType ?? "");
}

function authenticationOf(client: ClientRepresentation): { method: string } & Record<string, string> {
  const { "jwks.url": jwksUri, "x509.subjectdn": subject } = client.attributes ?? {};
  if (client.publicClient) return { method: "none" };
  switch (client.clientAuthenticatorType) {
    case "client-jwt":
      return { method: "private_key_jwt", ...(jwksUri && { jwksUri }) };
    case "client-secret-jwt":
      return { method: "client_secret_jwt" };
    case "client-x509":
      return { method: "tls_client_auth", ...(subject && { subject }) };
    default:
      return { method: "client_secret" };
  }
}

function settingsOf(client: ClientRepresentation): Record<string, unknown> {
  const attributes = client.attributes ?? {};
  const lifespan = Number(attributes["access.token.lifespan"] || Number.NaN);
  return {
    authentication: authenticationOf(client),
    proofKey: attributes["pkce.code.challenge.method"] === "S256" ? "S256" : "optional",
    ...(Number.isFinite(lifespan) && { accessTokenLifespan: lifespan }),
    certificateBound: attributes["tls.client.certificate.bound.access.tokens"] === "true",
    subjectType: client.protocolMappers?.some(isPairwise) ? "pairwise" : "public",
    webOrigins: client.webOrigins ?? [],
    consentRequired: client.consentRequired ?? false,
  };
}

/** A client of Keycloak in our terms. */
export function toRegisteredClient(client: ClientRepresentation): RegisteredClient {
  // Callers who may look but not manage get asterisks.
  const isHidden = !client.secret || /^\*+$/.test(client.secret);
  return {
    ref: {
      consumerKey: client.clientId,
      vendorId: client.id,
      ...(usesSecret(client) && !isHidden && { consumerSecret: new Secret(client.secret ?? "") }),
    },
    state: {
      name: client.name ?? "",
      grantTypes: grantTypesOf(client),
      redirectUris: client.redirectUris ?? [],
      settings: settingsOf(client),
    },
  };
}
