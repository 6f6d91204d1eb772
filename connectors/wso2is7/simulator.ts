/**
 * WSO2 Identity Server 7 in memory, as its published APIs and its own source say: applications, API resources, SCIM 2.0
 * roles, and the endpoints of OAuth. Where description and source disagree, the source wins.
 */
import { randomBytes, randomUUID } from "node:crypto";
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

type Json = Record<string, unknown>;
type SimulatedSecret = { id: string; value: string; createdAt: number; expiresAt: number };
type Authorized = { policyIdentifier: string; scopes: string[] };

export type SimulatedApplication = {
  id: string;
  name: string;
  description: string;
  certificate?: { type: string; value: string };
  /** As the API shows it, without secret. */
  oidc: Json & { clientId: string; grantTypes: string[] };
  secrets: SimulatedSecret[];
  authorizedApis: Map<string, Authorized>;
};

type SimulatedResource = {
  id: string;
  name: string;
  identifier: string;
  scopes: { name: string; description: string }[];
};
type SimulatedRole = { id: string; displayName: string; permissions: { value: string; display: string }[] };
type SimulatedToken = { value: string; clientId: string; scope: string; endsAt: number; isRefresh?: boolean };
type Caller = { scopes: string[] | "all" };

export type Wso2Is7Options = {
  /** 7.0, which keeps one secret for each client. */
  hasOneSecret?: boolean;
  /** Keeps only hashes of secrets. */
  isHashing?: boolean;
  /** Scopes of the server's APIs that the portal's client is not authorised for. */
  withheld?: readonly string[];
  /** The certificate that is trusted to act for any user, in PEM form without blanks around it. */
  trustedCertificate?: string;
  /** Path of a tenant. */
  tenant?: string;
};

export type SimulatedWso2Is7 = SimulatedVendor & {
  applications: Map<string, SimulatedApplication>;
  resources: Map<string, SimulatedResource>;
  roles: Map<string, SimulatedRole>;
  /** The application of a client. */
  application(clientId: string): SimulatedApplication;
  /** A token of the one issuer whose tokens are exchanged here. */
  partnerToken(): Promise<string>;
  /** A live refresh token of a client. */
  refreshToken(clientId: string): string;
  pass(seconds: number): void;
};

const namePattern = /^[a-zA-Z0-9._-]+(?: [a-zA-Z0-9._-]+)*$/;
const clientIdPattern = /^[a-zA-Z0-9_]{15,30}$/;
const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const partnerIssuer = "https://partner.example";
const administrator = { username: "admin", password: "canary-admin-password-7" };
const portalClient = { clientId: "portal_client_0000000007", clientSecret: "canary-portal-secret-7" };

const applicationMembers = [
  "name",
  "description",
  "advancedConfigurations",
  "associatedRoles",
  "inboundProtocolConfiguration",
];
const oidcMembers = [
  "clientId",
  "clientSecret",
  "grantTypes",
  "callbackURLs",
  "allowedOrigins",
  "publicClient",
  "pkce",
  "hybridFlow",
  "accessToken",
  "refreshToken",
  "idToken",
  "logout",
  "scopeValidators",
  "validateRequestObjectSignature",
  "clientAuthentication",
  "subject",
];

