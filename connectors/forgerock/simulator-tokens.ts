/** A realm's protocol endpoints: tokens with AM's claims, what it says of them, and how it ends them. */
import { createPublicKey, randomUUID, X509Certificate } from "node:crypto";
import { decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import { shownCertificate, subjectOf } from "#lib/connector-kit/simulator-clients.ts";
import { clientOf, json } from "#lib/connector-kit/simulator.ts";
import { crestError } from "./simulator-rest.ts";
import {
  attribute,
  listOf,
  publicSigningKey,
  scopeNames,
  signingKey,
  type Client,
  type Token,
  type World,
} from "./simulator-world.ts";

const exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
const bearerGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

const refused = (status: number, error: string, error_description: string) =>
  json(status, { error_description, error });
const noClient = (request: Request) =>
  refused(request.headers.has("authorization") ? 401 : 400, "invalid_client", "Client authentication failed");

/** The client that a form request proves to come from, by the one method it was registered for. */
async function authenticatedClient(world: World, request: Request, form: URLSearchParams): Promise<Client | null> {
  const certificate = shownCertificate(request);
  if (certificate) return certifiedClient(world, form, certificate);
  const assertion = form.get("client_assertion");
  if (assertion !== null) return assertingClient(world, request, form, assertion);
  const given = clientOf(request, form);
  const client = given ? world.clients.get(given.clientId) : undefined;
  if (!given || !client || attribute(client, "status") === "Inactive") return null;
  if (attribute(client, "clientType") === "Public") return given.method === "none" ? client : null;
  const isItsMethod = attribute(client, "tokenEndpointAuthMethod") === given.method;
  return isItsMethod && client.secret !== null && client.secret === given.clientSecret ? client : null;
}

/** RFC 8705 §2: the subject of a certificate whose authority the TLS connection has checked, or the certificate itself. */
function certifiedClient(world: World, form: URLSearchParams, certificate: X509Certificate): Client | null {
  const client = world.clients.get(form.get("client_id") ?? "");
  if (!client) return null;
  switch (attribute(client, "tokenEndpointAuthMethod")) {
    case "tls_client_auth":
      return attribute(client, "mTLSSubjectDN") === subjectOf(certificate) ? client : null;
    case "self_signed_tls_client_auth": {
      const stored = attribute(client, "publicKeyLocation") === "x509" ? attribute(client, "mTLSTrustedCert") : "";
      const isSame =
        typeof stored === "string" && stored !== "" && new X509Certificate(stored).raw.equals(certificate.raw);
      return isSame ? client : null;
    }
    default:
      return null;
  }
}

/** RFC 7523 §3; the audience may be the token endpoint or the issuer. */
async function assertingClient(
  world: World,
  request: Request,
  form: URLSearchParams,
  assertion: string,
): Promise<Client | null> {
  const client = world.clients.get(form.get("client_id") ?? "");
  const isItsMethod = client && attribute(client, "tokenEndpointAuthMethod") === "private_key_jwt";
  if (!client || !isItsMethod || form.get("client_assertion_type") !== assertionType) return null;
  const audience = [world.issuer, `${world.issuer}/access_token`];
  for (const key of client.keys) {
    try {
      const currentDate = new Date(world.now() * 1000);
      const checks = { issuer: client.id, subject: client.id, audience, currentDate, requiredClaims: ["exp", "jti"] };
      await jwtVerify(assertion, createPublicKey({ key, format: "jwk" }), checks);
      return client;
    } catch {
      // Another of its keys may fit.
    }
  }
  return null;
}

/** What a client gets of what it asks for; a response where AM refuses. */
function grantedScopes(client: Client, form: URLSearchParams): string[] | Response {
  const asked = (form.get("scope") ?? "").split(" ").filter(Boolean);
  const unknown = asked.filter((scope) => !scopeNames(listOf(client, "scopes")).includes(scope));
  if (unknown.length > 0) return refused(400, "invalid_scope", `Unknown/invalid scope(s): [${unknown.join(", ")}]`);
  const granted = asked.length > 0 ? asked : scopeNames(listOf(client, "defaultScopes"));
  if (granted.length > 0) return granted;
  return refused(400, "invalid_scope", "No scope requested and no default scope configured");
}

/**
 * Makes a token: a JWT where the provider keeps nothing itself, else an opaque one.
 *
 * @returns the token as it is handed out
 */
export async function mintToken(
  world: World,
  token: Pick<Token, "clientId" | "subject" | "scopes" | "name" | "grantType"> & { lifetimeSeconds: number },
): Promise<string> {
  const { lifetimeSeconds, ...rest } = token;
  const issuedAt = world.now();
  const { kid } = await publicSigningKey();
  const isStateless = world.provider["coreOAuth2Config"]?.["statelessTokensEnabled"] === true;
  const claims = {
    sub: token.subject,
    cts: "OAUTH2_STATELESS_GRANT",
    auditTrackingId: randomUUID(),
    subname: token.subject,
    iss: world.issuer,
    tokenName: token.name,
    token_type: "Bearer",
    authGrantId: randomUUID(),
    client_id: token.clientId,
    aud: token.clientId,
    nbf: issuedAt,
    grant_type: token.grantType,
    scope: token.scopes,
    auth_time: issuedAt,
    realm: "/alpha",
    exp: issuedAt + lifetimeSeconds,
    iat: issuedAt,
    expires_in: lifetimeSeconds,
    jti: randomUUID(),
  };
  const value = isStateless
    ? await new SignJWT(claims).setProtectedHeader({ typ: "JWT", zip: "NONE", kid, alg: "RS256" }).sign(signingKey)
    : randomUUID();
  world.keep(value);
  world.tokens.set(value, { ...rest, expiresAt: issuedAt + lifetimeSeconds });
  return value;
}

async function issue(world: World, client: Client, token: Pick<Token, "subject" | "scopes" | "grantType">) {
  const own = Number(attribute(client, "accessTokenLifetime") ?? 0);
  const lifetimeSeconds = own > 0 ? own : Number(world.provider["coreOAuth2Config"]?.["accessTokenLifetime"]);
  const access_token = await mintToken(world, { ...token, clientId: client.id, name: "access_token", lifetimeSeconds });
  // A second is gone by the time AM counts.
  return json(200, {
    access_token,
    scope: token.scopes.join(" "),
    token_type: "Bearer",
    expires_in: lifetimeSeconds - 1,
  });
}

async function tokenRequest(world: World, request: Request, form: URLSearchParams): Promise<Response> {
  const client = await authenticatedClient(world, request, form);
  if (!client) return noClient(request);
  if (attribute(client, "idTokenSignedResponseAlg") === undefined) {
    return refused(400, "invalid_request", "Unknown Signing Algorithm");
  }
  const grantType = form.get("grant_type") ?? "";
  if (grantType !== "client_credentials" && grantType !== exchangeGrant) {
    return refused(400, "unsupported_grant_type", "Grant type is not supported");
  }
  const isConfidential = attribute(client, "clientType") === "Confidential";
  if (!listOf(client, "grantTypes").includes(grantType) || !isConfidential) {
    return refused(400, "unauthorized_client", "The client is not authorized to use this grant type");
  }
  const scopes = grantedScopes(client, form);
  if (scopes instanceof Response) return scopes;
  if (grantType === "client_credentials") return issue(world, client, { subject: client.id, scopes, grantType });
  const subject = live(world, form.get("subject_token") ?? "");
  const isAccessToken = form.get("subject_token_type") === "urn:ietf:params:oauth:token-type:access_token";
  if (!subject || !isAccessToken) return refused(400, "invalid_request", "Invalid token exchange.");
  return issue(world, client, { subject: subject.subject, scopes, grantType });
}

function live(world: World, value: string): Token | undefined {
  const token = world.tokens.get(value);
  return token && token.expiresAt > world.now() ? token : undefined;
}

async function introspectRequest(world: World, request: Request, form: URLSearchParams): Promise<Response> {
  const client = await authenticatedClient(world, request, form);
  if (!client || attribute(client, "clientType") === "Public") return noClient(request);
  const token = live(world, form.get("token") ?? "");
  const seesAll = scopeNames([...listOf(client, "scopes")]).some((scope) =>
    scope.startsWith("am-introspect-all-tokens"),
  );
  if (!token || (token.clientId !== client.id && !seesAll)) return json(200, { active: false });
  return json(200, {
    active: true,
    scope: token.scopes.join(" "),
    realm: "/alpha",
    client_id: token.clientId,
    user_id: token.subject,
    username: token.subject,
    token_type: token.name === "refresh_token" ? "refresh_token" : "Bearer",
    exp: token.expiresAt,
    sub: token.subject,
    iss: world.issuer,
    subname: token.subject,
    auth_level: 0,
    authGrantId: randomUUID(),
  });
}

function tokenInformation(world: World, request: Request): Response {
  if (request.method !== "GET") return crestError(405, "Method not allowed");
  const [, value = ""] = /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "") ?? [];
  const token = live(world, value);
  if (token?.name !== "access_token") {
    const words = "The access token provided is expired, revoked, malformed, or invalid for other reasons.";
    return refused(401, "invalid_token", words);
  }
  return json(200, {
    access_token: value,
    // A member for each scope, filled from the person's profile.
    ...Object.fromEntries(token.scopes.map((scope) => [scope, ""])),
    grant_type: token.grantType,
    scope: token.scopes,
    realm: "/alpha",
    token_type: "Bearer",
    expires_in: token.expiresAt - world.now(),
    client_id: token.clientId,
  });
}

