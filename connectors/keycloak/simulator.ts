/**
 * A realm of Keycloak 26 in memory: the part of the admin API that a connector needs, and the protocol endpoints
 * of the realm. As strict as the real one, and as odd: statuses and words are Keycloak's.
 */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { exportJWK, SignJWT } from "jose";
import type { KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import {
  json,
  oauthError,
  simulate,
  simulatorMark,
  type SimulatedVendor,
  type Simulator,
} from "#lib/connector-kit/simulator.ts";
import { randomToken } from "#lib/foundation/ids.ts";
import { connection, type Connection } from "./config.ts";
import { openAuthentication, rotatedSecret } from "./simulator-authentication.ts";

type Role = "view-clients" | "manage-clients" | "create-client";

export type KeycloakOptions = {
  /** Where Keycloak stands, a path included; “https://keycloak.test” unless told otherwise. */
  base?: string;
  /** Roles of realm-management that the portal's service account holds. */
  roles?: readonly Role[];
  /** Whether the realm's client policy keeps a replaced secret alive for a while. */
  secretRotation?: boolean;
  /** Where the admin API answers, if not at the base. */
  adminBase?: string;
};

type Mapper = { id: string; name: string; protocol: string; protocolMapper: string; config: Record<string, string> };

/** ClientRepresentation, as far as a connector sees it. */
type Client = {
  id: string;
  clientId: string;
  name: string;
  enabled: boolean;
  secret?: string;
  publicClient: boolean;
  clientAuthenticatorType: string;
  standardFlowEnabled: boolean;
  serviceAccountsEnabled: boolean;
  redirectUris: string[];
  attributes: Record<string, string>;
  protocolMappers: Mapper[];
  defaultClientScopes: string[];
  optionalClientScopes: string[];
  [member: string]: unknown;
};

type Scope = { id: string; name: string; description: string; protocol: string; attributes: Record<string, string> };
type Body = Record<string, unknown>;

export type SimulatedKeycloak = SimulatedVendor & {
  issuer: string;
  settings: KeyManagerSettings<Connection>;
  /** Clients of the realm by their client id, the portal's included. */
  client(clientId: string): Client | undefined;
  scopeNamed(name: string): Scope | undefined;
  /** A confidential client for machines that somebody made by hand. */
  addClient(changes?: Partial<Client>): Client;
  removeClient(clientId: string): void;
  /** A client scope that somebody made by hand. */
  addScope(name: string): Scope;
  /** Somebody deletes a client scope by hand. */
  removeScope(name: string): void;
  /** Lets time go by: admin tokens live for a minute, those of applications for five. */
  pass(seconds: number): void;
};

const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const accessTokenType = "urn:ietf:params:oauth:token-type:access_token";
const realmName = "shop";
const stars = "**********";
/** Members of ClientRepresentation; Keycloak refuses an object with any other. */
const clientMembers = new Set(
  `id clientId name description type rootUrl adminUrl baseUrl surrogateAuthRequired enabled alwaysDisplayInConsole
  clientAuthenticatorType secret registrationAccessToken defaultRoles redirectUris webOrigins notBefore bearerOnly
  consentRequired standardFlowEnabled implicitFlowEnabled directAccessGrantsEnabled serviceAccountsEnabled
  oauth2DeviceAuthorizationGrantEnabled authorizationServicesEnabled directGrantsOnly publicClient frontchannelLogout
  protocol attributes authenticationFlowBindingOverrides fullScopeAllowed nodeReRegistrationTimeout registeredNodes
  protocolMappers clientTemplate useTemplateConfig useTemplateScope useTemplateMappers defaultClientScopes
  optionalClientScopes authorizationSettings access origin`.split(/\s+/),
);
const scopeMembers = new Set(["id", "name", "description", "protocol", "attributes", "protocolMappers"]);

const adminError = (status: number, errorMessage: string) => json(status, { errorMessage });
const forbidden = () => json(403, { error: "HTTP 403 Forbidden" });
const unauthorised = () => json(401, { error: "HTTP 401 Unauthorized" });
const noContent = () => new Response(null, { status: 204 });
const absent = (what: string) => json(404, { error: `Could not find ${what}` });
const created = (location: string) => new Response(null, { status: 201, headers: { location } });

/** One pair for all realms: making it takes longer than anything else here, and nobody compares realms by it. */
const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** Starts a realm; every one is a world of its own. */
export function keycloakSimulator(options: KeycloakOptions = {}): SimulatedKeycloak {
  const { base = "https://keycloak.test", roles = ["view-clients", "manage-clients"] } = options;
  const issuer = `${base}/realms/${realmName}`;
  const protocol = `${issuer}/protocol/openid-connect`;
  const admin = `${options.adminBase ?? base}/admin/realms/${realmName}`;
  const clients = new Map<string, Client>();
  const scopes = new Map<string, Scope>();
  const tokens = new Map<string, { client: string; claims: Body; expiresAt: number }>();
  const canaries: string[] = [];
  let offsetSeconds = 0;

  const now = () => Math.floor(Date.now() / 1000) + offsetSeconds;

  function newSecret(): string {
    const secret = `canary-${randomToken(24)}`;
    canaries.push(secret);
    return secret;
  }

  function addScope(name: string, attributes: Record<string, string> = {}): Scope {
    const scope = { id: randomUUID(), name, description: "", protocol: "openid-connect", attributes };
    scopes.set(scope.id, scope);
    return scope;
  }

  const byName = (name: string) => [...scopes.values()].find((scope) => scope.name === name);
  const byClientId = (clientId: string) => [...clients.values()].find((client) => client.clientId === clientId);

  /** What a new realm has: names that appear in tokens, and names that do not. */
  const realmDefaults = ["profile", "email", "roles", "web-origins", "basic"];
  const realmOptionals = ["address", "phone", "offline_access"];
  for (const name of [...realmDefaults, ...realmOptionals]) {
    const isShown = !["roles", "web-origins", "basic"].includes(name);
    addScope(name, { "include.in.token.scope": String(isShown) });
  }

  // --- Clients ---

  function usesSecret(client: Pick<Client, "publicClient" | "clientAuthenticatorType">): boolean {
    return !client.publicClient && ["client-secret", "client-secret-jwt"].includes(client.clientAuthenticatorType);
  }

  function createClient(body: Body): Client {
    const { attributes, protocolMappers, defaultClientScopes, optionalClientScopes, ...rest } = body;
    const client: Client = {
      name: "",
      enabled: true,
      publicClient: false,
      clientAuthenticatorType: "client-secret",
      standardFlowEnabled: true,
      serviceAccountsEnabled: false,
      redirectUris: [],
      ...rest,
      id: randomUUID(),
      clientId: (body["clientId"] as string | undefined) ?? randomUUID(),
      attributes: {},
      protocolMappers: [],
      defaultClientScopes: (defaultClientScopes as string[] | undefined) ?? [...realmDefaults],
      optionalClientScopes: (optionalClientScopes as string[] | undefined) ?? [...realmOptionals],
    };
    setAttributes(client, attributes);
    setMappers(client, protocolMappers);
    if (usesSecret(client)) client.secret ??= newSecret();
    clients.set(client.id, client);
    return client;
  }

  function setAttributes(client: Client, attributes: unknown): void {
    for (const [name, value] of Object.entries((attributes ?? {}) as Record<string, string | null>)) {
      if (value) client.attributes[name] = value;
      else Reflect.deleteProperty(client.attributes, name);
    }
  }

  function setMappers(client: Client, mappers: unknown): void {
    if (!Array.isArray(mappers)) return;
    client.protocolMappers = (mappers as Omit<Mapper, "id">[]).map((mapper) => ({ id: randomUUID(), ...mapper }));
  }

  /** Keycloak's own checks of a client, in its own words. */
  function problemOf(body: Body): Response | null {
    const unknown = Object.keys(body).find((member) => !clientMembers.has(member));
    if (unknown) return json(400, { error: `Unrecognized field "${unknown}"` });
    const refused = (words: string) => json(400, { error: "invalid_input", error_description: words });
    for (const uri of (body["redirectUris"] as string[] | undefined) ?? []) {
      if (/^(javascript|data):/i.test(uri)) return refused("A redirect URI uses an illegal scheme");
      if (uri.includes("#")) return refused("Redirect URIs must not contain an URI fragment");
    }
    const mappers = (body["protocolMappers"] ?? []) as Mapper[];
    if (mappers.some(({ protocolMapper }) => protocolMapper === "oidc-sha256-pairwise-sub-mapper")) {
      const redirects = (body["redirectUris"] ?? []) as string[];
      const hosts = new Set(redirects.map((uri) => new URL(uri).host));
      if (hosts.size === 0) return refused("Client redirect URIs must contain a valid host component.");
      if (hosts.size > 1) {
        return refused(
          "Without a configured Sector Identifier URI, client redirect URIs must not contain multiple host components.",
        );
      }
    }
    return null;
  }

  function post(body: Body): Response {
    const clientId = body["clientId"] as string | undefined;
    if (clientId && byClientId(clientId)) return adminError(409, `Client ${clientId} already exists`);
    const problem = problemOf(body);
    if (problem) return problem;
    return created(`${admin}/clients/${createClient(body).id}`);
  }

  function put(client: Client, body: Body): Response {
    const other = byClientId((body["clientId"] as string | undefined) ?? client.clientId);
    if (other && other !== client) return adminError(409, `Client ${other.clientId} already exists`);
    const problem = problemOf(body);
    if (problem) return problem;
    // Scopes have sub-resources of their own: an update does not look at them.
    const { id: _id, attributes, protocolMappers, defaultClientScopes: _d, optionalClientScopes: _o, ...rest } = body;
    Object.assign(client, rest);
    setAttributes(client, attributes);
    setMappers(client, protocolMappers);
    if (usesSecret(client)) client.secret ??= newSecret();
    return noContent();
  }

  function secretOf(request: Request, client: Client, isManager: boolean): Response {
    if (request.method === "POST") {
      if (!isManager) return forbidden();
      if (options.secretRotation && client.secret) client.attributes[rotatedSecret] = client.secret;
      client.secret = newSecret();
    } else if (request.method !== "GET") return json(405, { error: "HTTP 405 Method Not Allowed" });
    return json(200, { type: "secret", value: isManager ? client.secret : stars });
  }

  function rotatedSecretOf(request: Request, client: Client, isManager: boolean): Response {
    const value = client.attributes[rotatedSecret];
    if (!value) return absent("rotated client secret");
    if (request.method === "GET") return json(200, { type: "secret", value: isManager ? value : stars });
    if (!isManager) return forbidden();
    Reflect.deleteProperty(client.attributes, rotatedSecret);
    return noContent();
  }

  function mappersOf(request: Request, client: Client, body: Body): Response {
    if (request.method === "GET") return json(200, client.protocolMappers);
    if (client.protocolMappers.some(({ name }) => name === body["name"])) {
      return adminError(409, "Protocol mapper exists with same name");
    }
    const mapper = { id: randomUUID(), ...body } as Mapper;
    client.protocolMappers.push(mapper);
    return created(`${admin}/clients/${client.id}/protocol-mappers/models/${mapper.id}`);
  }

  function scopesOf(request: Request, names: string[], scopeId: string | undefined): Response {
    if (scopeId === undefined) return json(200, names.map(byName));
    const scope = scopes.get(scopeId);
    if (!scope) return json(404, { error: "Client scope not found" });
    const at = names.indexOf(scope.name);
    if (request.method === "PUT" && at < 0) names.push(scope.name);
    if (request.method === "DELETE" && at >= 0) names.splice(at, 1);
    return noContent();
  }

  // --- Client scopes ---

  const nameOf = (body: Body) => (body["name"] as string | undefined) ?? "";

  function scopeProblem(body: Body, self?: Scope): Response | null {
    const unknown = Object.keys(body).find((member) => !scopeMembers.has(member));
    if (unknown) return json(400, { error: `Unrecognized field "${unknown}"` });
    const name = nameOf(body);
    // RFC 6749 §3.3: what a scope may be made of.
    if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(name)) return adminError(400, `Unexpected name "${name}" for ClientScope`);
    const other = byName(name);
    return other && other !== self ? adminError(409, `Client Scope ${name} already exists`) : null;
  }

  function scopeRequest(request: Request, id: string | undefined, body: Body): Response {
    if (id === undefined) {
      if (request.method === "GET") return json(200, [...scopes.values()]);
      const problem = scopeProblem(body);
      if (problem) return problem;
      const scope = Object.assign(addScope(nameOf(body)), body);
      return created(`${admin}/client-scopes/${scope.id}`);
    }
    const scope = scopes.get(id);
    if (!scope) return absent("client scope");
    if (request.method === "GET") return json(200, scope);
    if (request.method === "DELETE") {
      scopes.delete(id);
      for (const client of clients.values()) {
        client.optionalClientScopes = client.optionalClientScopes.filter((name) => name !== scope.name);
        client.defaultClientScopes = client.defaultClientScopes.filter((name) => name !== scope.name);
      }
      return noContent();
    }
    const problem = scopeProblem(body, scope);
    if (problem) return problem;
    Object.assign(scope, body, { id });
    return noContent();
  }

  // --- The admin API ---

  /** Who may not manage is shown asterisks for secrets. */
  function shown(client: Client, isManager: boolean): Client {
    return client.secret === undefined || isManager ? client : { ...client, secret: stars };
  }

  function rolesOf(request: Request): readonly string[] | null {
    const token = /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
    const known = tokens.get(token);
    if (!known || known.expiresAt <= now() || !clients.has(known.client)) return null;
    const access = known.claims["resource_access"] as Record<string, { roles: string[] }> | undefined;
    return access?.["realm-management"]?.roles ?? [];
  }

  async function adminRequest(request: Request, { pathname, searchParams }: URL): Promise<Response> {
    const granted = rolesOf(request);
    if (!granted) return unauthorised();
    const isManager = granted.includes("manage-clients");
    const isViewer = isManager || granted.includes("view-clients");
    const isReading = request.method === "GET";
    const path = pathname.slice(new URL(admin).pathname.length + 1).split("/");
    const [collection, id, part, item] = path;
    const mayCreate = collection === "clients" && !id && request.method === "POST" && granted.includes("create-client");
    if (!(isReading ? isViewer : isManager || mayCreate)) return forbidden();

    let body: Body = {};
    if (
      ["POST", "PUT"].includes(request.method) &&
      !["optional-client-scopes", "default-client-scopes"].includes(part ?? "")
    ) {
      if (request.headers.get("content-type") !== "application/json") {
        return json(415, { error: "HTTP 415 Unsupported Media Type" });
      }
      body = (await request.json()) as Body;
    }
    if (collection === "client-scopes") return scopeRequest(request, id, body);
    if (collection !== "clients") return json(404, { error: "HTTP 404 Not Found" });
    if (id === undefined) {
      if (!isReading) return post(body);
      const wanted = searchParams.get("clientId");
      const found = [...clients.values()].filter(({ clientId }) => wanted === null || clientId === wanted);
      const first = Number(searchParams.get("first") ?? 0);
      const page = found.slice(first, first + Number(searchParams.get("max") ?? found.length));
      return json(
        200,
        page.map((client) => shown(client, isManager)),
      );
    }
    const client = clients.get(id);
    if (!client) return absent("client");
    switch (part) {
      case undefined:
        if (isReading) return json(200, shown(client, isManager));
        if (request.method === "PUT") return put(client, body);
        clients.delete(id);
        return noContent();
      case "client-secret":
        return item === "rotated" ? rotatedSecretOf(request, client, isManager) : secretOf(request, client, isManager);
      case "optional-client-scopes":
        return scopesOf(request, client.optionalClientScopes, item);
      case "default-client-scopes":
        return scopesOf(request, client.defaultClientScopes, item);
      case "protocol-mappers":
        return mappersOf(request, client, body);
      default:
        return json(404, { error: "HTTP 404 Not Found" });
    }
  }

  // --- The protocol endpoints ---

  const authenticated = openAuthentication({ issuer, now, find: byClientId });

  async function token(form: URLSearchParams, client: Client): Promise<Response> {
    const grant = form.get("grant_type");
    if (!grant) return oauthError(400, "invalid_request", "Missing form parameter: grant_type");
    if (grant === tokenExchange) return exchanged(form, client);
    if (grant !== "client_credentials") return oauthError(400, "unsupported_grant_type", "Unsupported grant_type");
    if (client.publicClient) {
      return oauthError(401, "unauthorized_client", "Public client not allowed to retrieve service account");
    }
    if (!client.serviceAccountsEnabled) {
      return oauthError(401, "unauthorized_client", "Client not enabled to retrieve service account");
    }
    return issued(form, client, randomUUID());
  }

  /** Standard token exchange: one access token of the realm for another, where the client is among its audiences. */
  async function exchanged(form: URLSearchParams, client: Client): Promise<Response> {
    const refused = (words: string) => oauthError(400, "invalid_request", words);
    if (client.publicClient) return oauthError(400, "invalid_client", "Public client is not allowed to exchange token");
    if (client.attributes["standard.token.exchange.enabled"] !== "true") {
      return refused("Standard token exchange is not enabled for the requested client");
    }
    const subjectToken = form.get("subject_token");
    if (!subjectToken) return refused("Parameter 'subject_token' required for standard token exchange");
    const type = form.get("subject_token_type");
    if (!type) return refused("Parameter 'subject_token_type' required for standard token exchange");
    if (type !== accessTokenType) return refused("Parameter 'subject_token' supports access tokens only");
    const known = tokens.get(subjectToken);
    if (!known || known.expiresAt <= now()) return refused("Invalid token");
    const { aud = [], sub } = known.claims as { aud?: string[]; sub: string };
    if (known.client !== client.id && !aud.includes(client.clientId)) {
      return oauthError(403, "access_denied", "Client is not within the token audience");
    }
    return issued(form, client, sub, { issued_token_type: accessTokenType });
  }

  /** An access token for a client; the subject is its service account, or whoever the exchanged token named. */
  async function issued(form: URLSearchParams, client: Client, sub: string, more: Body = {}): Promise<Response> {
    const asked = (form.get("scope") ?? "").split(" ").filter(Boolean);
    const allowed = [...client.defaultClientScopes, ...client.optionalClientScopes, "openid"];
    if (asked.some((name) => !allowed.includes(name))) {
      return oauthError(400, "invalid_scope", `Invalid scopes: ${asked.join(" ")}`);
    }
    const granted = new Set([...client.defaultClientScopes, ...asked]);
    const inToken = [...granted].filter((name) => byName(name)?.attributes["include.in.token.scope"] !== "false");
    const isPortal = client.clientId === portalClient.clientId;
    const lifespan = Number(client.attributes["access.token.lifespan"] ?? (isPortal ? 60 : 300));
    const audiences = client.protocolMappers
      .filter(({ protocolMapper }) => protocolMapper === "oidc-audience-mapper")
      .flatMap(({ config }) => config["included.client.audience"] ?? []);
    const wanted = form.getAll("audience");
    const missing = wanted.filter((audience) => !audiences.includes(audience));
    if (missing.length > 0) {
      return oauthError(400, "invalid_request", `Requested audience not available: ${missing.join(" ")}`);
    }
    const claims = {
      typ: "Bearer",
      sub,
      azp: client.clientId,
      client_id: client.clientId,
      scope: inToken.join(" "),
      ...(audiences.length > 0 && { aud: audiences }),
      ...(isPortal && { resource_access: { "realm-management": { roles: [...roles] } } }),
    };
    const expiresAt = now() + lifespan;
    const signed = await new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: "simulator" })
      .setIssuer(issuer)
      .setJti(randomUUID())
      .setIssuedAt(now())
      .setExpirationTime(expiresAt)
      .sign(privateKey);
    canaries.push(signed);
    tokens.set(signed, { client: client.id, claims, expiresAt });
    const answer = { access_token: signed, expires_in: lifespan, refresh_expires_in: 0, token_type: "Bearer" };
    return json(200, { ...answer, "not-before-policy": 0, scope: claims.scope, ...more });
  }

  function introspection(form: URLSearchParams, client: Client): Response {
    if (client.publicClient) return oauthError(403, "invalid_client", "Client not allowed.");
    const known = tokens.get(form.get("token") ?? "");
    if (!known || known.expiresAt <= now() || !clients.has(known.client)) return json(200, { active: false });
    // The trap of 26: only a client that the token names as an audience learns anything.
    const { aud = [] } = known.claims as { aud?: string[] };
    if (!aud.includes(client.clientId)) return json(200, { active: false });
    return json(200, { ...known.claims, exp: known.expiresAt, iss: issuer, token_type: "Bearer", active: true });
  }

  function revocation(form: URLSearchParams, client: Client): Response {
    const known = tokens.get(form.get("token") ?? "");
    if (known && known.client !== client.id) return oauthError(400, "invalid_client", "Unmatching clients");
    tokens.delete(form.get("token") ?? "");
    return new Response(null, { status: 200 });
  }

  async function protocolRequest(request: Request, endpoint: string): Promise<Response> {
    if (endpoint === "certs") {
      const key = await exportJWK(publicKey);
      return json(200, { keys: [{ ...key, kid: "simulator", alg: "RS256", use: "sig" }] });
    }
    if (request.method !== "POST") return json(405, { error: "HTTP 405 Method Not Allowed" });
    const form = new URLSearchParams(await request.text());
    const client = await authenticated(request, form);
    if (client instanceof Response) return client;
    if (endpoint === "token") return token(form, client);
    if (endpoint === "token/introspect") return introspection(form, client);
    return endpoint === "revoke" ? revocation(form, client) : json(404, { error: "HTTP 404 Not Found" });
  }

  async function handle(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (request.url.startsWith(`${admin}/`)) return adminRequest(request, url);
    if (request.url.startsWith(`${protocol}/`)) {
      return protocolRequest(request, url.pathname.slice(new URL(protocol).pathname.length + 1));
    }
    if (request.url === `${issuer}/.well-known/openid-configuration`) return json(200, metadata);
    return json(404, { error: "HTTP 404 Not Found" });
  }

  const endpoints = {
    token: `${protocol}/token`,
    introspection: `${protocol}/token/introspect`,
    revocation: `${protocol}/revoke`,
  };
  const metadata = {
    issuer,
    authorization_endpoint: `${protocol}/auth`,
    token_endpoint: endpoints.token,
    introspection_endpoint: endpoints.introspection,
    revocation_endpoint: endpoints.revocation,
    userinfo_endpoint: `${protocol}/userinfo`,
    jwks_uri: `${protocol}/certs`,
    registration_endpoint: `${issuer}/clients-registrations/openid-connect`,
    grant_types_supported: ["authorization_code", "client_credentials", "refresh_token", tokenExchange],
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    ...simulatorMark,
  };

  const portalClient = createClient({ clientId: "latchkey", serviceAccountsEnabled: true, standardFlowEnabled: false });
  const inputWith = (clientSecret: string) => ({
    signIn: { method: "client_secret", clientId: portalClient.clientId, clientSecret },
  });
  const connectionInput = inputWith(portalClient.secret ?? "");

  return {
    ...simulate([...new Set([new URL(base).origin, new URL(admin).origin])], handle),
    issuer,
    wellKnownUrl: `${issuer}/.well-known/openid-configuration`,
    connectionInput,
    refusedConnectionInput: inputWith("not-the-secret"),
    settings: {
      issuer,
      endpoints,
      signingKeys: { kind: "jwks", url: metadata.jwks_uri },
      connection: connection.parse({
        ...connectionInput,
        ...(options.adminBase !== undefined && { adminUrl: options.adminBase }),
      }),
    },
    canaries,
    client: byClientId,
    scopeNamed: byName,
    createClient() {
      const { clientId, secret = "" } = this.addClient();
      return Promise.resolve({ clientId, clientSecret: secret });
    },
    addClient: (changes = {}) =>
      createClient({ clientId: `by-hand-${randomUUID()}`, serviceAccountsEnabled: true, ...changes }),
    removeClient(clientId) {
      clients.delete(byClientId(clientId)?.id ?? "");
    },
    addScope: (name) => addScope(name, { "include.in.token.scope": "true" }),
    removeScope(name) {
      scopes.delete(byName(name)?.id ?? "");
    },
    pass(seconds) {
      offsetSeconds += seconds;
    },
  };
}

export const simulator: Simulator = {
  connectorId: "keycloak",
  open: ({ origin }) => keycloakSimulator({ base: origin }),
};
