/** An org: its management API, and the custom authorization server that issues the tokens. */
import {
  openAdministration,
  type Administration,
  type AdministrationRequest,
} from "#lib/connector-kit/administration.ts";
import type { ConnectorDependencies, KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { ConnectorError, isConnectorError, restated } from "#lib/connector-kit/errors.ts";
import { bearerSession, credentialsOf, secretsOfSignIn } from "#lib/connector-kit/sign-in.ts";
import type { ClientCredentials } from "#lib/protocol/client-authentication.ts";
import type { Answer } from "#lib/protocol/exchange.ts";
import type { Connection } from "./config.ts";

/** What the service app must have been granted (developer.okta.com, OAuth 2.0 scopes). */
export const neededScopes = [
  "okta.apps.read",
  "okta.apps.manage",
  "okta.authorizationServers.read",
  "okta.authorizationServers.manage",
] as const;

export type Org = {
  api: Administration;
  /** The authorization server's object in the management API. */
  server: string;
  /** Protocol endpoints: from the settings, or where Okta always has them. */
  endpoints: { token: string; introspection: string; revocation: string };
  /** The client that asks about tokens, or null where there is none. */
  introspector: ClientCredentials | null;
};

const issuerForm = /^(https?:\/\/[^/?#]+)\/oauth2\/([^/?#]+)$/;

/**
 * Opens the org that an issuer belongs to: `{org}/oauth2/{authorization server}`.
 *
 * @throws {ConnectorError} `misconfigured` for any other issuer, the org's own authorization server above all:
 *   its access tokens are for Okta's APIs alone (developer.okta.com, Authorization servers)
 */
export function openOrg(
  { issuer, endpoints, connection }: KeyManagerSettings<Connection>,
  { fetch, clock }: ConnectorDependencies,
): Org {
  const [, origin, serverId] = issuerForm.exec(issuer) ?? [];
  if (!origin || !serverId) throw notCustom(issuer);
  const { signIn } = connection;
  const org = (connection.orgUrl ?? origin).replace(/\/$/, "");
  const api = openAdministration(
    {
      base: `${org}/api/v1`,
      apiName: "Okta's management API",
      secrets: secretsOfSignIn(signIn),
      async signIn() {
        if (signIn.method === "api_token") return { headers: { authorization: `SSWS ${signIn.apiToken.reveal()}` } };
        const tokenEndpoint = `${org}/oauth2/v1/token`;
        try {
          const credentials = credentialsOf(signIn);
          return await bearerSession({ fetch, clock }, { tokenEndpoint, credentials, scopes: neededScopes });
        } catch (error) {
          throw isConnectorError(error) ? explainSignIn(error) : error;
        }
      },
      explain,
    },
    { fetch, clock },
  );
  return {
    api,
    server: `/authorizationServers/${serverId}`,
    endpoints: {
      token: endpoints.token ?? `${issuer}/v1/token`,
      introspection: endpoints.introspection ?? `${issuer}/v1/introspect`,
      revocation: endpoints.revocation ?? `${issuer}/v1/revoke`,
    },
    introspector: introspectorOf(signIn),
  };
}

function notCustom(issuer: string): ConnectorError {
  const origin = URL.parse(issuer)?.origin ?? "https://example.okta.com";
  return new ConnectorError(
    "misconfigured",
    `“${issuer}” is not a custom authorization server. Tokens of the org's own authorization server are for Okta's APIs only, so nobody else can check them. Use a custom authorization server, such as ${origin}/oauth2/default.`,
  );
}

function introspectorOf(signIn: Connection["signIn"]): ClientCredentials | null {
  if (signIn.method === "private_key_jwt") return signIn;
  const { introspection } = signIn;
  if (introspection.method === "none") return null;
  if (introspection.method !== "client_secret") return credentialsOf(introspection);
  return credentialsOf({ ...introspection, method: "client_secret_basic" });
}

/** Names what Okta means when the org's authorization server refuses the service app. */
function explainSignIn(error: ConnectorError): ConnectorError {
  switch (error.code) {
    case "consent_required":
    case "invalid_scope":
      return restated(error, {
        kind: "credentials_refused",
        message: `The service app may not use Okta's APIs yet. Grant it ${neededScopes.join(", ")} under “Okta API Scopes”.`,
      });
    case "invalid_dpop_proof":
      return restated(error, {
        kind: "credentials_refused",
        message:
          "The service app wants a proof of possession with each request. Switch off “Require DPoP header in token requests” in its general settings.",
      });
    default:
      return error;
  }
}

/** Okta's own code of an error (developer.okta.com, Error codes). */
function oktaCodeOf({ json }: Answer): string | undefined {
  const code = typeof json === "object" && json !== null ? (json as { errorCode?: unknown }).errorCode : undefined;
  return typeof code === "string" ? code : undefined;
}

/** Names what a refusal of the management API means, and what to do about it. */
function explain(
  error: ConnectorError,
  answer: Answer,
  { doing, path, method }: AdministrationRequest,
): ConnectorError {
  const code = oktaCodeOf(answer);
  if (code === "E0000004" || code === "E0000011") {
    return restated(error, {
      kind: "credentials_refused",
      message: `${doing} failed: Okta does not accept the portal's credentials any more. API tokens end when nobody uses them or when their administrator leaves: enter a new one, or use a service app.`,
    });
  }
  if (code === "E0000015") {
    return restated(error, {
      kind: "unsupported",
      message: `${doing} failed: this org does not have the feature. Custom authorization servers need Okta's API Access Management.`,
    });
  }
  // An application that is still active cannot be deleted: that is no question of permissions.
  if (answer.status !== 403 || code === "E0000056") return error;
  const kind = path.includes("/authorizationServers") ? "authorizationServers" : "apps";
  const scope = `okta.${kind}.${method === "GET" ? "read" : "manage"}`;
  const role = kind === "apps" ? "application administrators" : "API access management administrators";
  return restated(error, {
    kind: "credentials_refused",
    message: `${doing} failed: the portal lacks a permission. It needs the scope ${scope}, and a role such as that of ${role}.`,
  });
}
