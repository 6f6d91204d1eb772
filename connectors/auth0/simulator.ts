/** A tenant of Auth0 in memory: Management API v2, token endpoint, discovery and keys on one origin. */
import { createPublicKey, X509Certificate } from "node:crypto";
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from "jose";
import {
  clientCertificateHeader,
  clientOf,
  json,
  oauthError,
  simulate,
  simulatorMark,
  type SimulatedVendor,
  type Simulator,
} from "#lib/connector-kit/simulator.ts";
import { connection } from "./config.ts";
import { manage, problem } from "./simulator-management.ts";
import {
  addApi,
  addClient,
  addGrant,
  findApi,
  type SimulatedApi,
  type SimulatedClient,
  type SimulatedCredential,
  type Tenant,
} from "./simulator-tenant.ts";

/** What the portal's application is authorised for, as the guide says. */
export const portalPermissions = [
  "create:clients",
  "read:clients",
  "update:clients",
  "delete:clients",
  "read:client_keys",
  "update:client_keys",
  "create:client_credentials",
  "read:client_credentials",
  "delete:client_credentials",
  "create:client_grants",
  "read:client_grants",
  "update:client_grants",
  "read:resource_servers",
  "update:resource_servers",
];

const exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
/** The subject token type of the tenant's one exchange profile. */
export const exchangeProfile = "urn:latchkey:partner-token";
/** The API whose tokens gateways accept. */
export const apiIdentifier = "https://api.latchkey.test/orders";

export type SimulatedAuth0 = SimulatedVendor &
  Required<Pick<SimulatedVendor, "pass">> & { tenant: Tenant; portal: SimulatedClient };

type Options = {
  origin: string;
  permissions?: readonly string[];
  /** Another address than the tenant's own, as a custom domain has it. */
  managementAudience?: string;
};

