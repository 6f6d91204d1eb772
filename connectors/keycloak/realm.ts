/** The admin API of one realm, signed in as the portal's client. */
import { openAdministration, type Administration } from "#lib/connector-kit/administration.ts";
import type { ConnectorDependencies, KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { ConnectorError, explained } from "#lib/connector-kit/errors.ts";
import { bearerSession, credentialsOf, secretsOfSignIn } from "#lib/connector-kit/sign-in.ts";
import type { ClientCredentials } from "#lib/protocol/client-authentication.ts";
import type { Answer } from "#lib/protocol/exchange.ts";
import type { Connection } from "./config.ts";

/** Requests are below `/admin/realms/{realm}`. */
export type Realm = Administration & {
  name: string;
  issuer: string;
  /** Protocol endpoints: from the settings, or where Keycloak always has them. */
  endpoints: { token: string; introspection: string; revocation: string };
  portalClient: ClientCredentials;
};

const issuerForm = /^(https?:\/\/[^?#]+?)\/realms\/([^/?#]+)$/;

/**
 * Opens the realm that an issuer names: `{base}/realms/{realm}`.
 *
 * @throws {ConnectorError} `misconfigured` where the issuer is no realm's
 */
export function openRealm(
  { issuer, endpoints, connection }: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): Realm {
  const [, base, name] = issuerForm.exec(issuer) ?? [];
  if (!base || !name) {
    throw new ConnectorError("misconfigured", "The issuer of a Keycloak realm reads https://host/realms/name.");
  }
  const protocol = `${issuer}/protocol/openid-connect`;
  const tokenEndpoint = endpoints.token ?? `${protocol}/token`;
  const portalClient = credentialsOf(connection.signIn);
  const administration = openAdministration(
    {
      base: `${(connection.adminUrl ?? base).replace(/\/$/, "")}/admin/realms/${name}`,
      apiName: "Keycloak's admin API",
      secrets: secretsOfSignIn(connection.signIn),
      // Every version takes the issuer as the audience of an assertion, and newer ones take nothing else.
      signIn: () =>
        bearerSession(dependencies, { tokenEndpoint, credentials: portalClient, assertionAudience: issuer }),
      explain,
    },
    dependencies,
  );
  return {
    ...administration,
    name: decodeURIComponent(name),
    issuer,
    endpoints: {
      token: tokenEndpoint,
      introspection: endpoints.introspection ?? `${protocol}/token/introspect`,
      revocation: endpoints.revocation ?? `${protocol}/revoke`,
    },
    portalClient,
  };
}

/** A refusal for want of a role names the roles. */
function explain(error: ConnectorError, { status }: Answer): ConnectorError {
  if (status !== 403) return error;
  return explained(
    error,
    "The portal's client lacks a role: it needs view-clients and manage-clients of realm-management.",
    "credentials_refused",
  );
}
