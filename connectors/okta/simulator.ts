/**
 * An Okta org in memory: the Apps API, one custom authorization server with its scopes and access policies, and the
 * org's own authorization server for service apps. As strict as the published API, and as odd.
 */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createLocalJWKSet, decodeJwt, exportJWK, SignJWT, type JSONWebKeySet, type JWTPayload } from "jose";
import { isAssertedBy } from "#lib/connector-kit/simulator-clients.ts";
import {
  clientOf,
  json,
  simulate,
  simulatorMark,
  type SimulatedVendor,
  type Simulator,
} from "#lib/connector-kit/simulator.ts";
import { randomToken } from "#lib/foundation/ids.ts";
import { connection } from "./config.ts";
import { neededScopes } from "./org.ts";
import { openAppStore, type AppStore, type StoredApp } from "./simulator-apps.ts";
import { openServerStore, type ServerStore } from "./simulator-server.ts";
import { denial, refusal, unknownClient } from "./simulator-words.ts";

/** What can be looked at and turned in a simulated org beyond what every vendor has. */
export type SimulatedOkta = SimulatedVendor & {
  pass(seconds: number): void;
  apps: AppStore;
  /** The client that asks about tokens. */
  asker: StoredApp;
  server: ServerStore;
  /** The connection form of a service app, and of one with another key. */
  serviceApp: { input: Record<string, unknown>; refusedInput: Record<string, unknown>; app: StoredApp };
  /** Okta API scopes that the service app was granted. */
  grantedScopes: Set<string>;
  /** Features of the org. */
  features: { apiAccessManagement: boolean };
};

type Token = { clientId: string; claims: Record<string, unknown>; expiresAt: number; isOfOrg: boolean };

const serverId = "aus1shop0latchkey357";
const audience = "api://shop";
const kid = "simulated";
const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const openIdScopes = ["openid", "profile", "email", "address", "phone", "offline_access", "device_sso"];

const rsa = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const pemOf = ({ privateKey }: ReturnType<typeof rsa>) =>
  privateKey.export({ type: "pkcs8", format: "pem" }).toString();
/** Made once: it takes longer than anything else here, and nobody compares orgs by them. */
const signingKey = rsa();
const serviceKey = rsa();
const otherKey = rsa();