/** Begins a tenant; tests look into it. */
export async function openAuth0({
  origin,
  permissions = portalPermissions,
  ...options
}: Options): Promise<SimulatedAuth0> {
  const keys = await generateKeyPair("RS256", { extractable: true });
  const keyId = "latchkey-simulator-key";
  let passedMs = 0;
  const issuer = `${origin}/`;
  const tenant: Tenant = {
    issuer,
    managementAudience: options.managementAudience ?? `${issuer}api/v2/`,
    clients: new Map(),
    credentials: new Map(),
    grants: new Map(),
    apis: new Map(),
    replaced: [],
    partnerTokens: new Map(),
    refreshTokens: new Map(),
    canaries: [],
    now: () => Date.now() + passedMs,
  };
  const usedAssertions = new Set<string>();

  addApi(tenant, {
    identifier: tenant.managementAudience,
    is_system: true,
    scopes: [...portalPermissions, "delete:client_grants"].map((value) => ({ value })),
  });
  addApi(tenant, { identifier: apiIdentifier });
  const portal = addClient(tenant, {
    name: "Latchkey",
    app_type: "non_interactive",
    grant_types: ["client_credentials"],
    token_endpoint_auth_method: "client_secret_post",
  });
  addGrant(tenant, { client_id: portal.client_id, audience: tenant.managementAudience, scope: [...permissions] });

  async function permissionsOf(request: Request): Promise<string[] | null> {
    const token = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
    try {
      const audience = tenant.managementAudience;
      const { payload } = await jwtVerify(token, keys.publicKey, {
        issuer,
        audience,
        currentDate: new Date(tenant.now()),
      });
      const { scope } = payload;
      return typeof scope === "string" ? scope.split(" ") : [];
    } catch {
      return null;
    }
  }

  function acceptsSecret({ client_id, client_secret }: SimulatedClient, given: string): boolean {
    const old = tenant.replaced.filter(({ clientId, until }) => clientId === client_id && until > tenant.now());
    return [client_secret, ...old.map(({ secret }) => secret)].includes(given);
  }

  function credentialsOf(client: SimulatedClient, method: string): SimulatedCredential[] {
    const ids = client.client_authentication_methods?.[method]?.credentials.map(({ id }) => id) ?? [];
    return (tenant.credentials.get(client.client_id) ?? []).filter(({ id }) => ids.includes(id));
  }

  async function acceptsAssertion(client: SimulatedClient, assertion: string): Promise<boolean> {
    for (const { pem = "", alg = "RS256" } of credentialsOf(client, "private_key_jwt")) {
      try {
        const { payload } = await jwtVerify(assertion, createPublicKey(pem), {
          issuer: client.client_id,
          subject: client.client_id,
          audience: issuer,
          algorithms: [alg],
          maxTokenAge: "5 minutes",
          currentDate: new Date(tenant.now()),
        });
        const { jti } = payload;
        if (!jti || usedAssertions.has(jti)) return false;
        usedAssertions.add(jti);
        return true;
      } catch {
        // Another of the client's keys may fit.
      }
    }
    return false;
  }

  function acceptsCertificate(client: SimulatedClient, pem: string): boolean {
    const certificate = new X509Certificate(pem);
    const bySubject = credentialsOf(client, "tls_client_auth").some(
      ({ subject_dn }) => subject_dn === certificate.subject.replaceAll("\n", ","),
    );
    const byItself = credentialsOf(client, "self_signed_tls_client_auth").some(
      (credential) => new X509Certificate(credential.pem ?? "").fingerprint256 === certificate.fingerprint256,
    );
    return bySubject || byItself;
  }

  async function authenticate(request: Request, form: URLSearchParams): Promise<SimulatedClient | Response> {
    const named = clientOf(request, form);
    if (!named) return oauthError(401, "invalid_client", "Missing client_id");
    const client = tenant.clients.get(named.clientId);
    const refused = oauthError(401, "access_denied", "Unauthorized");
    if (!client) return refused;
    const assertion = form.get("client_assertion");
    const certificate = request.headers.get(clientCertificateHeader);
    if (client.client_authentication_methods) {
      const isKnown =
        (assertion !== null && (await acceptsAssertion(client, assertion))) ||
        (certificate !== null && acceptsCertificate(client, decodeURIComponent(certificate)));
      return isKnown ? client : refused;
    }
    const method = client.token_endpoint_auth_method ?? "client_secret_post";
    if (method !== named.method) return refused;
    return method === "none" || acceptsSecret(client, named.clientSecret) ? client : refused;
  }

  /** Scopes of a grant that the API still has. */
  function granted(client: SimulatedClient, api: SimulatedApi, subjectType: string): string[] | undefined {
    const grant = [...tenant.grants.values()].find(
      (held) =>
        held.client_id === client.client_id && held.audience === api.identifier && held.subject_type === subjectType,
    );
    const defined = api.scopes.map(({ value }) => value);
    return grant && (grant.allow_all_scopes ? defined : grant.scope.filter((scope) => defined.includes(scope)));
  }

  async function issued(
    client: SimulatedClient,
    api: SimulatedApi,
    { scopes, subject }: { scopes: string[]; subject?: string },
  ) {
    const now = Math.floor(tenant.now() / 1000);
    const isStandard = api.token_dialect.startsWith("rfc9068_profile");
    const scope = scopes.join(" ");
    const claims = {
      ...(scope && { scope }),
      ...(isStandard ? { client_id: client.client_id, jti: crypto.randomUUID() } : { azp: client.client_id }),
      ...(!isStandard && subject === undefined && { gty: "client-credentials" }),
    };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", typ: isStandard ? "at+jwt" : "JWT", kid: keyId })
      .setIssuer(issuer)
      .setSubject(subject ?? `${client.client_id}@clients`)
      .setAudience(api.identifier)
      .setIssuedAt(now)
      .setExpirationTime(now + api.token_lifetime)
      .sign(keys.privateKey);
    tenant.canaries.push(token);
    const answer = {
      access_token: token,
      ...(scope && { scope }),
      expires_in: api.token_lifetime,
      token_type: "Bearer",
    };
    return json(200, answer);
  }

  function notGranted(client: SimulatedClient, api: SimulatedApi): Response {
    const words = `Client "${client.client_id}" is not authorized to access resource server "${api.identifier}". You need to create a "client-grant" associated to this API.`;
    return oauthError(403, "access_denied", words);
  }

  async function clientCredentials(client: SimulatedClient, api: SimulatedApi, asked: string[]): Promise<Response> {
    if (!client.grant_types.includes("client_credentials")) {
      return oauthError(403, "unauthorized_client", "Grant type 'client_credentials' not allowed for the client.");
    }
    const allowed = granted(client, api, "client");
    if (!allowed || api.subject_type_authorization.client.policy === "deny_all") return notGranted(client, api);
    const missing = asked.filter((scope) => !allowed.includes(scope));
    if (missing.length > 0) {
      return oauthError(403, "access_denied", `Client has not been granted scopes: ${missing.join(", ")}`);
    }
    return issued(client, api, { scopes: asked.length > 0 ? asked : allowed });
  }

  async function exchange(client: SimulatedClient, api: SimulatedApi, form: URLSearchParams): Promise<Response> {
    if (!client.token_exchange?.allow_any_profile_of_type.includes("custom_authentication")) {
      return oauthError(403, "unauthorized_client", `Grant type '${exchangeGrant}' not allowed for the client.`);
    }
    if (form.get("subject_token_type") !== exchangeProfile) {
      return oauthError(400, "invalid_request", "No token exchange profile for this subject_token_type.");
    }
    const subject = tenant.partnerTokens.get(form.get("subject_token") ?? "");
    if (!subject) return oauthError(400, "invalid_request", "Invalid subject_token");
    const defined = api.scopes.map(({ value }) => value);
    const isByGrant = api.subject_type_authorization.user.policy === "require_client_grant";
    const allowed = isByGrant ? granted(client, api, "user") : defined;
    if (!allowed) return notGranted(client, api);
    return issued(client, api, { scopes: scopesIn(form).filter((scope) => allowed.includes(scope)), subject });
  }

  function refreshed(client: SimulatedClient, form: URLSearchParams): Promise<Response> | Response {
    if (!client.grant_types.includes("refresh_token")) {
      return oauthError(403, "unauthorized_client", "Grant type 'refresh_token' not allowed for the client.");
    }
    const held = tenant.refreshTokens.get(form.get("refresh_token") ?? "");
    const api = held && findApi(tenant, held.audience);
    if (held?.clientId !== client.client_id || !api) {
      return oauthError(403, "invalid_grant", "Unknown or invalid refresh token.");
    }
    return issued(client, api, { scopes: [], subject: held.subject });
  }

  async function token(request: Request): Promise<Response> {
    const form = await parametersOf(request);
    const grantType = form.get("grant_type");
    if (!grantType) return oauthError(400, "invalid_request", "Missing required parameter: grant_type");
    const client = await authenticate(request, form);
    if (client instanceof Response) return client;
    if (![exchangeGrant, "client_credentials", "refresh_token"].includes(grantType)) {
      return oauthError(403, "unauthorized_client", `Grant type '${grantType}' not allowed for the client.`);
    }
    if (grantType === "refresh_token") return refreshed(client, form);
    const audience = form.get("audience");
    const words = "No audience parameter was provided, and no default audience has been configured";
    if (!audience) return oauthError(403, "access_denied", words);
    const api = findApi(tenant, audience);
    if (api?.identifier !== audience) return oauthError(403, "access_denied", `Service not found: ${audience}`);
    return grantType === exchangeGrant ? exchange(client, api, form) : clientCredentials(client, api, scopesIn(form));
  }

  async function revocation(request: Request): Promise<Response> {
    const form = await parametersOf(request);
    const token = form.get("token");
    if (!token) return oauthError(400, "invalid_request", "Missing required parameter: token");
    const client = await authenticate(request, form);
    if (client instanceof Response) return client;
    // Refresh tokens only: of an access token nothing changes, and the answer does not tell.
    if (tenant.refreshTokens.get(token)?.clientId === client.client_id) tenant.refreshTokens.delete(token);
    return new Response("OK", { status: 200, headers: { "content-type": "text/plain" } });
  }

  async function handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const { method } = request;
    if (pathname.startsWith("/api/v2/")) {
      return manage(tenant, request, { path: pathname.slice(7), permissions: await permissionsOf(request) });
    }
    if (method === "POST" && pathname === "/oauth/token") return token(request);
    if (method === "POST" && pathname === "/oauth/revoke") return revocation(request);
    if (method === "GET" && pathname === "/.well-known/openid-configuration") return json(200, discovery(issuer));
    if (method === "GET" && pathname === "/.well-known/jwks.json") {
      return json(200, { keys: [{ ...(await exportJWK(keys.publicKey)), kid: keyId, alg: "RS256", use: "sig" }] });
    }
    return new Response("Not Found.", { status: 404, headers: { "content-type": "text/plain" } });
  }

  const input = (clientSecret: string) => ({
    authentication: { method: "client_secret", clientId: portal.client_id, clientSecret },
    audience: apiIdentifier,
    exchangeTokenType: exchangeProfile,
    ...(options.managementAudience && { managementAudience: options.managementAudience }),
  });
  const connectionInput = input(portal.client_secret);
  const simulation = simulate([origin], handle, {
    absent: () => problem(404, "The client does not exist", "inexistent_client"),
    rateLimited: (seconds) =>
      problem(429, "Global limit has been reached", "too_many_requests", {
        "x-ratelimit-limit": "10",
        "x-ratelimit-remaining": "0",
        ...(seconds !== undefined && { "x-ratelimit-reset": String(Math.ceil(Date.now() / 1000) + seconds) }),
      }),
  });
  return {
    ...simulation,
    tenant,
    portal,
    wellKnownUrl: `${issuer}.well-known/openid-configuration`,
    settings: {
      issuer,
      endpoints: {
        token: `${issuer}oauth/token`,
        authorization: `${issuer}authorize`,
        userinfo: `${issuer}userinfo`,
      },
      signingKeys: { kind: "jwks", url: `${issuer}.well-known/jwks.json` },
      connection: connection.parse(connectionInput),
    },
    connectionInput,
    refusedConnectionInput: input("not-the-secret"),
    canaries: tenant.canaries,
    createClient() {
      const made = addClient(tenant, {
        name: "Made by hand",
        app_type: "non_interactive",
        grant_types: ["client_credentials"],
        token_endpoint_auth_method: "client_secret_post",
      });
      addGrant(tenant, { client_id: made.client_id, audience: apiIdentifier, scope: [] });
      return Promise.resolve({ clientId: made.client_id, clientSecret: made.client_secret });
    },
    pass(seconds) {
      passedMs += seconds * 1000;
    },
  };
}

