import {
  openAdministration,
  type Administration,
  type AdministrationRequest,
  type AdministrationSession,
} from "#lib/connector-kit/administration.ts";
import type { ConnectorDependencies, KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { ConnectorError, explained } from "#lib/connector-kit/errors.ts";
import { basicAuthorization, bearerSession, credentialsOf, secretsOfSignIn } from "#lib/connector-kit/sign-in.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import type { Answer } from "#lib/protocol/exchange.ts";
import type { Connection } from "./config.ts";

/** Below the server's address. */
export const paths = {
  applications: "/api/server/v1/applications",
  apiResources: "/api/server/v1/api-resources",
  roles: "/scim2/v2/Roles",
} as const;

export type Server = {
  administration: Administration;
  /** Protocol endpoints: from the settings, or where the server always has them. */
  endpoints: { token: string; introspection: string; revocation: string };
  /** Secrets of the sign-in: none of them may come back in quoted words. */
  secrets: readonly Secret[];
};

/** Where the server stands: the issuer is its token endpoint unless somebody changed it. */
function baseOf({ issuer, connection }: KeyManagerSettings<Connection>): string {
  const [, fromIssuer] = /^(https?:\/\/[^?#]+?)\/oauth2\/token\/?$/.exec(issuer) ?? [];
  const base = connection.serverUrl?.replace(/\/+$/, "") ?? fromIssuer;
  if (base && URL.canParse(base)) return base;
  throw new ConnectorError(
    "misconfigured",
    "The issuer of WSO2 Identity Server ends with /oauth2/token. Where yours does not, enter the server address.",
  );
}

/**
 * Opens the organization that an issuer names. Nothing is sent yet.
 *
 * @throws {ConnectorError} `misconfigured` where neither issuer nor connection says where the server stands
 */
export function openServer(settings: KeyManagerSettings<Connection>, dependencies: ConnectorDependencies): Server {
  const { endpoints, connection } = settings;
  const { signIn } = connection;
  const base = baseOf(settings);
  const tokenEndpoint = endpoints.token ?? `${base}/oauth2/token`;
  const secrets = secretsOfSignIn(signIn);

  async function newSession(): Promise<AdministrationSession> {
    switch (signIn.method) {
      case "basic":
        return { headers: { authorization: basicAuthorization(signIn) } };
      case "mutual_tls": {
        const { identityUser, certificate, privateKey } = signIn;
        // The connection says who we are, the header for whom we act (ClientCertificateBasedAuthenticationHandler).
        return { headers: { "wso2-identity-user": identityUser }, identity: { certificate, privateKey } };
      }
      default: {
        const { scopes } = signIn;
        return bearerSession(dependencies, { tokenEndpoint, credentials: credentialsOf(signIn), scopes });
      }
    }
  }

  return {
    administration: openAdministration(
      { base, apiName: "WSO2 Identity Server's API", secrets, signIn: newSession, explain },
      dependencies,
    ),
    endpoints: {
      token: tokenEndpoint,
      introspection: endpoints.introspection ?? `${base}/oauth2/introspect`,
      revocation: endpoints.revocation ?? `${base}/oauth2/revoke`,
    },
    secrets,
  };
}

const actions: Record<AdministrationRequest["method"], string> = {
  GET: "view",
  POST: "create",
  PUT: "update",
  PATCH: "update",
  DELETE: "delete",
};

/** The scope of the server's own APIs that a request takes, as its descriptions name them. */
function scopeFor({ method, path }: AdministrationRequest): string {
  if (path.startsWith(paths.roles)) return `internal_role_mgt_${path.endsWith("/.search") ? "view" : actions[method]}`;
  if (path.startsWith(paths.apiResources)) return `internal_api_resource_${actions[method]}`;
  if (/\/oidc\/secrets(\/|$)/.test(path)) return `internal_application_mgt_client_secret_${actions[method]}`;
  // What is made or ended below an application changes that application.
  const isBelow = /\/applications\/[^/?]+\//.test(path);
  return `internal_application_mgt_${isBelow && method !== "GET" ? "update" : actions[method]}`;
}

/** The server's refusals in plain words. */
function explain(error: ConnectorError, { status }: Answer, request: AdministrationRequest): ConnectorError {
  if (status !== 403) return error;
  const scope = scopeFor(request);
  return explained(
    error,
    `Authorise the portal's application for the scope ${scope}, or give the user whom the portal acts as a role with it.`,
    "credentials_refused",
  );
}
