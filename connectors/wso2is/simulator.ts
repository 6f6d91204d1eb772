/**
 * WSO2 Identity Server 6 in memory, as its published APIs and its own source say: DCR 1.1, scopes, the add-on
 * keymanager-operations, and the endpoints of OAuth. Where description and source disagree, the source wins.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, importX509, jwtVerify, SignJWT } from "jose";
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

type SimulatedSecret = { id: string; value: string; expiresAt: number; description?: string };

export type SimulatedClient = {
  id: string;
  name: string;
  owner: string;
  callbackUrl: string;
  grantTypes: string[];
  tokenType: string;
  lifetimes: Record<string, number>;
  pkceMandatory: boolean;
  pkceSupportPlain: boolean;
  isPublic: boolean;
  jwksUri?: string;
  authMethod?: string;
  requireSignedRequestObject: boolean;
  secrets: SimulatedSecret[];
};

type SimulatedScope = { name: string; displayName: string; description: string; bindings: string[] };
type SimulatedToken = { value: string; clientId: string; scope: string; endsAt: number; isRefresh?: boolean };

export type Wso2IsOptions = {
  /** The add-on keymanager-operations: with several secrets switched on, with one secret, or not installed. */
  addOn?: "several" | "one" | "none";
  /** Before the members that begin with `ext_` (product-is #14959). */
  isOld?: boolean;
  /** Keeps only hashes of secrets. */
  isHashing?: boolean;
  /** Answers as the description says (404, 409) and not as servers do. */
  isAsDescribed?: boolean;
  /** Path of a tenant. */
  tenant?: string;
  /** An add-on of earlier years, which makes up a new name for a client whose owner changes. */
  isRenaming?: boolean;
  /** Says by 404 that no user matches, as earlier versions do. */
  answersNobodyAs404?: boolean;
  /** The certificate that is trusted to act for any user, in PEM form without blanks around it. */
  trustedCertificate?: string;
  /** The certificate that the portal's client has registered for its assertions (RS256), in PEM form. */
  assertionCertificate?: string;
};

export type SimulatedWso2Is = SimulatedVendor & {
  clients: Map<string, SimulatedClient>;
  scopes: Map<string, SimulatedScope>;
  owners: NonNullable<SimulatedVendor["owners"]>;
  /** Names of the users in the tenant. */
  users: Set<string>;
  /** A token of the one issuer whose tokens are exchanged here. */
  partnerToken(): Promise<string>;
  /** A live refresh token of a client. */
  refreshToken(clientId: string): string;
  pass(seconds: number): void;
};

const lifetimeMembers = [
  "ext_application_token_lifetime",
  "ext_user_token_lifetime",
  "ext_refresh_token_lifetime",
  "ext_id_token_lifetime",
];
const extensions = [
  "ext_application_display_name",
  "ext_application_owner",
  ...lifetimeMembers,
  "ext_pkce_mandatory",
  "ext_pkce_support_plain",
  "ext_public_client",
  "ext_token_type",
];
const sharedMembers = [
  "redirect_uris",
  "client_name",
  "grant_types",
  "token_type_extension",
  "backchannel_logout_uri",
  "backchannel_logout_session_required",
  "token_endpoint_auth_method",
  "jwks_uri",
  "require_signed_request_object",
  "require_pushed_authorization_requests",
  "tls_client_certificate_bound_access_tokens",
];
const creationMembers = ["ext_param_client_id", "ext_param_client_secret", "ext_param_sp_template"];
const namePattern = /^[a-zA-Z0-9._-]+(?: [a-zA-Z0-9._-]+)*$/;
const clientIdPattern = /^[a-zA-Z0-9_]{15,30}$/;
const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const partnerIssuer = "https://partner.example";
const administrator = { username: "admin", password: "canary-admin-password-1" };
const developers = ["dora@developers.example", "emil@developers.example"] as const;
const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const portalClient = { id: "portal_client_0000000001", secret: "canary-portal-secret-1" };