/** Starts an org; every one is a world of its own. */
export async function openOkta({ origin }: { origin: string }): Promise<SimulatedOkta> {
  const issuer = `${origin}/oauth2/${serverId}`;
  const canaries: string[] = [];
  const tokens = new Map<string, Token>();
  const grantedScopes = new Set<string>(neededScopes);
  const features = { apiAccessManagement: true };
  let offsetSeconds = 0;
  const now = () => Math.floor(Date.now() / 1000) + offsetSeconds;

  const apps = openAppStore({ base: origin, now, note: (secret) => canaries.push(secret) });
  const server = openServerStore({
    base: origin,
    serverId,
    issuer,
    audience,
    now,
    knows: (clientId) => apps.byClientId(clientId) !== undefined,
  });
  const apiToken = `canary-${randomToken(30)}`;
  canaries.push(apiToken);
  server.addScope({ name: "latchkey", description: "Whatever is open to every client" });

  function made(changes: { client?: object; credentials?: object }): StoredApp {
    const app = apps.create({
      name: "oidc_client",
      label: "By hand",
      signOnMode: "OPENID_CONNECT",
      credentials: { oauthClient: { ...changes.credentials } },
      settings: {
        oauthClient: { application_type: "service", grant_types: ["client_credentials"], ...changes.client },
      },
    });
    if (app instanceof Response) throw new Error("The simulator refuses its own application.");
    return app;
  }

  const publicKey = { ...(await exportJWK(serviceKey.publicKey)), kid: "service", status: "ACTIVE" };
  const serviceApp = made({
    client: { jwks: { keys: [publicKey] } },
    credentials: { token_endpoint_auth_method: "private_key_jwt" },
  });
  const asker = made({});

  // --- Who is asking ---

  const used = new Set<string>();

  async function byAssertion(app: StoredApp, form: URLSearchParams, endpoint: string): Promise<boolean> {
    const { jwks } = app.body.settings.oauthClient;
    const method = app.body.credentials.oauthClient.token_endpoint_auth_method;
    const active = app.secrets.find(({ isActive }) => isActive);
    const key =
      method === "client_secret_jwt" && active
        ? Buffer.from(active.value)
        : method === "private_key_jwt" && jwks
          ? createLocalJWKSet(jwks as JSONWebKeySet)
          : undefined;
    if (!key) return false;
    // Okta refuses assertions that live for more than an hour.
    if ((decoded(form.get("client_assertion") ?? "").exp ?? Infinity) - now() > 3600) return false;
    return isAssertedBy(form, { clientId: app.clientId, key, audience: [endpoint, issuer], nowSeconds: now(), used });
  }

  async function authenticated(request: Request, form: URLSearchParams): Promise<StoredApp | Response> {
    const endpoint = request.url.split("?", 1)[0] ?? "";
    const assertion = form.get("client_assertion");
    const given = clientOf(request, form);
    const claimed = given?.clientId ?? (assertion === null ? "" : (decoded(assertion).sub ?? ""));
    if (!given && assertion === null) return denial("missing_client_credentials");
    const app = apps.byClientId(claimed);
    if (!app?.isActive) return unknownClient();
    const method = app.body.credentials.oauthClient.token_endpoint_auth_method;
    if (assertion !== null) {
      return (await byAssertion(app, form, endpoint)) ? app : denial("invalid_client");
    }
    if (given?.method !== method) return denial("invalid_client");
    if (method === "none") return app;
    const isRight = app.secrets.some(({ value, isActive }) => isActive && value === given.clientSecret);
    return isRight ? app : denial("invalid_client_secret");
  }

  // --- Tokens ---

  async function issue(token: Omit<Token, "expiresAt">, minutes: number): Promise<Response> {
    const scopes = token.claims["scp"] as string[];
    const expiresAt = now() + minutes * 60;
    const signed = await new SignJWT({ ver: 1, cid: token.clientId, ...token.claims })
      .setProtectedHeader({ alg: "RS256", kid })
      .setIssuer(token.isOfOrg ? origin : issuer)
      .setAudience(token.isOfOrg ? origin : audience)
      .setJti(`AT.${randomUUID()}`)
      .setIssuedAt(now())
      .setExpirationTime(expiresAt)
      .sign(signingKey.privateKey);
    canaries.push(signed);
    tokens.set(signed, { ...token, expiresAt });
    return json(200, { token_type: "Bearer", expires_in: minutes * 60, access_token: signed, scope: scopes.join(" ") });
  }

  const live = (token: string) => {
    const found = tokens.get(token);
    return found && found.expiresAt > now() && apps.byClientId(found.clientId)?.isActive ? found : undefined;
  };

  async function customToken(form: URLSearchParams, app: StoredApp): Promise<Response> {
    const grantType = form.get("grant_type");
    if (!grantType) return denial("invalid_request");
    if (grantType !== "client_credentials" && grantType !== tokenExchange) return denial("unsupported_grant_type");
    const { grant_types: grants, dpop_bound_access_tokens: wantsProof } = app.body.settings.oauthClient;
    if (!(grants as readonly string[]).includes(grantType)) return denial("unauthorized_client");
    if (wantsProof) return denial("invalid_dpop_proof");
    let scopes = (form.get("scope") ?? "").split(" ").filter(Boolean);
    if (scopes.length === 0) scopes = server.scopes.filter((scope) => scope.default).map(({ name }) => name);
    if (scopes.length === 0) return denial("no_default_scopes");
    const known = scopes.map((name) => server.scopes.find((scope) => scope.name === name));
    if (known.includes(undefined)) return denial("invalid_scope");
    if (scopes.some((name) => openIdScopes.includes(name))) return denial("openid_not_allowed");
    if (known.some((scope) => scope?.consent === "REQUIRED")) return denial("consent_required");
    let subject = app.clientId;
    if (grantType === tokenExchange) {
      const given = live(form.get("subject_token") ?? "");
      const isAccessToken = form.get("subject_token_type") === "urn:ietf:params:oauth:token-type:access_token";
      if (!given || given.isOfOrg || !isAccessToken) return denial("invalid_subject_token");
      if ((form.get("audience") ?? audience) !== audience) return denial("invalid_audience");
      subject = String(given.claims["sub"]);
    }
    const rule = server.ruleFor({ clientId: app.clientId, grantType, scopes });
    if (!rule) return denial("access_denied");
    const claims = { sub: subject, scp: scopes };
    const token = { clientId: app.clientId, claims, isOfOrg: false };
    return issue(token, rule.actions.token.accessTokenLifetimeMinutes);
  }

  /** The org's own server gives machines nothing but tokens for Okta's APIs. */
  function orgToken(form: URLSearchParams, app: StoredApp): Promise<Response> | Response {
    const { oauthClient: client } = app.body.settings;
    if (form.get("grant_type") !== "client_credentials") return denial("unsupported_grant_type");
    if (app.body.credentials.oauthClient.token_endpoint_auth_method !== "private_key_jwt") {
      return denial("org_needs_private_key");
    }
    if (client.dpop_bound_access_tokens) return denial("invalid_dpop_proof");
    const asked = (form.get("scope") ?? "").split(" ").filter(Boolean);
    if (asked.length === 0 || !asked.every((name) => name.startsWith("okta."))) return denial("invalid_scope");
    const scopes = asked.filter((name) => app === serviceApp && grantedScopes.has(name));
    if (scopes.length === 0) return denial("no_org_scopes_granted");
    return issue({ clientId: app.clientId, claims: { sub: app.clientId, scp: scopes }, isOfOrg: true }, 60);
  }

  function introspection(form: URLSearchParams): Response {
    const token = form.get("token");
    if (!token) return denial("invalid_request");
    const found = live(token);
    if (!found || found.isOfOrg) return json(200, { active: false });
    const { scp, sub } = found.claims as { scp: string[]; sub: string };
    return json(200, {
      active: true,
      token_type: "Bearer",
      scope: scp.join(" "),
      client_id: found.clientId,
      sub,
      aud: audience,
      iss: issuer,
      exp: found.expiresAt,
      jti: decoded(token).jti,
    });
  }

  function revocation(form: URLSearchParams, app: StoredApp): Response {
    const token = form.get("token");
    if (!token) return denial("invalid_request");
    // A client revokes its own tokens; what it says about others is ignored.
    if (tokens.get(token)?.clientId === app.clientId) tokens.delete(token);
    return new Response(null, { status: 200 });
  }

  async function protocolRequest(request: Request, isOfOrg: boolean, endpoint: string): Promise<Response> {
    if (endpoint === "keys" && request.method === "GET") {
      const key = await exportJWK(signingKey.publicKey);
      return json(200, { keys: [{ ...key, kid, alg: "RS256", use: "sig" }] });
    }
    if (!["token", "introspect", "revoke"].includes(endpoint)) return refusal("E0000007");
    if (request.method !== "POST") return refusal("E0000022");
    const type = request.headers.get("content-type") ?? "";
    if (!type.startsWith("application/x-www-form-urlencoded")) return denial("invalid_request");
    const form = new URLSearchParams(await request.text());
    const app = await authenticated(request, form);
    if (app instanceof Response) return app;
    if (endpoint === "token") return isOfOrg ? orgToken(form, app) : customToken(form, app);
    return endpoint === "introspect" ? introspection(form) : revocation(form, app);
  }

  // --- The management API ---

  /** Whether the caller may; otherwise what Okta answers. */
  function gate(request: Request, collection: string | undefined): Response | undefined {
    const header = request.headers.get("authorization") ?? "";
    if (header === `SSWS ${apiToken}`) return undefined;
    const found = live(/^Bearer (\S+)$/.exec(header)?.[1] ?? "");
    if (!found?.isOfOrg) return refusal("E0000011");
    const scope = `okta.${collection ?? ""}.${request.method === "GET" ? "read" : "manage"}`;
    return (found.claims["scp"] as string[]).includes(scope) ? undefined : refusal("E0000006");
  }

  async function managementRequest(request: Request, url: URL): Promise<Response> {
    const [collection, ...path] = url.pathname
      .slice("/api/v1/".length)
      .split("/")
      .map((part) => decodeURIComponent(part));
    const refused = gate(request, collection);
    if (refused) return refused;
    if (collection === "apps") return apps.handle(request, path, url.searchParams);
    if (collection !== "authorizationServers") return refusal("E0000007");
    return features.apiAccessManagement ? server.handle(request, path, url.searchParams) : refusal("E0000015");
  }

  function metadataOf(ofIssuer: string, base: string): object {
    return {
      ...simulatorMark,
      issuer: ofIssuer,
      authorization_endpoint: `${base}/v1/authorize`,
      token_endpoint: `${base}/v1/token`,
      registration_endpoint: `${origin}/oauth2/v1/clients`,
      introspection_endpoint: `${base}/v1/introspect`,
      revocation_endpoint: `${base}/v1/revoke`,
      userinfo_endpoint: `${base}/v1/userinfo`,
      jwks_uri: `${base}/v1/keys`,
      response_types_supported: ["code", "token", "id_token"],
      grant_types_supported: [
        "authorization_code",
        "implicit",
        "refresh_token",
        "password",
        "client_credentials",
        tokenExchange,
      ],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
      token_endpoint_auth_methods_supported: [
        "client_secret_basic",
        "client_secret_post",
        "client_secret_jwt",
        "private_key_jwt",
        "none",
      ],
    };
  }

  async function handle(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const { pathname } = url;
    if (pathname.startsWith("/api/v1/")) return managementRequest(request, url);
    const custom = `/oauth2/${serverId}`;
    const documents = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];
    if (documents.some((document) => pathname === `${custom}${document}`)) return json(200, metadataOf(issuer, issuer));
    if (pathname === documents[0]) return json(200, metadataOf(origin, `${origin}/oauth2`));
    const [, server_, endpoint] = /^\/oauth2\/(?:([^/]+)\/)?v1\/([^/]+)$/.exec(pathname) ?? [];
    if (endpoint === undefined || (server_ !== undefined && server_ !== serverId)) return refusal("E0000007");
    return protocolRequest(request, server_ === undefined, endpoint);
  }

  const signIn = {
    method: "api_token",
    apiToken,
    introspection: {
      method: "client_secret",
      clientId: asker.clientId,
      clientSecret: asker.secrets[0]?.value ?? "",
    },
  };
  const withKey = (key: ReturnType<typeof rsa>) => ({
    defaultScopes: ["latchkey"],
    signIn: { method: "private_key_jwt", clientId: serviceApp.clientId, privateKey: pemOf(key), keyId: "service" },
  });
  const connectionInput = { signIn, defaultScopes: ["latchkey"] };

  return {
    ...simulate([origin], handle, {
      absent: () => refusal("E0000007"),
      rateLimited(waitSeconds) {
        const limit = { "x-rate-limit-limit": "600", "x-rate-limit-remaining": "0" };
        const date = new Date(now() * 1000).toUTCString();
        const reset = waitSeconds === undefined ? {} : { "x-rate-limit-reset": String(now() + waitSeconds) };
        return refusal("E0000047", [], { ...limit, ...reset, date });
      },
    }),
    wellKnownUrl: `${issuer}/.well-known/openid-configuration`,
    settings: {
      issuer,
      endpoints: {
        token: `${issuer}/v1/token`,
        introspection: `${issuer}/v1/introspect`,
        revocation: `${issuer}/v1/revoke`,
      },
      signingKeys: { kind: "jwks", url: `${issuer}/v1/keys` },
      connection: connection.parse(connectionInput),
    },
    connectionInput,
    refusedConnectionInput: { ...connectionInput, signIn: { ...signIn, apiToken: "not-the-token" } },
    canaries,
    createClient() {
      const app = made({});
      // Without a policy that names it, a client gets no token: its owner makes one too.
      server.addPolicy([app.clientId], ["latchkey"]);
      return Promise.resolve({ clientId: app.clientId, clientSecret: app.secrets[0]?.value ?? "" });
    },
    scope: "latchkey",
    pass(seconds) {
      offsetSeconds += seconds;
    },
    apps,
    asker,
    server,
    serviceApp: { input: withKey(serviceKey), refusedInput: withKey(otherKey), app: serviceApp },
    grantedScopes,
    features,
  };
}

/** Claims that nobody has checked. */
function decoded(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch {
    return {};
  }
}

export const simulator: Simulator = { connectorId: "okta", open: openOkta };
