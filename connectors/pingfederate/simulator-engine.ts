/** The runtime of a simulated PingFederate: what applications and resource servers call. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createLocalJWKSet, exportJWK, SignJWT, type JSONWebKeySet } from "jose";
import { isAssertedBy, shownCertificate, subjectOf } from "#lib/connector-kit/simulator-clients.ts";
import { clientOf, json, oauthError, simulatorMark } from "#lib/connector-kit/simulator.ts";
import type { ClientBody } from "./simulator-rules.ts";

/** A client as it is stored: always complete, its secrets in clear. */
export type StoredClient = ClientBody & {
  clientId: string;
  secret?: string | undefined;
  retained: { secret: string; expiresAt: number }[];
};

export type Manager = {
  id: string;
  /** Opaque tokens instead of JWTs. */
  isReference?: boolean;
  /** Signs with a key of its own, published under /ext and this path. */
  keyPath?: string;
  /** JWTs cannot be revoked unless the manager allows it. */
  canRevoke?: boolean;
};

export type Engine = {
  handle(request: Request, url: URL): Promise<Response>;
  /** The client that a bearer token belongs to, if it is alive. */
  ownerOf(token: string): { clientId: string; scopes: string[] } | undefined;
};

type Token = {
  clientId: string;
  scopes: string[];
  manager: Manager;
  expiresAt: number;
  claims: Record<string, unknown>;
};

const lifetimeSeconds = 7200;
const exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
const accessTokenType = "urn:ietf:params:oauth:token-type:access_token";
const grants: Record<string, NonNullable<ClientBody["grantTypes"]>[number]> = {
  client_credentials: "CLIENT_CREDENTIALS",
  [exchangeGrant]: "TOKEN_EXCHANGE",
};

/** Two pairs for all: making them takes longer than anything else here, and nobody compares servers by them. */
const central = generateKeyPairSync("rsa", { modulusLength: 2048 });
const own = generateKeyPairSync("rsa", { modulusLength: 2048 });

async function keySet(pair: typeof central, kid: string): Promise<Response> {
  return json(200, { keys: [{ ...(await exportJWK(pair.publicKey)), kid, use: "sig", alg: "RS256" }] });
}

