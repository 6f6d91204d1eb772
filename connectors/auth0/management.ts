/** The Management API v2 of one tenant, signed in as the portal's application. */
import {
  openAdministration,
  type Administration,
  type AdministrationRequest,
} from "#lib/connector-kit/administration.ts";
import type { ConnectorDependencies, KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { restated, type ConnectorError } from "#lib/connector-kit/errors.ts";
import { bearerSession, credentialsOf, secretsOfSignIn } from "#lib/connector-kit/sign-in.ts";
import type { Answer } from "#lib/protocol/exchange.ts";
import type { Connection } from "./config.ts";
import { managementError } from "./wire.ts";

export type Management = {
  administration: Administration;
  tokenEndpoint: string;
  revocationEndpoint: string;
  /** The `aud` that Auth0 wants in assertions: the issuer, with its slash (docs, “Authenticate with Private Key JWT”). */
  assertionAudience: string;
  /** The API whose tokens are issued where nothing else is said, and all that clients may be made for. */
  audience: string;
  audiences: readonly string[];
};

/**
 * Opens the Management API. It is called where tokens for it are issued: Auth0 refuses a token that a custom
 * domain issued at the tenant's own domain (docs, “Get Access Tokens”, custom domains).
 *
 * @returns a session that begins with the first call, and what a token endpoint of Auth0 wants to hear
 */
export function openManagement(
  { issuer, endpoints, connection }: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): Management {
  const { authentication, audience, furtherAudiences } = connection;
  const home = issuer.replace(/\/*$/, "");
  const base = `${home}/api/v2`;
  const tokenEndpoint = endpoints.token ?? `${home}/oauth/token`;
  const revocationEndpoint = endpoints.revocation ?? `${home}/oauth/revoke`;
  const managementAudience = connection.managementAudience ?? `${base}/`;
  const assertionAudience = `${home}/`;

  const administration = openAdministration(
    {
      base,
      apiName: "Auth0's Management API",
      secrets: secretsOfSignIn(authentication),
      explain,
      // One token serves for its whole life, a day unless the tenant says otherwise: each one is counted.
      signIn: () =>
        bearerSession(dependencies, {
          tokenEndpoint: (authentication.method === "mutual_tls" && authentication.tokenUrl) || tokenEndpoint,
          credentials: credentialsOf(authentication),
          parameters: { audience: managementAudience },
          assertionAudience,
        }),
    },
    dependencies,
  );
  const audiences = [...new Set([audience, ...furtherAudiences])].filter((known) => known !== managementAudience);
  return { administration, tokenEndpoint, revocationEndpoint, assertionAudience, audience, audiences };
}

/** Names what a refusal means: a permission that is missing, or a tenant that is full. */
function explain(error: ConnectorError, answer: Answer, { doing }: AdministrationRequest): ConnectorError {
  const { errorCode, message: said } = managementError(answer.json);
  if (answer.status !== 403) return error;
  const permissions = /expected any of: ([\w:, ]{1,300})/.exec(said ?? "")?.[1];
  if (permissions) {
    const message = `${doing} failed: the portal's application lacks a permission of the Auth0 Management API: ${permissions.split(/, ?/).join(" or ")}.`;
    return restated(error, { kind: "credentials_refused", message });
  }
  // The same status says that the tenant holds as many objects as its subscription allows.
  if (errorCode !== undefined && errorCode !== "insufficient_scope") {
    return restated(error, { kind: "rejected", message: `${doing} failed: Auth0 does not allow it in this tenant.` });
  }
  return error;
}