/** Opens a server with an administrator, and a client that may get the scopes of the server's own APIs. */
export async function openWso2Is(place: { origin: string }, options: Wso2IsOptions = {}): Promise<SimulatedWso2Is> {
  const { addOn = "several", isOld = false, isHashing = false, isAsDescribed = false, tenant = "" } = options;
  const { isRenaming = false, answersNobodyAs404 = false, trustedCertificate, assertionCertificate } = options;
  const base = `${place.origin}${tenant}`;
  const issuer = `${base}/oauth2/token`;
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const partner = await generateKeyPair("RS256");
  const canaries = [administrator.password, portalClient.secret];
  const clients = new Map<string, SimulatedClient>();
  const scopes = new Map<string, SimulatedScope>();
  const users = new Set<string>([administrator.username, "carol", ...developers]);
  const tenantDomain = /^\/t\/(.+)$/.exec(tenant)?.[1] ?? "carbon.super";
  /** User stores compare names without case. */
  const userNamed = (name: string) => [...users].find((user) => user.toLowerCase() === name.toLowerCase());
  /** Assertions that were shown already (RFC 7523 §3: `jti`). */
  const seenAssertions = new Set<string>();
  let tokens: SimulatedToken[] = [];
  let skewMs = 0;
  const seconds = () => Math.floor((Date.now() + skewMs) / 1000);

  function newSecret(expiresAt = 0, value = `canary-${randomBytes(20).toString("hex")}`): SimulatedSecret {
    canaries.push(value);
    return { id: randomUUID(), value, expiresAt };
  }

  clients.set(portalClient.id, {
    ...blankClient(portalClient.id, "portal"),
    grantTypes: ["client_credentials"],
    secrets: [{ id: randomUUID(), value: portalClient.secret, expiresAt: 0 }],
  });

  // --- Who asks ---

  /** The user name that a request is made for; null where it is refused by the valve before the APIs. */
  function caller(request: Request): string | null {
    const certificate = request.headers.get(clientCertificateHeader);
    if (certificate) {
      const isTrusted = trustedCertificate !== undefined && decodeURIComponent(certificate) === trustedCertificate;
      const named = request.headers.get("wso2-identity-user");
      return isTrusted && named === administrator.username ? named : null;
    }
    const header = request.headers.get("authorization") ?? "";
    if (header.startsWith("Basic ")) {
      const [username = "", password = ""] = splitOnce(Buffer.from(header.slice(6), "base64").toString("utf8"));
      const isRight = username === administrator.username && password === administrator.password;
      return isRight ? username : null;
    }
    const token = live(header.replace(/^Bearer /, ""));
    return token?.clientId === portalClient.id && token.scope.includes("internal_") ? administrator.username : null;
  }

  function live(value: string): SimulatedToken | undefined {
    return tokens.find((token) => token.value === value && token.endsAt > seconds() && clients.has(token.clientId));
  }

  // --- DCR 1.1 (DCRMService, DCRMUtils of identity-inbound-auth-oauth) ---

  const refusal = (description: string, error = "invalid_client_metadata", status = 400) =>
    json(status, { error, error_description: description });
  const unknownClient = () => (isAsDescribed ? refusal("Application not available", undefined, 404) : empty(401));
  const taken = (what: string) => refusal(`${what} already exist in the system`, undefined, isAsDescribed ? 409 : 400);

  async function registration(request: Request, rest: string, url: URL): Promise<Response> {
    const user = caller(request);
    if (user === null) return empty(401, { "www-authenticate": 'Basic realm="Carbon"' });
    if (rest === "" && request.method === "GET") {
      const name = url.searchParams.get("client_name") ?? "";
      const found = [...clients.values()].find((client) => client.name === name);
      return found ? json(200, describe(found)) : unknownClient();
    }
    if (rest === "" && request.method === "POST") return create(request, user);
    const client = clients.get(decodeURIComponent(rest.slice(1)));
    if (!client) return unknownClient();
    if (request.method === "GET") return json(200, describe(client));
    if (request.method === "PUT") return change(request, client);
    if (request.method === "DELETE") {
      clients.delete(client.id);
      return empty(204);
    }
    return empty(405);
  }

  async function membersOf(request: Request, allowed: string[]): Promise<Record<string, unknown> | Response> {
    if (!request.headers.get("content-type")?.startsWith("application/json")) return empty(415);
    const body = (await request.json()) as Record<string, unknown>;
    const known = new Set([...allowed, ...(isOld ? [] : extensions)]);
    const foreign = Object.keys(body).find((member) => !known.has(member));
    return foreign === undefined ? body : refusal(`Unrecognized field : ${foreign}`);
  }

  /** The problem with a name or with redirect addresses, if there is one. */
  function problemWith(body: Record<string, unknown>, own?: SimulatedClient): Response | null {
    const name = typeof body["client_name"] === "string" ? body["client_name"] : "";
    if (!namePattern.test(name)) return refusal(`Client Name is not adhering to the regex: ${namePattern.source}`);
    if (name !== own?.name && [...clients.values()].some((client) => client.name === name)) {
      return taken(`Application with the name ${name}`);
    }
    const uris = body["redirect_uris"] as string[];
    const grants = body["grant_types"] as string[];
    if (uris.length === 0 && !own?.callbackUrl && grants.some((g) => g === "authorization_code" || g === "implicit")) {
      return refusal(
        "RedirectUris property must have at least one URI value when using Authorization code or implicit grant types.",
      );
    }
    const wrong = uris.find((uri) => uri.trim() === "" || /[\s<>"{}|\\^`]/.test(uri));
    return wrong === undefined ? null : refusal(`Invalid redirect URI: ${wrong}`, "invalid_redirect_uri");
  }

  async function create(request: Request, user: string): Promise<Response> {
    const body = await membersOf(request, [...sharedMembers, ...creationMembers]);
    if (body instanceof Response) return body;
    const problem = problemWith(body);
    if (problem) return problem;
    const chosen = body["ext_param_client_id"] as string | undefined;
    if (chosen !== undefined && !clientIdPattern.test(chosen)) {
      return refusal(`Provided client id is not adhering to the provided regex ${clientIdPattern.source}`);
    }
    if (chosen !== undefined && clients.has(chosen)) return taken(`Client id ${chosen}`);
    const id = chosen ?? randomBytes(14).toString("hex");
    const owner = userNamed((body["ext_application_owner"] as string | undefined) ?? user);
    // The service provider gets a role of its own, which its owner must be given.
    if (owner === undefined) return refusal("Error occurred while registering the application.", "server_error", 500);
    const secret = newSecret(0, body["ext_param_client_secret"] as string | undefined);
    const client = { ...blankClient(id, String(body["client_name"])), owner, secrets: [secret] };
    apply(client, body);
    for (const member of lifetimeMembers) client.lifetimes[member] ||= 3600;
    clients.set(id, client);
    return json(201, describe(client));
  }

  async function change(request: Request, client: SimulatedClient): Promise<Response> {
    const body = await membersOf(request, [...sharedMembers, "client_id", "client_secret"]);
    if (body instanceof Response) return body;
    const problem = problemWith(body, client);
    if (problem) return problem;
    // Changes no owner: it names whose permission the change is made with.
    const actor = body["ext_application_owner"];
    if (actor !== undefined && actor !== client.owner && actor !== administrator.username) {
      return refusal(`Error while updating service provider: ${client.name}`, "server_error", 500);
    }
    apply(client, body);
    // Repeats the address of the key set that was asked for, not the stored one.
    return json(200, { ...describe(client), jwks_uri: body["jwks_uri"] });
  }

  function apply(client: SimulatedClient, body: Record<string, unknown>): void {
    const uris = body["redirect_uris"] as string[];
    const grants = body["grant_types"] as string[];
    client.name = String(body["client_name"]);
    // An empty list changes nothing; several addresses become one pattern.
    if (grants.length > 0) client.grantTypes = grants;
    if (uris.length === 1) client.callbackUrl = uris[0] ?? "";
    if (uris.length > 1) client.callbackUrl = `regexp=(${uris.map((uri) => uri.replace("?", "\\?")).join("|")})`;
    client.tokenType = (body["token_type_extension"] as string | undefined) ?? client.tokenType;
    for (const member of lifetimeMembers) {
      if (typeof body[member] === "number") client.lifetimes[member] = body[member];
    }
    client.pkceMandatory = body["ext_pkce_mandatory"] === true;
    client.pkceSupportPlain = body["ext_pkce_support_plain"] === true;
    client.isPublic = body["ext_public_client"] === true;
    client.requireSignedRequestObject = body["require_signed_request_object"] === true;
    if (typeof body["jwks_uri"] === "string") client.jwksUri = body["jwks_uri"];
    if (typeof body["token_endpoint_auth_method"] === "string") client.authMethod = body["token_endpoint_auth_method"];
  }

  function shownSecret(client: SimulatedClient): string {
    const value = client.secrets.at(-1)?.value ?? "";
    return isHashing ? JSON.stringify({ algorithm: "SHA-256", hash: "b64" }) : value;
  }

  function describe(client: SimulatedClient): Record<string, unknown> {
    return {
      client_id: client.id,
      client_secret: shownSecret(client),
      client_secret_expires_at: 0,
      redirect_uris: [client.callbackUrl],
      grant_types: client.grantTypes,
      client_name: client.name,
      ...(client.jwksUri && { jwks_uri: client.jwksUri }),
      ...(client.authMethod && { token_endpoint_auth_method: client.authMethod }),
      require_signed_request_object: client.requireSignedRequestObject,
      ...(!isOld && {
        ext_application_owner: client.owner,
        ...client.lifetimes,
        ext_pkce_mandatory: client.pkceMandatory,
        ext_pkce_support_plain: client.pkceSupportPlain,
        ext_public_client: client.isPublic,
        token_type_extension: client.tokenType,
        ext_token_type: client.tokenType,
      }),
    };
  }

  // --- Scopes ---

  const scopeError = (status: number, message: string) =>
    json(status, { code: `OAUTH-${String(status)}00`, message, description: message });

  async function scopeApi(request: Request, rest: string): Promise<Response> {
    if (caller(request) === null) return empty(401, { "www-authenticate": 'Basic realm="Carbon"' });
    if (rest === "" && request.method === "GET") return json(200, [...scopes.values()]);
    const body = ["POST", "PUT"].includes(request.method) ? ((await request.json()) as SimulatedScope) : undefined;
    if (rest === "" && body && request.method === "POST") {
      if (!body.name || /\s/.test(body.name)) return scopeError(400, "Scope name is not valid.");
      if (!body.displayName) return scopeError(400, "Scope display name is not specified.");
      if (scopes.has(body.name))
        return scopeError(409, `Scope with the name ${body.name} already exists in the system.`);
      scopes.set(body.name, body);
      return json(201, body);
    }
    const name = decodeURIComponent(/^\/name\/([^/]+)$/.exec(rest)?.[1] ?? "");
    const scope = scopes.get(name);
    if (!scope) return scopeError(404, `Scope ${name} not found`);
    if (request.method === "GET") return json(200, scope);
    if (request.method === "DELETE") {
      scopes.delete(name);
      return empty(204);
    }
    if (!body) return empty(405);
    if (!body.displayName) return scopeError(400, "Scope display name is not specified.");
    scopes.set(name, { ...body, name });
    return json(200, { ...body, name });
  }

  // --- keymanager-operations (DcrApiServiceImpl, ExtendedDCRMUtils of apim-km-wso2is) ---

  async function addOnApi(request: Request, rest: string): Promise<Response> {
    if (addOn === "none") return new Response("<html><h1>404</h1></html>", { status: 404 });
    if (caller(request) === null) return empty(401);
    const [, encoded = "", action = "", secretId = ""] = rest.split("/");
    const client = clients.get(Buffer.from(encoded, "base64url").toString("utf8"));
    const off = {
      code: "60100",
      message: "The requested operation is not supported",
      description: "Multiple client secret support is disabled by server configuration.",
    };
    if (["secrets", "generate-secret"].includes(action) && addOn === "one") return json(400, off);
    if (action === "regenerate-consumer-secret" && addOn === "several") {
      const description = "Multiple client secret support is enabled by server configuration.";
      return json(400, { ...off, code: "60101", description });
    }
    if (!client && isAsDescribed)
      return json(404, { code: "404", message: "Not Found", description: "No such client" });
    if (!client) return empty(action === "" ? 401 : 500);
    if (action === "" && request.method === "GET") return json(200, describeForAddOn(client));
    if (action === "change-owner" && request.method === "POST") return changeOwner(request, client);
    if (action === "regenerate-consumer-secret" && request.method === "POST") {
      client.secrets = [newSecret()];
      tokens = tokens.filter(({ clientId }) => clientId !== client.id);
      // Described as 201.
      return json(isAsDescribed ? 201 : 200, { client_id: client.id, client_secret: client.secrets[0]?.value });
    }
    if (action === "generate-secret" && request.method === "POST") {
      const { expires_in: expiresIn, description } = (await request.json()) as Record<string, unknown>;
      const secret = newSecret(typeof expiresIn === "number" ? seconds() + expiresIn : 0);
      if (typeof description === "string") secret.description = description;
      client.secrets.push(secret);
      return json(201, secretEntry(secret));
    }
    if (action === "secrets" && secretId === "" && request.method === "GET") {
      return json(200, { count: client.secrets.length, list: client.secrets.map(secretEntry) });
    }
    if (action === "secrets" && request.method === "DELETE") {
      const id = Buffer.from(secretId, "base64url").toString("utf8");
      // Deletes by the secret's id alone, whoever's it is.
      const owner = [...clients.values()].find(({ secrets }) => secrets.some((secret) => secret.id === id));
      if (!owner) return empty(500);
      owner.secrets = owner.secrets.filter((secret) => secret.id !== id);
      return empty(204);
    }
    return empty(405);
  }

  const describeForAddOn = (client: SimulatedClient) => ({
    client_id: client.id,
    client_secret: shownSecret(client),
    client_name: client.name,
    grant_types: client.grantTypes,
    // Names of owners come with their domain.
    ext_application_owner: `${client.owner}@${tenantDomain}`,
  });

  /** A name with the domain of its tenant, taken apart as MultitenantUtils does: the last “@” begins the domain. */
  function changeOwner(request: Request, client: SimulatedClient): Response {
    const asked = new URL(request.url).searchParams.get("applicationOwner") ?? "";
    const end = asked.lastIndexOf("@");
    const owner = userNamed(end < 0 ? asked : asked.slice(0, end));
    const isHere = end < 0 || asked.slice(end + 1) === tenantDomain;
    // Every failure leaves as 500 (DcrApiServiceImpl.changeApplicationOwner).
    if (!isHere || owner === undefined) {
      return json(500, { code: "500", message: "Internal Server Error", description: "Server Error Occurred" });
    }
    if (isRenaming) {
      // Names are expected as the API Manager makes them, and lost where the owner stays.
      const keyType = client.name.slice(client.name.lastIndexOf("_") + 1);
      client.name = owner === client.owner ? "" : `${owner}null${keyType}`;
    }
    client.owner = owner;
    // Described as 201.
    return json(isAsDescribed ? 201 : 200, describeForAddOn(client));
  }

  const secretEntry = ({ id, value, expiresAt, description }: SimulatedSecret) => ({
    id,
    client_secret: value,
    client_secret_expires_at: expiresAt,
    ...(description && { description }),
  });

  // --- Users (SCIM 2.0) ---

  function userApi(request: Request, url: URL): Response {
    if (caller(request) === null) return empty(401, { "www-authenticate": 'Basic realm="Carbon"' });
    const [, name] = /^userName eq (\S+)$/.exec(url.searchParams.get("filter") ?? "") ?? [];
    if (request.method !== "GET" || name === undefined) return empty(400);
    const userName = userNamed(name);
    if (userName === undefined && answersNobodyAs404) {
      const schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
      return json(404, { schemas, detail: "User not found in the user store.", status: "404" });
    }
    const schemas = ["urn:ietf:params:scim:api:messages:2.0:ListResponse"];
    if (userName === undefined) return json(200, { schemas, totalResults: 0 });
    return json(200, { schemas, totalResults: 1, Resources: [{ id: randomUUID(), userName }] });
  }

  // --- OAuth ---

  /** The portal's client by an assertion that it signed (RFC 7523 §3), good once. */
  async function asserted(form: URLSearchParams): Promise<SimulatedClient | null> {
    if (form.get("client_assertion_type") !== jwtBearer || !assertionCertificate) return null;
    const key = await importX509(assertionCertificate, "RS256");
    const checks = {
      ...{ algorithms: ["RS256"], audience: `${base}/oauth2/token`, issuer: portalClient.id, subject: portalClient.id },
      currentDate: new Date(seconds() * 1000),
      requiredClaims: ["exp", "jti"],
    };
    const proof = await jwtVerify(form.get("client_assertion") ?? "", key, checks).catch(() => null);
    const id = proof?.payload.jti;
    if (id === undefined || seenAssertions.has(id)) return null;
    seenAssertions.add(id);
    return clients.get(portalClient.id) ?? null;
  }

  function authenticated(request: Request, form: URLSearchParams): SimulatedClient | null {
    const shown = clientOf(request, form);
    const client = clients.get(shown?.clientId ?? "");
    if (!shown || !client) return null;
    if (client.isPublic) return client;
    // A client that was registered for one way of authenticating has no other.
    if (client.authMethod && client.authMethod !== shown.method) return null;
    const isLive = ({ value, expiresAt }: SimulatedSecret) =>
      value === shown.clientSecret && (expiresAt === 0 || expiresAt > seconds());
    return client.secrets.some(isLive) ? client : null;
  }

  const refusedClient = () => {
    const response = oauthError(401, "invalid_client", "Client Authentication failed.");
    response.headers.set("www-authenticate", 'Basic realm="is.wso2.com"');
    return response;
  };

  async function token(request: Request): Promise<Response> {
    const form = await formOf(request);
    const client = form && (form.has("client_assertion") ? await asserted(form) : authenticated(request, form));
    if (!client) return refusedClient();
    const grant = form.get("grant_type") ?? "";
    if (!["client_credentials", tokenExchange].includes(grant)) {
      return oauthError(400, "unsupported_grant_type", "Unsupported grant_type value");
    }
    if (!client.grantTypes.includes(grant) || (client.isPublic && grant === "client_credentials")) {
      return oauthError(400, "unauthorized_client", "The client is not authorized to use this grant type");
    }
    if (grant === tokenExchange && !(await isPartnerToken(form))) {
      return oauthError(400, "invalid_request", "No Registered IDP found for the JWT with the given issuer.");
    }
    return issue(client, form.get("scope") ?? "");
  }

  async function isPartnerToken(form: URLSearchParams): Promise<boolean> {
    if (form.get("subject_token_type") !== "urn:ietf:params:oauth:token-type:jwt") return false;
    const found = jwtVerify(form.get("subject_token") ?? "", partner.publicKey, { issuer: partnerIssuer });
    return found.then(() => true).catch(() => false);
  }

  async function issue(client: SimulatedClient, asked: string): Promise<Response> {
    // Scopes of the server's own APIs go to those who are permitted; all others pass, known or not.
    const mayAdminister = client.id === portalClient.id;
    const granted = asked.split(" ").filter((name) => name && (mayAdminister || !name.startsWith("internal_")));
    const scope = granted.join(" ");
    const isSame = (one: SimulatedToken) => one.clientId === client.id && one.scope === scope && !one.isRefresh;
    const lifetime = client.lifetimes["ext_application_token_lifetime"] || 3600;
    const known = tokens.find((one) => isSame(one) && one.endsAt > seconds());
    // An opaque token is handed out again as long as it lives; a JWT ends the one before (product-is #15484).
    const isReused = known !== undefined && client.tokenType !== "JWT";
    if (!isReused) tokens = tokens.filter((one) => !isSame(one));
    const endsAt = isReused ? known.endsAt : seconds() + lifetime;
    const value = isReused ? known.value : await newToken(client, { scope, endsAt });
    if (!isReused) tokens.push({ value, clientId: client.id, scope, endsAt });
    const body = { access_token: value, token_type: "Bearer", expires_in: endsAt - seconds() };
    return json(200, { ...body, ...(scope && { scope }) });
  }

  async function newToken(client: SimulatedClient, { scope, endsAt }: { scope: string; endsAt: number }) {
    if (client.tokenType !== "JWT") {
      const value = `canary-${randomUUID()}`;
      canaries.push(value);
      return value;
    }
    const claims = { aut: "APPLICATION", azp: client.id, client_id: client.id, ...(scope && { scope }) };
    const value = await new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", kid: "simulated", typ: "at+jwt" })
      .setIssuer(issuer)
      .setSubject(client.owner)
      .setAudience(client.id)
      .setJti(randomUUID())
      .setIssuedAt(seconds())
      .setNotBefore(seconds())
      .setExpirationTime(endsAt)
      .sign(privateKey);
    canaries.push(value);
    return value;
  }

  async function introspection(request: Request): Promise<Response> {
    if (caller(request) === null) return empty(401, { "www-authenticate": 'Basic realm="Carbon"' });
    const form = await formOf(request);
    const found = live(form?.get("token") ?? "");
    if (!found) return json(200, { active: false });
    return json(200, {
      active: true,
      client_id: found.clientId,
      username: administrator.username,
      ...(found.scope && { scope: found.scope }),
      exp: found.endsAt,
      token_type: found.isRefresh ? "Refresh" : "Bearer",
    });
  }

  async function revocation(request: Request): Promise<Response> {
    const form = await formOf(request);
    const client = form && authenticated(request, form);
    if (!client) return refusedClient();
    tokens = tokens.filter(({ value, clientId }) => value !== form.get("token") || clientId !== client.id);
    return empty(200);
  }

  async function keySet(): Promise<Response> {
    return json(200, { keys: [{ ...(await exportJWK(publicKey)), kid: "simulated", use: "sig", alg: "RS256" }] });
  }

  const discovery = () =>
    json(200, {
      ...simulatorMark,
      issuer,
      authorization_endpoint: `${base}/oauth2/authorize`,
      token_endpoint: `${base}/oauth2/token`,
      introspection_endpoint: `${base}/oauth2/introspect`,
      revocation_endpoint: `${base}/oauth2/revoke`,
      userinfo_endpoint: `${base}/oauth2/userinfo`,
      jwks_uri: `${base}/oauth2/jwks`,
      registration_endpoint: `${base}/api/identity/oauth2/dcr/v1.1/register`,
      grant_types_supported: ["client_credentials", "authorization_code", "refresh_token", tokenExchange],
      response_types_supported: ["code", "token", "id_token"],
      scopes_supported: ["openid", ...scopes.keys()],
    });

  async function handle(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (!url.pathname.startsWith(tenant)) return empty(404);
    const path = url.pathname.slice(tenant.length);
    const below = (prefix: string) =>
      path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
    const dcr = below("/api/identity/oauth2/dcr/v1.1/register");
    if (dcr !== undefined) return registration(request, dcr, url);
    const scope = below("/api/identity/oauth2/v1.0/scopes");
    if (scope !== undefined) return scopeApi(request, scope);
    const operations = below("/keymanager-operations/dcr/register");
    if (operations !== undefined) return addOnApi(request, operations);
    if (path === "/scim2/Users") return userApi(request, url);
    const key = `${request.method} ${path}`;
    if (key === "GET /oauth2/token/.well-known/openid-configuration") return discovery();
    if (key === "GET /oauth2/jwks") return keySet();
    if (key === "POST /oauth2/token") return token(request);
    if (key === "POST /oauth2/introspect") return introspection(request);
    if (key === "POST /oauth2/revoke") return revocation(request);
    return empty(404);
  }

  const connectionInput = { signIn: { method: "basic", ...administrator } };
  return {
    ...simulate([place.origin], handle, { absent: () => unknownClient() }),
    wellKnownUrl: `${issuer}/.well-known/openid-configuration`,
    settings: {
      issuer,
      endpoints: {
        token: `${base}/oauth2/token`,
        introspection: `${base}/oauth2/introspect`,
        revocation: `${base}/oauth2/revoke`,
      },
      signingKeys: { kind: "jwks", url: `${base}/oauth2/jwks` },
      connection: connection.parse(connectionInput),
    },
    connectionInput,
    refusedConnectionInput: { signIn: { method: "basic", username: "admin", password: "not-the-password" } },
    canaries,
    clients,
    scopes,
    users,
    owners: {
      connectionInput: { ...connectionInput, owner: { method: "application" } },
      people: developers,
      of: (consumerKey) => clients.get(consumerKey)?.owner,
    },
    createClient() {
      const id = randomBytes(14).toString("hex");
      const secret = newSecret();
      const own = { grantTypes: ["client_credentials"], tokenType: "JWT", secrets: [secret] };
      const client = { ...blankClient(id, `By hand ${id}`), ...own };
      clients.set(id, client);
      return Promise.resolve({ clientId: id, clientSecret: secret.value });
    },
    async partnerToken() {
      const value = await new SignJWT({})
        .setProtectedHeader({ alg: "RS256" })
        .setIssuer(partnerIssuer)
        .setSubject("somebody")
        .setExpirationTime("5m")
        .sign(partner.privateKey);
      canaries.push(value);
      return value;
    },
    refreshToken(clientId) {
      const value = `canary-${randomUUID()}`;
      canaries.push(value);
      tokens.push({ value, clientId, scope: "", endsAt: seconds() + 86_400, isRefresh: true });
      return value;
    },
    pass(elapsed) {
      skewMs += elapsed * 1000;
    },
  };
}

function blankClient(id: string, name: string): SimulatedClient {
  return {
    id,
    name,
    owner: administrator.username,
    callbackUrl: "",
    grantTypes: [],
    tokenType: "Default",
    lifetimes: {},
    pkceMandatory: false,
    pkceSupportPlain: false,
    isPublic: false,
    requireSignedRequestObject: false,
    secrets: [],
  };
}

function empty(status: number, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers });
}

async function formOf(request: Request): Promise<URLSearchParams | null> {
  const isForm = request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded");
  return isForm ? new URLSearchParams(await request.text()) : null;
}

function splitOnce(text: string): string[] {
  const index = text.indexOf(":");
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

export const simulator: Simulator = { connectorId: "wso2is", open: (place) => openWso2Is(place) };
