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
  registration: "/api/identity/oauth2/dcr/v1.1/register",
  scopes: "/api/identity/oauth2/v1.0/scopes",
  /** Of the add-on that WSO2's API Manager brings for this server (apim-km-wso2is). */
  addOn: "/keymanager-operations/dcr/register",
  users: "/scim2/Users",
} as const;

export type Server = {
  administration: Administration;
  /** The tenant's domain, with which the server completes names of users. */
  tenantDomain: string;
  /** Protocol endpoints: from the settings, or where the server always has them. */
  endpoints: { token: string; introspection: string; revocation: string };
  /** Secrets of the sign-in: none of them may come back in quoted words. */
  secrets: readonly Secret[];
  /**
   * Sends a request about one object.
   *
   * @returns undefined where the server proves that it has none
   */
  sendUnlessUnknown(request: AdministrationRequest): Promise<Answer | undefined>;
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
 * Opens the server that an issuer names. Nothing is sent yet.
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

  const administration = openAdministration(
    { base, apiName: "WSO2 Identity Server's API", secrets, signIn: newSession, explain },
    dependencies,
  );

  /** Whether these credentials are accepted at all: asked where an answer does not say so itself. */
  async function isAccepted(): Promise<boolean> {
    const path = `${paths.scopes}?startIndex=1&count=1`;
    const { status } = await administration.send({ method: "GET", path, doing: "Checking the sign-in" });
    return status === 200 || status === 403;
  }

  return {
    administration,
    tenantDomain: /\/t\/([^/]+)$/.exec(base)?.[1] ?? "carbon.super",
    endpoints: {
      token: tokenEndpoint,
      introspection: endpoints.introspection ?? `${base}/oauth2/introspect`,
      revocation: endpoints.revocation ?? `${base}/oauth2/revoke`,
    },
    secrets,
    async sendUnlessUnknown(request) {
      const answer = await administration.send(request);
      if (answer.status >= 200 && answer.status < 300) return answer;
      // Described as 404, but servers answer 401 for a client that they do not have (product-is #16612).
      if (answer.status === 404 || (answer.status === 401 && (await isAccepted()))) return undefined;
      throw administration.failure(answer, request);
    },
  };
}

/** The server's refusals in plain words. */
function explain(error: ConnectorError, { status }: Answer): ConnectorError {
  const { reason = "" } = error;
  if (status === 403) {
    return explained(
      error,
      "Whoever the portal signs in as needs the permission Application Management (/permission/admin/manage/identity/applicationmgt), and sees only its own clients unless it is an administrator.",
      "credentials_refused",
    );
  }
  // Described as 409, but servers answer 400 (product-is #10928).
  if (status === 400 && /already exists?\b/i.test(reason)) {
    return explained(error, "Something has this name or client id already.", "conflict");
  }
  if (status === 400 && /^Unrecognized field/i.test(reason)) {
    return explained(
      error,
      "This version cannot set the field by registration: leave it at its default, or update the server.",
      "rejected",
    );
  }
  return error;
}