/** The token endpoint takes forms and JSON alike. */
async function parametersOf(request: Request): Promise<URLSearchParams> {
  const text = await request.text();
  if (!request.headers.get("content-type")?.startsWith("application/json")) return new URLSearchParams(text);
  return new URLSearchParams(JSON.parse(text) as Record<string, string>);
}

const scopesIn = (form: URLSearchParams) => (form.get("scope") ?? "").split(" ").filter(Boolean);

/** As tenants publish it. */
function discovery(issuer: string): Record<string, unknown> {
  return {
    ...simulatorMark,
    issuer,
    authorization_endpoint: `${issuer}authorize`,
    token_endpoint: `${issuer}oauth/token`,
    device_authorization_endpoint: `${issuer}oauth/device/code`,
    userinfo_endpoint: `${issuer}userinfo`,
    mfa_challenge_endpoint: `${issuer}mfa/challenge`,
    jwks_uri: `${issuer}.well-known/jwks.json`,
    registration_endpoint: `${issuer}oidc/register`,
    revocation_endpoint: `${issuer}oauth/revoke`,
    end_session_endpoint: `${issuer}oidc/logout`,
    scopes_supported: ["openid", "profile", "offline_access", "email", "address", "phone"],
    response_types_supported: ["code", "token", "id_token", "code token", "code id_token", "token id_token"],
    response_modes_supported: ["query", "fragment", "form_post"],
    code_challenge_methods_supported: ["S256", "plain"],
    subject_types_supported: ["public"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "private_key_jwt"],
    token_endpoint_auth_signing_alg_values_supported: ["RS256", "RS384", "PS256"],
    id_token_signing_alg_values_supported: ["HS256", "RS256", "PS256"],
    claims_supported: ["aud", "auth_time", "email", "exp", "iat", "iss", "name", "sub"],
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
  };
}

export const simulator: Simulator = { connectorId: "auth0", open: openAuth0 };