async function revokeRequest(world: World, request: Request, form: URLSearchParams): Promise<Response> {
  const client = await authenticatedClient(world, request, form);
  if (!client) return noClient(request);
  const value = form.get("token") ?? "";
  const token = world.tokens.get(value);
  if (token && token.clientId !== client.id) {
    return refused(400, "invalid_grant", "The provided token id belongs to different access grant.");
  }
  world.tokens.delete(value);
  return json(200, {});
}

/** The built-in public client of Advanced Identity Cloud, at the top level realm's endpoint. */
async function serviceAccountRequest(world: World, form: URLSearchParams): Promise<Response> {
  if (form.get("client_id") !== "service-account" || form.get("grant_type") !== bearerGrant) {
    return refused(400, "invalid_client", "Client authentication failed");
  }
  const { id, publicKey, scopes } = world.serviceAccount;
  const endpoint = new URL(`${world.adminBase}/oauth2/access_token`);
  const port = endpoint.port || (endpoint.protocol === "https:" ? "443" : "80");
  const assertion = form.get("assertion") ?? "";
  try {
    const audience = `${endpoint.protocol}//${endpoint.hostname}:${port}${endpoint.pathname}`;
    const checks = { issuer: id, subject: id, audience, currentDate: new Date(world.now() * 1000) };
    await jwtVerify(assertion, publicKey, { ...checks, requiredClaims: ["exp", "jti"] });
    if (decodeProtectedHeader(assertion).alg !== "RS256") throw new Error("Another algorithm.");
  } catch {
    return refused(400, "invalid_grant", "JWT bearer assertion is invalid.");
  }
  const asked = (form.get("scope") ?? "").split(" ").filter(Boolean);
  const foreign = asked.filter((scope) => !scopes.includes(scope));
  if (foreign.length > 0) {
    return refused(400, "invalid_scope", `Unsupported scope for service account: ${foreign.join(",")}`);
  }
  const lifetimeSeconds = 899;
  const token = { clientId: "service-account", subject: id, scopes: asked, grantType: bearerGrant } as const;
  const access_token = await mintToken(world, { ...token, name: "access_token", lifetimeSeconds });
  return json(200, { access_token, scope: asked.join(" "), token_type: "Bearer", expires_in: lifetimeSeconds });
}

const forms: Record<string, (world: World, request: Request, form: URLSearchParams) => Promise<Response>> = {
  "/access_token": tokenRequest,
  "/introspect": introspectRequest,
  "/token/revoke": revokeRequest,
};

/**
 * Answers below `/oauth2`.
 *
 * @param path below that place
 */
export async function oauthRequest(world: World, request: Request, path: string): Promise<Response> {
  const inRealm = path.startsWith(world.realmPath) ? path.slice(world.realmPath.length) : undefined;
  if (inRealm === "/connect/jwk_uri") return json(200, { keys: [await publicSigningKey()] });
  if (inRealm === "/tokeninfo") return tokenInformation(world, request);
  const answer = inRealm === undefined ? undefined : forms[inRealm];
  if (!answer && path !== "/access_token") return crestError(404, "Not Found");
  if (request.method !== "POST") return crestError(405, "Method not allowed");
  if (!(request.headers.get("content-type") ?? "").startsWith("application/x-www-form-urlencoded")) {
    return refused(400, "invalid_request", "Invalid Content Type");
  }
  const form = new URLSearchParams(await request.text());
  return answer ? answer(world, request, form) : serviceAccountRequest(world, form);
}
