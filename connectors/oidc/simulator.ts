/**
 * An authorization server in memory, as strict as the standards allow: RFC 7591, 7592, 7662, 7009 and
 * client credentials. Tests use it wherever a real server would stand.
 */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createLocalJWKSet, exportJWK, SignJWT, type JSONWebKeySet } from "jose";
import type { Endpoints, KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { isAssertedBy, shownCertificate, subjectOf } from "#lib/connector-kit/simulator-clients.ts";
import {
  clientOf,
  json,
  oauthError,
  simulate,
  simulatorMark,
  type SimulatedVendor,
  type Simulator,
} from "#lib/connector-kit/simulator.ts";
import { randomToken } from "#lib/foundation/ids.ts";
import { connection, type Connection } from "./config.ts";

export type OidcOptions = {
  /** The issuer; “https://as.test” unless told otherwise. */
  issuer?: string;
  /** What the registration endpoint asks for. */
  registration?: "initial_access_token" | "client_credentials" | "none";
  /** A new registration access token with every management call, and with reads only if “always”. */
  rotation?: "never" | "on_update" | "always";
  accessTokens?: "jwt" | "opaque";
  /** Whether clients can be managed (RFC 7592). */
  management?: boolean;
  /** Whether clients may exchange tokens (RFC 8693). */
  tokenExchange?: boolean;
  /** How the portal's own client authenticates; with its secret, unless told otherwise. */
  portal?: PortalAuthentication;
  /** Members of the discovery document to change; undefined removes one. */
  metadata?: Record<string, unknown>;
};

type PortalAuthentication =
  | { method: "client_secret_jwt" }
  | { method: "private_key_jwt"; jwks: JSONWebKeySet }
  | { method: "tls_client_auth"; subject: string };

type Stored = Record<string, unknown> & {
  client_id: string;
  client_secret?: string;
  token_endpoint_auth_method: string;
  grant_types: string[];
  redirect_uris: string[];
};

export type SimulatedOidc = SimulatedVendor & {
  issuer: string;
  endpoints: Endpoints;
  /** Settings as an adapter is opened with. */
  settings: KeyManagerSettings<Connection>;
  /** The client that may ask about tokens. */
  portal: { clientId: string; clientSecret: string };
  clients: Map<string, Stored>;
  /** A client that somebody made by hand at the server. */
  addClient(client?: Partial<Stored>): Stored & { registration_client_uri: string; registration_access_token: string };
  /** Forgets a client, as if its owner had deleted it at the server. */
  removeClient(clientId: string): void;
  /** The words with which the next registrations are refused; undefined accepts them again. */
  rejectRegistration(reason: string | undefined): void;
};

const portalClient = { client_id: "portal", client_secret: "canary-portal-secret-81c2" };
const initialAccessToken = "canary-initial-token-5f07";
const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const accessTokenType = "urn:ietf:params:oauth:token-type:access_token";
const forbiddenInUpdates = [
  "registration_access_token",
  "registration_client_uri",
  "client_secret_expires_at",
  "client_id_issued_at",
];

/** Starts a server; every one is a world of its own. */
export function oidcSimulator(options: OidcOptions = {}): SimulatedOidc {
  const { issuer = "https://as.test", registration = "initial_access_token", rotation = "on_update" } = options;
  const { accessTokens = "jwt", management = true } = options;
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const clients = new Map<string, Stored>();
  const managementTokens = new Map<string, string>();
  const tokens = new Map<string, { clientId: string; scope: string; expiresAt: number; jwt: boolean }>();
  const canaries = [portalClient.client_secret, initialAccessToken];
  let rejection: string | undefined;

  const endpoints = {
    registration: `${issuer}/register`,
    token: `${issuer}/token`,
    introspection: `${issuer}/introspect`,
    revocation: `${issuer}/revoke`,
  };

  const metadata = {
    issuer,
    registration_endpoint: endpoints.registration,
    token_endpoint: endpoints.token,
    introspection_endpoint: endpoints.introspection,
    revocation_endpoint: endpoints.revocation,
    authorization_endpoint: `${issuer}/authorize`,
    jwks_uri: `${issuer}/jwks`,
    scopes_supported: ["openid", "read", "write"],
    grant_types_supported: [
      "client_credentials",
      "authorization_code",
      "refresh_token",
      ...(options.tokenExchange ? [tokenExchange] : []),
    ],
    response_types_supported: ["code"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
    code_challenge_methods_supported: ["S256"],
    ...simulatorMark,
    ...options.metadata,
  };

  function secret(): string {
    const value = `canary-${randomToken(24)}`;
    canaries.push(value);
    return value;
  }

  function newManagementToken(clientId: string): string {
    for (const [token, owner] of managementTokens) if (owner === clientId) managementTokens.delete(token);
    const token = secret();
    managementTokens.set(token, clientId);
    return token;
  }

  function presented(client: Stored, token: string | undefined): Record<string, unknown> {
    if (!management || token === undefined) return client;
    const uri = `${endpoints.registration}/${encodeURIComponent(client.client_id)}`;
    return { ...client, registration_client_uri: uri, registration_access_token: token };
  }

  function store(body: Record<string, unknown>, existing?: Stored): Stored | Response {
    const refused = (description: string) => oauthError(400, "invalid_client_metadata", description);
    const grants = body["grant_types"] ?? ["authorization_code"];
    const responses = body["response_types"] ?? ["code"];
    const redirects = body["redirect_uris"] ?? [];
    const method = body["token_endpoint_auth_method"] ?? "client_secret_basic";
    if (!isTexts(grants) || !isTexts(responses) || !isTexts(redirects)) return refused("a list of texts was expected");
    if (typeof method !== "string" || !metadata.token_endpoint_auth_methods_supported.includes(method)) {
      return refused("token_endpoint_auth_method is not supported");
    }
    const unknown = grants.find((grant) => !metadata.grant_types_supported.includes(grant));
    if (unknown) return refused(`grant type ${unknown} is not supported`);
    if (grants.includes("authorization_code") !== responses.includes("code")) {
      return refused("grant_types and response_types do not agree");
    }
    if (grants.includes("authorization_code") && redirects.length === 0) {
      return oauthError(400, "invalid_redirect_uri", "redirect_uris must contain at least one address");
    }
    if (redirects.some((uri) => !URL.canParse(uri) || uri.includes("#"))) {
      return oauthError(400, "invalid_redirect_uri", "redirect_uris must be addresses without a fragment");
    }
    if (method === "private_key_jwt" && !body["jwks_uri"] && !body["jwks"])
      return refused("jwks or jwks_uri is needed");
    const isConfidential = method === "client_secret_basic" || method === "client_secret_post";
    const stored: Stored = {
      ...body,
      client_id: existing?.client_id ?? randomUUID(),
      client_id_issued_at: Math.floor(Date.now() / 1000),
      token_endpoint_auth_method: method,
      grant_types: grants,
      response_types: responses,
      redirect_uris: redirects,
      ...(isConfidential && { client_secret: existing?.client_secret ?? secret(), client_secret_expires_at: 0 }),
    };
    if (!isConfidential) delete stored.client_secret;
    clients.set(stored.client_id, stored);
    return stored;
  }

  function mayRegister(request: Request): boolean {
    const bearer = bearerOf(request);
    if (registration === "none") return true;
    if (registration === "initial_access_token") return bearer === initialAccessToken;
    const token = tokens.get(bearer ?? "");
    return token?.clientId === portalClient.client_id && token.scope.split(" ").includes("register");
  }

  async function register(request: Request): Promise<Response> {
    if (!mayRegister(request)) return oauthError(401, "invalid_token", "an initial access token is required");
    const body = await jsonBody(request);
    if (!body) return oauthError(400, "invalid_request", "a JSON object was expected");
    if ("client_id" in body || "client_secret" in body) {
      return oauthError(400, "invalid_client_metadata", "credentials are chosen by the server");
    }
    if (rejection !== undefined) return oauthError(400, "invalid_client_metadata", rejection);
    const stored = store(body);
    if (stored instanceof Response) return stored;
    return json(201, presented(stored, management ? newManagementToken(stored.client_id) : undefined));
  }

  async function manage(request: Request, clientId: string): Promise<Response> {
    const bearer = bearerOf(request) ?? "";
    const client = clients.get(clientId);
    if (!management) return json(404, { error: "not_found" });
    if (!client || managementTokens.get(bearer) !== clientId) {
      return oauthError(401, "invalid_token", "the registration access token is not valid");
    }
    if (request.method === "DELETE") {
      clients.delete(clientId);
      managementTokens.delete(bearer);
      return new Response(null, { status: 204 });
    }
    if (request.method === "GET") {
      return json(200, presented(client, rotation === "always" ? newManagementToken(clientId) : bearer));
    }
    if (request.method !== "PUT") return json(405, { error: "invalid_request" });
    const token = rotation === "always" ? newManagementToken(clientId) : bearer;
    const body = await jsonBody(request);
    if (!body) return oauthError(400, "invalid_request", "a JSON object was expected");
    const hit = forbiddenInUpdates.find((member) => member in body);
    if (hit) return oauthError(400, "invalid_request", `request MUST NOT include the ${hit} field`);
    if (body["client_id"] !== clientId) return oauthError(400, "invalid_request", "client_id does not match");
    if ("client_secret" in body && body["client_secret"] !== client.client_secret) {
      return oauthError(400, "invalid_request", "client_secret does not match");
    }
    if (rejection !== undefined) return oauthError(400, "invalid_client_metadata", rejection);
    const stored = store(body, client);
    if (stored instanceof Response) return stored;
    return json(200, presented(stored, rotation === "on_update" ? newManagementToken(clientId) : token));
  }

  const used = new Set<string>();

  async function isPortal(request: Request, form: URLSearchParams): Promise<boolean> {
    const { portal } = options;
    if (!portal) return clientOf(request, form)?.clientSecret === portalClient.client_secret;
    if (portal.method === "tls_client_auth") {
      const certificate = shownCertificate(request);
      return certificate !== undefined && subjectOf(certificate) === portal.subject;
    }
    return isAssertedBy(form, {
      clientId: portalClient.client_id,
      key:
        portal.method === "client_secret_jwt"
          ? Buffer.from(portalClient.client_secret)
          : createLocalJWKSet(portal.jwks),
      audience: [issuer, endpoints.token, request.url],
      nowSeconds: Math.floor(Date.now() / 1000),
      used,
    });
  }

  /** The client that authenticates a form request, strictly by the method it is registered with. */
  async function authenticated(request: Request, form: URLSearchParams): Promise<Stored | typeof portalClient | null> {
    const given = clientOf(request, form);
    if (!given) return null;
    if (given.clientId === portalClient.client_id) return (await isPortal(request, form)) ? portalClient : null;
    const client = clients.get(given.clientId);
    if (client?.token_endpoint_auth_method !== given.method) return null;
    return given.method === "none" || given.clientSecret === client.client_secret ? client : null;
  }

  async function issue(request: Request, form: URLSearchParams): Promise<Response> {
    const client = await authenticated(request, form);
    if (!client) return oauthError(401, "invalid_client", "client authentication failed");
    const grant = form.get("grant_type") ?? "";
    if (!["client_credentials", ...(options.tokenExchange ? [tokenExchange] : [])].includes(grant)) {
      return oauthError(400, "unsupported_grant_type", "this grant is not spoken here");
    }
    if ("grant_types" in client && !client.grant_types.includes(grant)) {
      return oauthError(400, "unauthorized_client", `this client may not use ${grant}`);
    }
    const exchanged = grant === tokenExchange ? exchangedFor(form) : undefined;
    if (exchanged instanceof Response) return exchanged;
    const scope = form.get("scope") ?? "";
    const known = [...metadata.scopes_supported, "register"];
    if (scope.split(" ").some((name) => name !== "" && !known.includes(name))) {
      return oauthError(400, "invalid_scope", "a scope is not known");
    }
    const expiresAt = Math.floor(Date.now() / 1000) + 300;
    const token =
      accessTokens === "opaque"
        ? randomToken()
        : await new SignJWT({ client_id: client.client_id, scope, jti: randomUUID() })
            .setProtectedHeader({ alg: "ES256", kid: "simulator", typ: "at+jwt" })
            .setIssuer(issuer)
            .setSubject(exchanged?.clientId ?? client.client_id)
            .setAudience(issuer)
            .setIssuedAt()
            .setExpirationTime(expiresAt)
            .sign(privateKey);
    canaries.push(token);
    tokens.set(token, { clientId: client.client_id, scope, expiresAt, jwt: accessTokens === "jwt" });
    return json(200, {
      access_token: token,
      token_type: "Bearer",
      expires_in: 300,
      ...(scope && { scope }),
      ...(exchanged && { issued_token_type: accessTokenType }),
    });
  }

  /** RFC 8693 §2.1 and §2.2.2: an access token of this server, for this server. */
  function exchangedFor(form: URLSearchParams): { clientId: string } | Response {
    if (form.get("subject_token_type") !== accessTokenType) {
      return oauthError(400, "invalid_request", "subject_token_type must be that of an access token");
    }
    const audience = form.get("audience");
    if (audience !== null && audience !== issuer) return oauthError(400, "invalid_target", "the audience is not known");
    const subject = tokens.get(form.get("subject_token") ?? "");
    if (subject && subject.expiresAt > Date.now() / 1000) return subject;
    return oauthError(400, "invalid_request", "the subject token is not valid");
  }

  async function introspect(request: Request, form: URLSearchParams): Promise<Response> {
    if (!(await authenticated(request, form))) return oauthError(401, "invalid_client", "client authentication failed");
    const token = tokens.get(form.get("token") ?? "");
    if (!token || token.expiresAt <= Date.now() / 1000) return json(200, { active: false });
    if (token.clientId !== portalClient.client_id && !clients.has(token.clientId)) return json(200, { active: false });
    const { clientId, scope, expiresAt } = token;
    return json(200, { active: true, client_id: clientId, scope, exp: expiresAt, iss: issuer, token_type: "Bearer" });
  }

  async function revoke(request: Request, form: URLSearchParams): Promise<Response> {
    const client = await authenticated(request, form);
    if (!client) return oauthError(401, "invalid_client", "client authentication failed");
    const token = form.get("token") ?? "";
    if (tokens.get(token)?.clientId === client.client_id) tokens.delete(token);
    return new Response(null, { status: 200 });
  }

  const base = new URL(issuer);
  const issuerPath = base.pathname.replace(/\/$/, "");

  async function handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const documents = [
      `${issuerPath}/.well-known/openid-configuration`,
      `/.well-known/oauth-authorization-server${issuerPath}`,
    ];
    if (request.method === "GET" && documents.includes(pathname)) return json(200, metadata);
    const path = pathname.slice(issuerPath.length);
    if (path === "/jwks") {
      return json(200, { keys: [{ ...(await exportJWK(publicKey)), kid: "simulator", alg: "ES256", use: "sig" }] });
    }
    if (path === "/register" && request.method === "POST") return register(request);
    if (path.startsWith("/register/")) return manage(request, decodeURIComponent(path.slice("/register/".length)));
    if (!["/token", "/introspect", "/revoke"].includes(path)) return json(404, { error: "not_found" });
    if (request.method !== "POST") return json(405, { error: "invalid_request" });
    if (!request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded")) {
      return oauthError(400, "invalid_request", "a form was expected");
    }
    const form = new URLSearchParams(await request.text());
    if (path === "/token") return issue(request, form);
    return path === "/introspect" ? introspect(request, form) : revoke(request, form);
  }

  /** The connection form, filled in with these secrets. */
  function inputWith({ token, clientSecret }: { token: string; clientSecret: string }) {
    const authentication = { method: "client_secret_basic", clientSecret };
    const portal = { clientId: portalClient.client_id, authentication };
    return {
      registration:
        registration === "initial_access_token"
          ? { method: registration, token }
          : registration === "client_credentials"
            ? { method: registration, ...portal, scopes: ["register"] }
            : { method: registration },
      introspection: { method: "client", ...portal },
    };
  }
  const connectionInput = inputWith({ token: initialAccessToken, clientSecret: portalClient.client_secret });

  return {
    ...simulate([base.origin], handle),
    issuer,
    endpoints,
    wellKnownUrl: `${issuer}/.well-known/openid-configuration`,
    connectionInput,
    refusedConnectionInput: inputWith({ token: "not-the-token", clientSecret: "not-the-secret" }),
    settings: {
      issuer,
      endpoints,
      signingKeys: { kind: "jwks", url: `${issuer}/jwks` },
      connection: connection.parse(connectionInput),
    },
    canaries,
    portal: { clientId: portalClient.client_id, clientSecret: portalClient.client_secret },
    clients,
    createClient() {
      const { client_id: clientId, client_secret: clientSecret = "" } = this.addClient();
      return Promise.resolve({ clientId, clientSecret });
    },
    addClient(client = {}) {
      const stored = store({ grant_types: ["client_credentials"], response_types: [], ...client });
      if (stored instanceof Response) throw new Error("The simulator refuses this client itself.");
      if (client.client_id && client.client_id !== stored.client_id) {
        clients.delete(stored.client_id);
        stored.client_id = client.client_id;
        clients.set(stored.client_id, stored);
      }
      if (client.client_secret) stored.client_secret = client.client_secret;
      const uri = `${endpoints.registration}/${encodeURIComponent(stored.client_id)}`;
      const token = newManagementToken(stored.client_id);
      return { ...stored, registration_client_uri: uri, registration_access_token: token };
    },
    removeClient(clientId) {
      clients.delete(clientId);
      for (const [token, owner] of managementTokens) if (owner === clientId) managementTokens.delete(token);
    },
    rejectRegistration(reason) {
      rejection = reason;
    },
  };
}

export const simulator: Simulator = {
  connectorId: "oidc",
  open: ({ origin }) => oidcSimulator({ issuer: origin }),
};

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function bearerOf(request: Request): string | undefined {
  return /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
}

async function jsonBody(request: Request): Promise<Record<string, unknown> | null> {
  if (!request.headers.get("content-type")?.startsWith("application/json")) return null;
  const value: unknown = await request.json();
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}
