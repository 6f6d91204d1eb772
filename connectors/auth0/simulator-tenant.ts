/** What a simulated tenant of Auth0 holds, and how its objects come to be. */
import { randomBytes } from "node:crypto";

export type SimulatedClient = Record<string, unknown> & {
  client_id: string;
  client_secret: string;
  name: string;
  grant_types: string[];
  token_endpoint_auth_method?: string;
  client_authentication_methods?: Record<string, { credentials: { id: string }[] }>;
  client_metadata?: Record<string, string>;
  token_exchange?: { allow_any_profile_of_type: string[] };
};

export type SimulatedCredential = Record<string, unknown> & {
  id: string;
  credential_type: string;
  alg?: string | undefined;
  pem?: string | undefined;
  subject_dn?: string | undefined;
};

export type SimulatedGrant = {
  id: string;
  client_id: string;
  audience: string;
  scope: string[];
  subject_type: string;
  allow_all_scopes?: boolean;
};

export type SimulatedApi = Record<string, unknown> & {
  id: string;
  identifier: string;
  scopes: { value: string; description?: string }[];
  signing_alg: string;
  token_dialect: string;
  token_lifetime: number;
  is_system?: boolean;
  subject_type_authorization: { user: { policy: string }; client: { policy: string } };
};

export type Tenant = {
  issuer: string;
  managementAudience: string;
  clients: Map<string, SimulatedClient>;
  credentials: Map<string, SimulatedCredential[]>;
  grants: Map<string, SimulatedGrant>;
  apis: Map<string, SimulatedApi>;
  /** Secrets that were replaced a moment ago: replicas still take them. */
  replaced: { clientId: string; secret: string; until: number }[];
  /** Subject tokens that the action behind the exchange profile takes, and whom they stand for. */
  partnerTokens: Map<string, string>;
  /** Refresh tokens, and for whom each one gets access tokens. */
  refreshTokens: Map<string, { clientId: string; audience: string; subject: string }>;
  canaries: string[];
  /** Milliseconds since the epoch, by the tenant's clock. */
  now(): number;
};

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** As ids of Auth0 look. */
export function generatedId(prefix = "", length = 32): string {
  return prefix + Array.from(randomBytes(length), (byte) => letters[byte % letters.length]).join("");
}

export function generatedSecret({ canaries }: Tenant): string {
  const secret = `canary-${randomBytes(43).toString("base64url")}`;
  canaries.push(secret);
  return secret;
}

/** A refresh token of a client, as it has one after somebody signed in with it. */
export function addRefreshToken(tenant: Tenant, held: { clientId: string; audience: string; subject: string }): string {
  const token = `v1.${generatedSecret(tenant)}`;
  tenant.refreshTokens.set(token, held);
  return token;
}

/** A client with what Auth0 fills in (recorded answers of POST /api/v2/clients). */
export function addClient(tenant: Tenant, asked: Record<string, unknown> & { name: string }): SimulatedClient {
  const client: SimulatedClient = {
    tenant: "latchkey",
    global: false,
    is_token_endpoint_ip_header_trusted: false,
    is_first_party: true,
    oidc_conformant: false,
    sso_disabled: false,
    cross_origin_authentication: false,
    custom_login_page_on: true,
    grant_types: ["authorization_code", "implicit", "refresh_token", "client_credentials"],
    signing_keys: [{ cert: "-----BEGIN CERTIFICATE-----\r\nMIIC\r\n-----END CERTIFICATE-----\r\n" }],
    ...asked,
    jwt_configuration: {
      lifetime_in_seconds: 36_000,
      secret_encoded: false,
      ...(asked["jwt_configuration"] as object | undefined),
    },
    refresh_token: {
      expiration_type: "non-expiring",
      leeway: 0,
      infinite_token_lifetime: true,
      infinite_idle_token_lifetime: true,
      token_lifetime: 31_557_600,
      idle_token_lifetime: 2_592_000,
      rotation_type: "non-rotating",
      ...(asked["refresh_token"] as object | undefined),
    },
    client_id: generatedId(),
    client_secret: generatedSecret(tenant),
  };
  tenant.clients.set(client.client_id, client);
  return client;
}

export function addApi(tenant: Tenant, asked: Partial<SimulatedApi> & { identifier: string }): SimulatedApi {
  const api: SimulatedApi = {
    name: asked.identifier,
    allow_offline_access: false,
    skip_consent_for_verifiable_first_party_clients: true,
    token_lifetime: 86_400,
    token_lifetime_for_web: 7_200,
    token_dialect: "access_token",
    signing_alg: "RS256",
    scopes: [],
    subject_type_authorization: { user: { policy: "allow_all" }, client: { policy: "require_client_grant" } },
    ...asked,
    id: generatedId("", 24),
  };
  tenant.apis.set(api.id, api);
  return api;
}

export function addGrant(tenant: Tenant, asked: Omit<SimulatedGrant, "id" | "subject_type">): SimulatedGrant {
  const grant = { subject_type: "client", ...asked, id: generatedId("cgr_", 16) };
  tenant.grants.set(grant.id, grant);
  return grant;
}

/** An API by its id or its identifier. */
export function findApi({ apis }: Tenant, key: string): SimulatedApi | undefined {
  return apis.get(key) ?? [...apis.values()].find(({ identifier }) => identifier === key);
}