/** Opens an organization with an administrator, and an application that may use the server's own APIs. */
export async function openWso2Is7(place: { origin: string }, options: Wso2Is7Options = {}): Promise<SimulatedWso2Is7> {
  const { hasOneSecret = false, isHashing = false, withheld = [], trustedCertificate, tenant = "" } = options;
  const base = `${place.origin}${tenant}`;
  const issuer = `${base}/oauth2/token`;
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const partner = await generateKeyPair("RS256");
  const canaries = [administrator.password, portalClient.clientSecret];
  const applications = new Map<string, SimulatedApplication>();
  const resources = new Map<string, SimulatedResource>();
  const roles = new Map<string, SimulatedRole>();
  let tokens: SimulatedToken[] = [];
  let skewMs = 0;
  const seconds = () => Math.floor((Date.now() + skewMs) / 1000);

  function newSecret(expiresAt = 0, value = `canary-${randomBytes(20).toString("hex")}`): SimulatedSecret {
    canaries.push(value);
    return { id: randomUUID(), value, createdAt: seconds(), expiresAt };
  }

  function addApplication(name: string, clientId: string, grantTypes: string[]): SimulatedApplication {
    const application: SimulatedApplication = {
      id: randomUUID(),
      name,
      description: "",
      oidc: { clientId, grantTypes },
      secrets: [newSecret()],
      authorizedApis: new Map(),
    };
    applications.set(application.id, application);
    return application;
  }

  const portal = addApplication("Portal", portalClient.clientId, ["client_credentials"]);
  portal.secrets = [{ id: randomUUID(), value: portalClient.clientSecret, createdAt: 0, expiresAt: 0 }];

  const byClientId = (clientId: string) => [...applications.values()].find(({ oidc }) => oidc.clientId === clientId);

  function application(clientId: string): SimulatedApplication {
    const found = byClientId(clientId);
    if (found) return found;
    throw new Error(`There is no client ${clientId}.`);
  }

  function live(value: string): SimulatedToken | undefined {
    return tokens.find((token) => token.value === value && token.endsAt > seconds() && byClientId(token.clientId));
  }

  // --- Who asks ---

  function callerOf(request: Request): Caller | null {
    const certificate = request.headers.get(clientCertificateHeader);
    if (certificate && trustedCertificate) {
      const isTrusted = decodeURIComponent(certificate) === trustedCertificate;
      return isTrusted && request.headers.get("wso2-identity-user") === "admin" ? { scopes: "all" } : null;
    }
    const header = request.headers.get("authorization") ?? "";
    if (header.startsWith("Basic ")) {
      const { username, password } = administrator;
      const isRight = Buffer.from(header.slice(6), "base64").toString("utf8") === `${username}:${password}`;
      return isRight ? { scopes: "all" } : null;
    }
    const token = live(header.replace(/^Bearer /, ""));
    return token ? { scopes: token.scope.split(" ") } : null;
  }

  /** The answer of the valve before the APIs; null where the request may pass. */
  function refusedFor(request: Request, scope: string): Response | null {
    const caller = callerOf(request);
    if (!caller) return empty(401, { "www-authenticate": 'realm user="Identity"' });
    return caller.scopes === "all" || caller.scopes.includes(scope) ? null : empty(403);
  }

  // --- Applications (ServerApplicationManagementService, OAuthInboundFunctions) ---

  const appError = (status: number, code: string, description: string) =>
    json(status, { code: `APP-${code}`, message: messages[status] ?? "Error.", description, traceId: randomUUID() });
  const noApplication = () => appError(404, "60006", "Unable to find an application with the given id.");

  async function applicationApi(request: Request, rest: string, url: URL): Promise<Response> {
    const { method } = request;
    const [, id = "", area = "", ...deeper] = rest.split("/").map(decodeURIComponent);
    const isSecrets = deeper[0] === "oidc" && deeper[1] === "secrets";
    const needed = isSecrets
      ? `internal_application_mgt_client_secret_${actions[method] ?? ""}`
      : `internal_application_mgt_${area !== "" && method !== "GET" ? "update" : (actions[method] ?? "")}`;
    const refused = refusedFor(request, needed);
    if (refused) return refused;
    const body = await bodyOf(request);
    if (body instanceof Response) return body;
    if (id === "" && method === "GET") return list(url);
    if (id === "" && method === "POST") return create(body);
    const found = applications.get(id);
    if (!found) return noApplication();
    if (area === "" && method === "GET") return json(200, describe(found));
    if (area === "" && method === "PATCH") return patch(found, body);
    if (area === "" && method === "DELETE") {
      applications.delete(id);
      return empty(204);
    }
    if (area === "authorized-apis") return authorizedApis(request, found, { body, resourceId: deeper[0] });
    if (area === "inbound-protocols" && deeper[0] === "oidc") return oidcApi(request, found, { body, deeper });
    return empty(405);
  }

  function list(url: URL): Response {
    const filter = url.searchParams.get("filter");
    const [, wanted] = /^clientId eq (\S+)$/.exec(filter ?? "") ?? [];
    if (filter !== null && wanted === undefined) return appError(400, "60003", "Invalid filter");
    const showsId = url.searchParams.get("attributes")?.split(",").includes("clientId") ?? false;
    const found = [...applications.values()]
      .filter(({ oidc }) => wanted === undefined || oidc.clientId === wanted)
      .slice(0, Number(url.searchParams.get("limit") ?? 30));
    return json(200, {
      totalResults: found.length,
      startIndex: 1,
      count: found.length,
      applications: found.map(({ id, name, oidc }) => ({ id, name, ...(showsId && { clientId: oidc.clientId }) })),
      links: [],
    });
  }

  function nameProblem(name: unknown, own?: SimulatedApplication): Response | null {
    if (typeof name !== "string" || !namePattern.test(name)) {
      return appError(400, "60001", `The application name is not valid. It should adhere to ${namePattern.source}`);
    }
    if (name === own?.name || ![...applications.values()].some((other) => other.name === name)) return null;
    return appError(409, "60007", `An application with name: ${name} already exists`);
  }

  function create(body: Json): Response {
    const foreign = foreignMember(body, applicationMembers);
    if (foreign) return foreign;
    const problem = nameProblem(body["name"]);
    if (problem) return problem;
    const oidc = ((body["inboundProtocolConfiguration"] as Json | undefined)?.["oidc"] ?? {}) as Json;
    const wrong = oidcProblem(oidc);
    if (wrong) return wrong;
    const clientId = (oidc["clientId"] as string | undefined) ?? randomBytes(14).toString("hex");
    if (!clientIdPattern.test(clientId))
      return appError(400, "60001", "Provided client id is not adhering to the regex");
    if (byClientId(clientId)) return appError(409, "60008", `Client id ${clientId} already exist in the system`);
    const made = addApplication(String(body["name"]), clientId, oidc["grantTypes"] as string[]);
    const { clientSecret, ...rest } = oidc;
    if (typeof clientSecret === "string") made.secrets = [newSecret(0, clientSecret)];
    made.oidc = { ...rest, clientId, grantTypes: oidc["grantTypes"] as string[] };
    describeBy(made, body);
    // Says where the application is, and nothing else.
    return empty(201, { location: `${base}/api/server/v1/applications/${made.id}` });
  }

  function patch(found: SimulatedApplication, body: Json): Response {
    const foreign = foreignMember(body, applicationMembers.slice(0, 4));
    if (foreign) return foreign;
    const problem = nameProblem(body["name"], found);
    if (problem) return problem;
    found.name = String(body["name"]);
    describeBy(found, body);
    return empty(200);
  }

  function describeBy(found: SimulatedApplication, body: Json): void {
    if (typeof body["description"] === "string") found.description = body["description"];
    const advanced = body["advancedConfigurations"] as { certificate?: { type: string; value: string } } | undefined;
    if (advanced?.certificate) found.certificate = advanced.certificate;
  }

  function describe({ id, name, description, certificate, oidc }: SimulatedApplication): Json {
    const self = `/api/server/v1/applications/${id}/inbound-protocols/oidc`;
    return {
      id,
      name,
      description,
      clientId: oidc.clientId,
      inboundProtocols: [{ type: "oidc", name: "openid", self }],
      advancedConfigurations: { ...(certificate && { certificate }) },
    };
  }

  /** What the server would fail at or refuse in an OpenID Connect part. */
  function oidcProblem(oidc: Json): Response | null {
    const foreign = foreignMember(oidc, oidcMembers);
    if (foreign) return foreign;
    const grants = oidc["grantTypes"];
    if (!Array.isArray(grants) || grants.length === 0) return appError(400, "60001", "grantTypes cannot be empty");
    const uris = (oidc["callbackURLs"] ?? []) as string[];
    if (uris.length > 1) return appError(501, "65501", "Multiple callbacks for OAuth2 are not supported yet.");
    if (uris.length === 0 && grants.some((grant) => grant === "authorization_code" || grant === "implicit")) {
      return appError(400, "60001", "Callback URI cannot be null when the grant type is code or implicit");
    }
    // Java unboxes what is not there: an internal error.
    const needed: [string, string[]][] = [
      ["pkce", ["mandatory", "supportPlainTransformAlgorithm"]],
      ["accessToken", ["userAccessTokenExpiryInSeconds", "applicationAccessTokenExpiryInSeconds"]],
      ["refreshToken", ["expiryInSeconds"]],
    ];
    for (const [group, members] of needed) {
      const value = oidc[group] as Json | undefined;
      if (value && members.some((member) => value[member] === undefined)) return appError(500, "65001", "null");
    }
    return null;
  }

  function oidcApi(
    request: Request,
    found: SimulatedApplication,
    { body, deeper }: { body: Json; deeper: string[] },
  ): Response {
    const { method } = request;
    const [, action = "", secretId = ""] = deeper;
    if (action === "" && method === "GET") return json(200, configurationOf(found));
    if (action === "" && method === "PUT") {
      const problem = oidcProblem(body);
      if (problem) return problem;
      if (body["clientId"] !== found.oidc.clientId)
        return appError(400, "60001", "Invalid ClientID provided for update.");
      if (body["clientSecret"] !== shownSecret(found)) {
        return appError(400, "60001", "Invalid ClientSecret provided for update.");
      }
      const { clientSecret, ...rest } = body;
      void clientSecret;
      found.oidc = { ...rest, clientId: found.oidc.clientId, grantTypes: rest["grantTypes"] as string[] };
      return empty(200);
    }
    if (action === "regenerate-secret" && method === "POST") {
      found.secrets = [newSecret()];
      tokens = tokens.filter(({ clientId }) => clientId !== found.oidc.clientId);
      return json(200, { ...configurationOf(found), clientSecret: found.secrets[0]?.value });
    }
    if (action === "secrets" && !hasOneSecret) return secretApi(method, found, { body, secretId });
    // The address is not served.
    return new Response("<html><h1>404</h1></html>", { status: 404 });
  }

  function secretApi(
    method: string,
    found: SimulatedApplication,
    { body, secretId }: { body: Json; secretId: string },
  ): Response {
    if (method === "GET") {
      return json(200, { count: found.secrets.length, list: found.secrets.map((one) => secretEntry(found, one)) });
    }
    if (method === "POST") {
      const expiresAt = (body["expiresAt"] as number | undefined) ?? 0;
      if (expiresAt !== 0 && expiresAt <= seconds()) return appError(400, "60001", "Expiry time must be in the future");
      const secret = newSecret(expiresAt);
      found.secrets.push(secret);
      return json(201, { ...secretEntry(found, secret), secretValue: secret.value });
    }
    const secret = found.secrets.find(({ id }) => id === secretId);
    if (!secret) return appError(404, "60006", "No such secret");
    if (secret === found.secrets.at(-1)) return appError(409, "60511", "The latest active secret cannot be deleted.");
    found.secrets = found.secrets.filter((other) => other !== secret);
    return empty(204);
  }

  const isLive = ({ expiresAt }: SimulatedSecret) => expiresAt === 0 || expiresAt > seconds();
  const hashed = JSON.stringify({ algorithm: "SHA-256", hash: "b64" });

  function shownSecret({ secrets }: SimulatedApplication): string {
    return isHashing ? hashed : (secrets.at(-1)?.value ?? "");
  }

  function secretEntry({ secrets }: SimulatedApplication, secret: SimulatedSecret): Json {
    return {
      secretId: secret.id,
      secretValue: isHashing ? hashed : secret.value,
      createdAt: secret.createdAt,
      expiresAt: secret.expiresAt,
      status: isLive(secret) ? "ACTIVE" : "EXPIRED",
      latest: secret === secrets.at(-1),
    };
  }

  function configurationOf(found: SimulatedApplication): Json {
    return {
      ...found.oidc,
      clientSecret: shownSecret(found),
      state: "ACTIVE",
      clientSecretExpiresAt: found.secrets.at(-1)?.expiresAt ?? 0,
      multipleClientSecretsConfigured: found.secrets.length > 1,
    };
  }

  function authorizedApis(
    request: Request,
    found: SimulatedApplication,
    { body, resourceId = "" }: { body: Json; resourceId?: string | undefined },
  ): Response {
    const known = (resource: string, names: string[]) =>
      names.every((name) => resources.get(resource)?.scopes.some((scope) => scope.name === name));
    if (request.method === "GET") {
      const all = [...found.authorizedApis].map(([id, { policyIdentifier, scopes }]) => ({
        id,
        identifier: resources.get(id)?.identifier ?? "",
        displayName: resources.get(id)?.name ?? "",
        policyId: policyIdentifier,
        type: "BUSINESS",
        authorizedScopes: scopes.map((name) => ({ id: name, name, displayName: name })),
      }));
      return json(200, all);
    }
    if (request.method === "POST") {
      const foreign = foreignMember(body, ["id", "policyIdentifier", "scopes"]);
      if (foreign) return foreign;
      const { id, policyIdentifier, scopes } = body as { id: string; policyIdentifier: string; scopes: string[] };
      if (!known(id, scopes)) return appError(400, "60523", "Scopes not found");
      found.authorizedApis.set(id, { policyIdentifier, scopes });
      return empty(200);
    }
    const authorized = found.authorizedApis.get(resourceId);
    if (!authorized) return appError(404, "60523", "API not authorised");
    if (request.method === "DELETE") {
      found.authorizedApis.delete(resourceId);
      return empty(204);
    }
    const { addedScopes = [], removedScopes = [] } = body as { addedScopes?: string[]; removedScopes?: string[] };
    if (!known(resourceId, addedScopes)) return appError(400, "60523", "Scopes not found");
    authorized.scopes = [...authorized.scopes.filter((name) => !removedScopes.includes(name)), ...addedScopes];
    return empty(200);
  }

  // --- API resources ---

  const apiError = (status: number, code: string, description: string) =>
    json(status, { code: `API-RESOURCE-${code}`, message: messages[status] ?? "Error.", description });

  async function resourceApi(request: Request, rest: string, url: URL): Promise<Response> {
    const { method } = request;
    const refused = refusedFor(request, `internal_api_resource_${actions[method] ?? ""}`);
    if (refused) return refused;
    const body = await bodyOf(request);
    if (body instanceof Response) return body;
    const [, id = "", area = "", scopeName = ""] = rest.split("/").map(decodeURIComponent);
    if (id === "" && method === "GET") {
      const [, wanted] = /^identifier eq (\S+)$/.exec(url.searchParams.get("filter") ?? "") ?? [];
      const found = [...resources.values()].filter(({ identifier }) => wanted === undefined || identifier === wanted);
      return json(200, { totalResults: found.length, links: [], APIResources: found.map((one) => summaryOf(one)) });
    }
    if (id === "" && method === "POST") {
      const { name, identifier, scopes } = body as SimulatedResource;
      if ([...resources.values()].some((other) => other.identifier === identifier)) {
        return apiError(409, "60016", "API resource already exists");
      }
      const taken = scopes.find((scope) => isTaken(scope.name));
      if (taken) return apiError(409, "60017", `Scope ${taken.name} already exists`);
      const made = { id: randomUUID(), name, identifier, scopes };
      resources.set(made.id, made);
      return json(201, { ...summaryOf(made), scopes: made.scopes.map(scopeItem) });
    }
    const found = resources.get(id);
    if (!found) return apiError(404, "60002", "Unable to find the API resource");
    if (area === "" && method === "PATCH") {
      const { addedScopes = [] } = body as { addedScopes?: SimulatedResource["scopes"] };
      const taken = addedScopes.find((scope) => isTaken(scope.name));
      if (taken) return apiError(409, "60017", `Scope ${taken.name} already exists`);
      found.scopes.push(...addedScopes);
      return empty(204);
    }
    if (area === "scopes" && scopeName === "" && method === "GET") return json(200, found.scopes.map(scopeItem));
    const scope = found.scopes.find(({ name }) => name === scopeName);
    if (area === "scopes" && scope && method === "PATCH") {
      scope.description = typeof body["description"] === "string" ? body["description"] : "";
      return empty(204);
    }
    if (area === "scopes" && method === "DELETE") {
      found.scopes = found.scopes.filter((other) => other !== scope);
      for (const { authorizedApis: authorized } of applications.values()) {
        const held = authorized.get(id);
        if (held) held.scopes = held.scopes.filter((name) => name !== scopeName);
      }
      return empty(204);
    }
    return apiError(404, "60018", "Unable to find the scope");
  }

  /** Scope names are unique in an organization. */
  const isTaken = (name: string) => [...resources.values()].some(({ scopes }) => scopes.some((s) => s.name === name));

  const summaryOf = ({ id, name, identifier }: SimulatedResource) => {
    const self = `/api/server/v1/api-resources/${id}`;
    return { id, name, identifier, type: "BUSINESS", requiresAuthorization: true, self };
  };

  const scopeItem = ({ name, description }: SimulatedResource["scopes"][number]) => ({
    id: name,
    name,
    displayName: name,
    description,
  });

  // --- SCIM 2.0 roles ---

  async function roleApi(request: Request, rest: string): Promise<Response> {
    const { method } = request;
    const isSearch = rest === "/.search";
    const refused = refusedFor(request, `internal_role_mgt_${isSearch ? "view" : (actions[method] ?? "")}`);
    if (refused) return refused;
    const body = await bodyOf(request);
    if (body instanceof Response) return body;
    if (isSearch) {
      const wanted = String(body["filter"]).replace(/^displayName eq /, "");
      const found = [...roles.values()].filter(({ displayName }) => displayName === wanted);
      return json(200, { totalResults: found.length, Resources: found });
    }
    if (rest === "" && method === "POST") {
      const { displayName, permissions } = body as SimulatedRole;
      const made = { id: randomUUID(), displayName, permissions };
      roles.set(made.id, made);
      return json(201, made);
    }
    const found = roles.get(rest.slice(1));
    if (!found) return json(404, { status: "404", detail: "Role not found." });
    if (method === "GET") return json(200, found);
    const [operation] = body["Operations"] as { op: string; value: Pick<SimulatedRole, "permissions"> }[];
    if (operation?.op === "replace") found.permissions = operation.value.permissions;
    return json(200, found);
  }

  // --- OAuth ---

  function authenticated(request: Request, form: URLSearchParams): SimulatedApplication | null {
    const shown = clientOf(request, form);
    const found = shown && byClientId(shown.clientId);
    if (!found) return null;
    if (found.oidc["publicClient"] === true) return found;
    // A client that was registered for one way of authenticating has no other.
    const only = (found.oidc["clientAuthentication"] as Json | undefined)?.["tokenEndpointAuthMethod"];
    if (only !== undefined && only !== shown.method) return null;
    return found.secrets.some((secret) => isLive(secret) && secret.value === shown.clientSecret) ? found : null;
  }

  const refusedClient = () => oauthError(401, "invalid_client", "Client Authentication failed.");

  async function token(request: Request): Promise<Response> {
    const form = await formOf(request);
    const found = form && authenticated(request, form);
    if (!found) return refusedClient();
    const grant = form.get("grant_type") ?? "";
    if (!["client_credentials", tokenExchange].includes(grant)) {
      return oauthError(400, "unsupported_grant_type", "Unsupported grant_type value");
    }
    const isMachineOnly = found.oidc["publicClient"] === true && grant === "client_credentials";
    if (!found.oidc.grantTypes.includes(grant) || isMachineOnly) {
      return oauthError(400, "unauthorized_client", "The client is not authorized to use this grant type");
    }
    if (grant === tokenExchange && !(await isPartnerToken(form))) {
      return oauthError(400, "invalid_request", "No Registered IDP found for the JWT with the given issuer.");
    }
    return issue(found, (form.get("scope") ?? "").split(" ").filter(Boolean));
  }

  async function isPartnerToken(form: URLSearchParams): Promise<boolean> {
    if (form.get("subject_token_type") !== "urn:ietf:params:oauth:token-type:jwt") return false;
    const found = jwtVerify(form.get("subject_token") ?? "", partner.publicKey, { issuer: partnerIssuer });
    return found.then(() => true).catch(() => false);
  }

  /** Those of the scopes that the application is authorised for, by a policy that the server knows. */
  function granted(found: SimulatedApplication, asked: string[]): string[] {
    const isAuthorized = (name: string) =>
      [...found.authorizedApis.values()].some(
        ({ policyIdentifier, scopes }) => ["RBAC", "NO POLICY"].includes(policyIdentifier) && scopes.includes(name),
      );
    const isOwn = (name: string) => found === portal && name.startsWith("internal_") && !withheld.includes(name);
    return asked.filter((name) => isOwn(name) || isAuthorized(name));
  }

  async function issue(found: SimulatedApplication, asked: string[]): Promise<Response> {
    const scope = granted(found, asked).join(" ");
    const accessToken = found.oidc["accessToken"] as
      { type?: string; applicationAccessTokenExpiryInSeconds?: number } | undefined;
    const lifetime = accessToken?.applicationAccessTokenExpiryInSeconds || 3600;
    const { clientId } = found.oidc;
    const endsAt = seconds() + lifetime;
    const value = accessToken?.type === "JWT" ? await newJwt(clientId, { scope, endsAt }) : `canary-${randomUUID()}`;
    canaries.push(value);
    tokens.push({ value, clientId, scope, endsAt });
    // Where no scope was granted, the member is left out.
    return json(200, { access_token: value, ...(scope && { scope }), token_type: "Bearer", expires_in: lifetime });
  }

  async function newJwt(clientId: string, { scope, endsAt }: { scope: string; endsAt: number }): Promise<string> {
    const organization = { org_id: "10084a8d-113f-4211-a0d5-efe36b082211", org_name: "Super" };
    const claims = { aut: "APPLICATION", azp: clientId, client_id: clientId, ...organization, ...(scope && { scope }) };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", kid: "simulated", typ: "at+jwt" })
      .setIssuer(issuer)
      .setSubject(clientId)
      .setAudience(clientId)
      .setJti(randomUUID())
      .setIssuedAt(seconds())
      .setNotBefore(seconds())
      .setExpirationTime(endsAt)
      .sign(privateKey);
  }

  async function introspection(request: Request): Promise<Response> {
    const refused = refusedFor(request, "internal_oauth2_introspect");
    if (refused) return refused;
    const form = await formOf(request);
    const found = live(form?.get("token") ?? "");
    if (!found) return json(200, { active: false });
    return json(200, {
      active: true,
      client_id: found.clientId,
      ...(found.scope && { scope: found.scope }),
      exp: found.endsAt,
      token_type: found.isRefresh ? "Refresh" : "Bearer",
    });
  }

  async function revocation(request: Request): Promise<Response> {
    const form = await formOf(request);
    const found = form && authenticated(request, form);
    if (!found) return refusedClient();
    const { clientId } = found.oidc;
    tokens = tokens.filter((one) => one.value !== form.get("token") || one.clientId !== clientId);
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
      pushed_authorization_request_endpoint: `${base}/oauth2/par`,
      jwks_uri: `${base}/oauth2/jwks`,
      registration_endpoint: `${base}/api/identity/oauth2/dcr/v1.1/register`,
      grant_types_supported: ["client_credentials", "authorization_code", "refresh_token", tokenExchange],
      response_types_supported: ["code", "token", "id_token"],
      scopes_supported: ["openid"],
    });

  async function handle(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (!url.pathname.startsWith(tenant)) return empty(404);
    const path = url.pathname.slice(tenant.length);
    const below = (prefix: string) =>
      path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
    const app = below("/api/server/v1/applications");
    if (app !== undefined) return applicationApi(request, app, url);
    const resource = below("/api/server/v1/api-resources");
    if (resource !== undefined) return resourceApi(request, resource, url);
    const role = below("/scim2/v2/Roles");
    if (role !== undefined) return roleApi(request, role);
    const key = `${request.method} ${path}`;
    if (key === "GET /oauth2/token/.well-known/openid-configuration") return discovery();
    if (key === "GET /oauth2/jwks") return keySet();
    if (key === "POST /oauth2/token") return token(request);
    if (key === "POST /oauth2/introspect") return introspection(request);
    if (key === "POST /oauth2/revoke") return revocation(request);
    return empty(404);
  }

  const connectionInput = { signIn: { method: "client_secret", ...portalClient } };
  return {
    ...simulate([place.origin], handle, { absent: noApplication }),
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
    refusedConnectionInput: { signIn: { ...connectionInput.signIn, clientSecret: "not-the-secret" } },
    canaries,
    applications,
    resources,
    roles,
    application,
    createClient() {
      const clientId = randomBytes(14).toString("hex");
      const { secrets, oidc } = addApplication(`By hand ${clientId}`, clientId, ["client_credentials"]);
      const lifetimes = { userAccessTokenExpiryInSeconds: 3600, applicationAccessTokenExpiryInSeconds: 3600 };
      oidc["accessToken"] = { type: "JWT", ...lifetimes };
      return Promise.resolve({ clientId, clientSecret: secrets[0]?.value ?? "" });
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

const actions: Record<string, string> = {
  GET: "view",
  POST: "create",
  PUT: "update",
  PATCH: "update",
  DELETE: "delete",
};

const messages: Record<number, string> = {
  400: "Invalid input.",
  404: "Resource not found.",
  409: "Resource already exists.",
  500: "Server error while performing the attempted operation.",
  501: "Not implemented.",
};

function foreignMember(body: Json, allowed: readonly string[]): Response | null {
  const foreign = Object.keys(body).find((member) => !allowed.includes(member));
  if (foreign === undefined) return null;
  const description = `Unrecognized field: ${foreign}`;
  return json(400, { code: "APP-60001", message: "Invalid input.", description });
}

function empty(status: number, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers });
}

async function bodyOf(request: Request): Promise<Json | Response> {
  const text = await request.text();
  if (text === "") return {};
  if (!request.headers.get("content-type")?.startsWith("application/json")) return empty(415);
  return JSON.parse(text) as Json;
}

async function formOf(request: Request): Promise<URLSearchParams | null> {
  const isForm = request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded");
  return isForm ? new URLSearchParams(await request.text()) : null;
}

export const simulator: Simulator = { connectorId: "wso2is7", open: (place) => openWso2Is7(place) };