/** OpenID Connect metadata with the members that PingFederate adds. */
function metadataOf(origin: string) {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/as/authorization.oauth2`,
    token_endpoint: `${origin}/as/token.oauth2`,
    revocation_endpoint: `${origin}/as/revoke_token.oauth2`,
    userinfo_endpoint: `${origin}/idp/userinfo.openid`,
    introspection_endpoint: `${origin}/as/introspect.oauth2`,
    jwks_uri: `${origin}/pf/JWKS`,
    registration_endpoint: `${origin}/as/clients.oauth2`,
    ping_revoked_sris_endpoint: `${origin}/pf-ws/rest/sessionMgmt/revokedSris`,
    ping_end_session_endpoint: `${origin}/idp/startSLO.ping`,
    scopes_supported: ["openid", "profile"],
    response_types_supported: ["code", "token", "id_token", "code token", "code id_token"],
    grant_types_supported: [
      "implicit",
      "authorization_code",
      "refresh_token",
      "password",
      "client_credentials",
      "urn:pingidentity.com:oauth2:grant_type:validate_bearer",
      exchangeGrant,
    ],
    subject_types_supported: ["public", "pairwise"],
    id_token_signing_alg_values_supported: ["RS256", "ES256", "PS256"],
    token_endpoint_auth_methods_supported: [
      "client_secret_basic",
      "client_secret_post",
      "client_secret_jwt",
      "private_key_jwt",
      "tls_client_auth",
    ],
    ...simulatorMark,
  };
}

/** Starts the runtime over clients that the administrative node hands it. */
export function createEngine(world: {
  origin: string;
  now(): number;
  client(clientId: string): StoredClient | undefined;
  isCommonScope(name: string): boolean;
  managers: readonly Manager[];
  /** Every token handed out. */
  canaries: string[];
}): Engine {
  const { origin, now } = world;
  const tokens = new Map<string, Token>();

  const alive = (text: string | null) => {
    const token = tokens.get(text ?? "");
    return token && token.expiresAt > now() ? token : undefined;
  };

  async function authenticated(request: Request, form: URLSearchParams): Promise<StoredClient | undefined> {
    const shown = clientOf(request, form);
    const client = world.client(shown?.clientId ?? "");
    if (!shown || !client || client.enabled === false) return undefined;
    switch (client.clientAuth?.type ?? "NONE") {
      case "NONE":
        return shown.method === "none" ? client : undefined;
      case "SECRET": {
        const valid = [
          client.secret,
          ...client.retained.filter(({ expiresAt }) => expiresAt > now()).map((kept) => kept.secret),
        ];
        return shown.method !== "none" && valid.includes(shown.clientSecret) ? client : undefined;
      }
      case "CLIENT_SECRET_JWT":
        return client.secret !== undefined && (await isSigned(form, client, Buffer.from(client.secret)))
          ? client
          : undefined;
      case "PRIVATE_KEY_JWT": {
        const keys = client.jwksSettings?.jwks;
        if (!keys) return undefined;
        return (await isSigned(form, client, createLocalJWKSet(JSON.parse(keys) as JSONWebKeySet)))
          ? client
          : undefined;
      }
      case "CERTIFICATE":
        return isShown(request, client) ? client : undefined;
      default:
        return undefined;
    }
  }

  const used = new Set<string>();
  function isSigned(form: URLSearchParams, { clientId }: StoredClient, key: Parameters<typeof isAssertedBy>[1]["key"]) {
    const audience = [`${origin}/as/token.oauth2`, origin];
    return isAssertedBy(form, { clientId, key, audience, nowSeconds: now(), used });
  }

  /** The authority itself was checked by the TLS connection. */
  function isShown(request: Request, { clientAuth }: StoredClient): boolean {
    const certificate = shownCertificate(request);
    const issuer = certificate?.issuer.split("\n").reverse().join(",");
    const written = (name: string | undefined) => name?.replaceAll(/,\s+/g, ",");
    return (
      certificate !== undefined &&
      written(clientAuth?.clientCertSubjectDn) === subjectOf(certificate) &&
      written(clientAuth?.clientCertIssuerDn) === issuer
    );
  }

  function managerOf(client: StoredClient): Manager {
    const [first] = world.managers;
    const chosen = world.managers.find(({ id }) => id === client.defaultAccessTokenManagerRef?.id) ?? first;
    if (chosen) return chosen;
    throw new Error("A PingFederate without access token managers issues no tokens.");
  }

  function mayAsk(client: StoredClient, scope: string): boolean {
    if (client.exclusiveScopes?.includes(scope)) return true;
    if (!world.isCommonScope(scope)) return false;
    return client.restrictScopes ? (client.restrictedScopes ?? []).includes(scope) : true;
  }

  async function issue(client: StoredClient, scopes: string[], extra: Record<string, unknown> = {}): Promise<Response> {
    const manager = managerOf(client);
    const expiresAt = now() + lifetimeSeconds;
    const claims = { scope: scopes.join(" "), client_id: client.clientId, ...extra };
    const text = manager.isReference
      ? `canary-${randomBytes(21).toString("base64url")}`
      : await new SignJWT({ ...claims, iss: origin, jti: randomBytes(16).toString("base64url").slice(0, 22) })
          .setProtectedHeader({ alg: "RS256", kid: manager.keyPath ? "own" : "central" })
          .setExpirationTime(expiresAt)
          .sign(manager.keyPath ? own.privateKey : central.privateKey);
    tokens.set(text, { clientId: client.clientId, scopes, manager, expiresAt, claims });
    world.canaries.push(text);
    return json(200, { access_token: text, token_type: "Bearer", expires_in: lifetimeSeconds });
  }

  async function token(form: URLSearchParams, client: StoredClient): Promise<Response> {
    const grantType = form.get("grant_type");
    if (!grantType) return oauthError(400, "invalid_request", "grant_type is required");
    const grant = grants[grantType];
    if (!grant) return oauthError(400, "unsupported_grant_type", "unsupported grant_type");
    if (!client.grantTypes?.includes(grant)) {
      return oauthError(400, "unauthorized_client", `${grantType} grant type not allowed for this client`);
    }
    const scopes = (form.get("scope") ?? "").split(" ").filter(Boolean);
    if (!scopes.every((scope) => mayAsk(client, scope))) {
      const words =
        "The requested scope is invalid, unknown, malformed, or exceeds that which the client is permitted to request.";
      return oauthError(400, "invalid_scope", words);
    }
    return grant === "TOKEN_EXCHANGE" ? exchange(form, client, scopes) : issue(client, scopes);
  }

  async function exchange(form: URLSearchParams, client: StoredClient, scopes: string[]): Promise<Response> {
    const requested = form.get("requested_token_type") ?? accessTokenType;
    if (requested !== accessTokenType)
      return oauthError(400, "invalid_request", "requested_token_type is not supported");
    const subject = alive(form.get("subject_token"));
    if (form.get("subject_token_type") !== accessTokenType || !subject) {
      return oauthError(400, "invalid_request", "The subject_token is not valid for any token processor.");
    }
    const audience = form.get("audience");
    if (audience && !world.client(audience)) return oauthError(400, "invalid_target", "audience is unknown");
    const response = await issue(client, scopes, { sub: subject.clientId, ...(audience && { aud: audience }) });
    const body = (await response.json()) as Record<string, unknown>;
    return json(200, { ...body, issued_token_type: accessTokenType });
  }

  function introspection(request: Request, form: URLSearchParams, client: StoredClient): Response {
    const accept = request.headers.get("accept");
    if (accept && !["application/json", "application/token-introspection+jwt"].includes(accept)) {
      return oauthError(406, "invalid_request", "Accept must be application/json");
    }
    if (!client.grantTypes?.includes("ACCESS_TOKEN_VALIDATION")) {
      return oauthError(400, "unauthorized_client", "Access Token Validation is not allowed for this client");
    }
    if (!form.has("token")) return oauthError(400, "invalid_request", "token is required");
    const found = alive(form.get("token"));
    const isEligible = client.validateUsingAllEligibleAtms || found?.manager.id === managerOf(client).id;
    if (!found || !isEligible || form.get("token_type_hint") === "refresh_token") return json(200, { active: false });
    const { claims, expiresAt, scopes } = found;
    const { scope: _, ...attributes } = claims;
    const answer = { ...attributes, active: true, token_type: "Bearer", exp: expiresAt };
    return json(200, scopes.length > 0 ? { ...answer, scope: scopes.join(" ") } : answer);
  }

  function revocation(form: URLSearchParams, client: StoredClient): Response {
    if (!form.has("token")) return oauthError(400, "invalid_request", "token is required");
    const text = form.get("token") ?? "";
    const found = tokens.get(text);
    const canRevoke = found?.manager.isReference || found?.manager.canRevoke;
    if (found?.clientId === client.clientId && canRevoke) tokens.delete(text);
    return new Response(null, { status: 200 });
  }

  return {
    ownerOf: (text) => alive(text),
    async handle(request, { pathname }) {
      if (pathname === "/.well-known/openid-configuration") return json(200, metadataOf(origin));
      if (pathname === "/pf/JWKS") return keySet(central, "central");
      const manager = world.managers.find(({ keyPath }) => keyPath && pathname === `/ext${keyPath}`);
      if (manager) return keySet(own, "own");
      const endpoint = /^\/as\/(token|introspect|revoke_token)\.oauth2$/.exec(pathname)?.[1];
      if (!endpoint)
        return new Response("<h1>404 Not Found</h1>", { status: 404, headers: { "content-type": "text/html" } });
      if (request.method !== "POST") return new Response(null, { status: 405 });
      if (request.headers.get("content-type")?.split(";")[0] !== "application/x-www-form-urlencoded") {
        return oauthError(400, "invalid_request", "Content-Type must be application/x-www-form-urlencoded");
      }
      const form = new URLSearchParams(await request.text());
      const client = await authenticated(request, form);
      if (!client) return oauthError(401, "invalid_client", "Invalid client or client credentials.");
      if (endpoint === "token") return token(form, client);
      return endpoint === "introspect" ? introspection(request, form, client) : revocation(form, client);
    },
  };
}
