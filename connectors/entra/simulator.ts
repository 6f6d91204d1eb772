/**
 * A tenant of Entra ID in memory: its token endpoint and the part of Microsoft Graph that manages applications. As
 * strict as the published API, and as odd. Both stand at one origin, Graph below /graph.
 */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { exportJWK } from "jose";
import { json, simulate, simulatorMark, type SimulatedVendor, type Simulator } from "#lib/connector-kit/simulator.ts";
import { connection } from "./config.ts";
import { openSimulatedDirectory, type SimulatedDirectory, type StoredApplication } from "./simulator-directory.ts";
import { openSimulatedLogin } from "./simulator-login.ts";
import { graphRefusal, notFound } from "./simulator-words.ts";

export type SimulatedEntra = SimulatedVendor & {
  pass(seconds: number): void;
  directory: SimulatedDirectory;
  /** The portal's own application, and the API whose roles are the scopes. */
  portal: StoredApplication;
  api: StoredApplication;
  /** Permissions of Microsoft Graph that the portal's application holds from its next sign-in on. */
  portalPermissions: string[];
  /** An application that somebody made by hand, with the secret it was given. */
  makeByHand(body?: Record<string, unknown>): { app: StoredApplication; secret: string; keyId: string };
};

export type EntraOptions = {
  origin: string;
  /** Permissions of Microsoft Graph that the portal's application was granted. */
  permissions?: readonly string[];
  /** The certificate of the portal's application: DER in base64. */
  portalKey?: string;
  /** Version of the API's tokens; null is what a new app registration has. */
  apiVersion?: 1 | 2 | null;
  pageSize?: number;
  staleReads?: number;
  /** How often a new secret is refused before every replica knows it. */
  secretLag?: number;
};

/** The least that the portal needs. */
export const neededPermissions = [
  "Application.ReadWrite.OwnedBy",
  "Application.Read.All",
  "AppRoleAssignment.ReadWrite.All",
  "DelegatedPermissionGrant.ReadWrite.All",
];

const tenantId = "0f5c1ee3-4c7d-4c52-9d0e-6a1d9d7c3b21";
/** Made once: it takes longer than anything else here, and nobody compares tenants by it. */
const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** Starts a tenant; every one is a world of its own. */
export function openEntra(options: EntraOptions): SimulatedEntra {
  const {
    origin,
    permissions = neededPermissions,
    apiVersion = 2,
    pageSize = 100,
    staleReads = 0,
    secretLag = 0,
  } = options;
  const canaries: string[] = [];
  const portalPermissions = [...permissions];
  let offsetSeconds = 0;
  const now = () => Math.floor(Date.now() / 1000) + offsetSeconds;
  const note = (secret: string) => canaries.push(secret);

  const graph = `${origin}/graph`;
  const base = `${graph}/v1.0`;
  const issuers = { v1: `${origin}/sts/${tenantId}/`, v2: `${origin}/${tenantId}/v2.0` };
  const tokenEndpoint = `${origin}/${tenantId}/oauth2/v2.0/token`;
  const keys = `${origin}/${tenantId}/discovery/v2.0/keys`;
  const wellKnownUrl = `${issuers.v2}/.well-known/openid-configuration`;

  const directory = openSimulatedDirectory({ base, now, note, pageSize, staleReads });
  const administrator = randomUUID();
  const portal = directory.create({ displayName: "Latchkey" }, administrator);
  directory.addPrincipal(portal);
  const portalSecret = directory.addPassword(portal, { displayName: "portal" }).secretText;
  if (options.portalKey !== undefined) {
    portal.keyCredentials.push({
      keyId: randomUUID(),
      type: "AsymmetricX509Cert",
      usage: "Verify",
      key: options.portalKey,
    });
  }
  const api = directory.create(
    { displayName: "Shop API", api: { requestedAccessTokenVersion: apiVersion } },
    portal.appId,
  );
  directory.addPrincipal(api);

  const login = openSimulatedLogin({
    ...{ directory, tenantId, issuers, tokenEndpoint, graph, now, note },
    graphPermissionsOf: (appId) => (appId === portal.appId ? [...portalPermissions] : []),
    signingKey: privateKey,
  });

  function makeByHand(body: Record<string, unknown> = {}) {
    const app = directory.create({ displayName: "By hand", ...body }, administrator);
    directory.addPrincipal(app);
    const { secretText, keyId } = directory.addPassword(app, {});
    return { app, secret: secretText, keyId };
  }

  const metadata = {
    ...simulatorMark,
    token_endpoint: tokenEndpoint,
    token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
    jwks_uri: keys,
    response_modes_supported: ["query", "fragment", "form_post"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    response_types_supported: ["code", "id_token", "code id_token", "id_token token"],
    scopes_supported: ["openid", "profile", "email", "offline_access"],
    issuer: issuers.v2,
    request_uri_parameter_supported: false,
    userinfo_endpoint: `${graph}/oidc/userinfo`,
    authorization_endpoint: `${origin}/${tenantId}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${origin}/${tenantId}/oauth2/v2.0/devicecode`,
    end_session_endpoint: `${origin}/${tenantId}/oauth2/v2.0/logout`,
    tenant_region_scope: "EU",
    cloud_instance_name: "microsoftonline.com",
    msgraph_host: new URL(origin).host,
  };

  async function handle(request: Request): Promise<Response> {
    const { href, pathname } = new URL(request.url);
    if (pathname.startsWith("/graph/v1.0/")) {
      const token = /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
      if (token === undefined) return graphRefusal(401, "InvalidAuthenticationToken", "Access token is empty.");
      const caller = login.callerOf(token);
      if (!caller) {
        return graphRefusal(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.");
      }
      return directory.handle(request, caller, { secretLag });
    }
    if (href === tokenEndpoint && request.method === "POST") return login.token(request);
    if (href === wellKnownUrl) return json(200, metadata);
    if (href === keys) {
      const key = await exportJWK(publicKey);
      return json(200, { keys: [{ ...key, kid: "simulated", use: "sig", issuer: issuers.v2 }] });
    }
    return new Response("Not found", { status: 404, headers: { "content-type": "text/plain" } });
  }

  const connectionInput = {
    signIn: { method: "client_secret", clientId: portal.appId, clientSecret: portalSecret },
    resourceAppId: api.appId,
    cloud: { name: "custom", graphUrl: graph },
  };

  return {
    ...simulate([origin], handle, {
      absent: (request) => notFound(new URL(request.url).pathname.split("/").at(-1) ?? ""),
      rateLimited: (waitSeconds) =>
        graphRefusal(429, "TooManyRequests", "Too many requests.", {
          // Graph says it with fractions.
          headers: waitSeconds === undefined ? {} : { "retry-after": String(waitSeconds - 0.128) },
        }),
    }),
    wellKnownUrl,
    settings: {
      issuer: issuers.v2,
      endpoints: { token: tokenEndpoint, authorization: metadata.authorization_endpoint },
      signingKeys: { kind: "jwks", url: keys },
      connection: connection.parse(connectionInput),
    },
    connectionInput,
    refusedConnectionInput: {
      ...connectionInput,
      signIn: { ...connectionInput.signIn, clientSecret: "not-the-secret-of-the-portal" },
    },
    canaries,
    createClient() {
      const { app, secret } = makeByHand();
      return Promise.resolve({ clientId: app.appId, clientSecret: secret });
    },
    lags: true,
    pass(seconds) {
      offsetSeconds += seconds;
    },
    ...{ directory, portal, api, portalPermissions, makeByHand },
  };
}

export const simulator: Simulator = { connectorId: "entra", open: openEntra };
