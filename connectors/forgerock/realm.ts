/** One realm of AM: its protocol endpoints, and its REST API signed in as the portal. */
import { openAdministration, type Administration } from "#lib/connector-kit/administration.ts";
import type { ConnectorDependencies, KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { ConnectorError, restated } from "#lib/connector-kit/errors.ts";
import { secretsOfSignIn } from "#lib/connector-kit/sign-in.ts";
import type { Connection } from "./config.ts";
import { signIn } from "./sign-in.ts";

export type Realm = {
  administration: Administration;
  /** Protocol endpoints: from the settings, or where AM always has them. */
  endpoints: { token: string; introspection: string; revocation: string; tokenInfo: string };
};

/** `{base}/oauth2`, then the realm: `/realms/root/realms/alpha`, or `/alpha` as older servers write it. */
const issuerForm = /^(https?:\/\/[^?#]+?)\/oauth2((?:\/[^/?#]+)*)$/;

/** The realm's path below `/json`. */
function realmPathOf(path: string): string {
  if (/^\/realms\/root(\/|$)/.test(path)) return path;
  return `/realms/root${path.replaceAll("/", "/realms/")}`;
}

/**
 * Opens the realm that an issuer names.
 *
 * @throws {ConnectorError} `misconfigured` where the issuer is not one of AM's
 */
export function openRealm(
  { issuer, endpoints, connection }: KeyManagerSettings<Connection>,
  dependencies: ConnectorDependencies,
): Realm {
  const [, issuerBase, path = ""] = issuerForm.exec(issuer) ?? [];
  if (!issuerBase) {
    throw new ConnectorError(
      "misconfigured",
      "The issuer of a ForgeRock realm reads https://host/am/oauth2/realms/root/realms/name.",
    );
  }
  const realmPath = realmPathOf(path);
  const base = (connection.adminUrl ?? issuerBase).replace(/\/$/, "");
  const tokenEndpoint = endpoints.token ?? `${issuer}/access_token`;
  const administration = openAdministration(
    {
      base: `${base}/json${realmPath}/realm-config`,
      signIn: () => signIn({ base, realmPath, tokenEndpoint }, connection, dependencies),
      secrets: [...secretsOfSignIn(connection.authentication), ...secretsOfSignIn(connection.introspection)],
      apiName: "AM's REST API",
      // Without a version the newest one answers; and AM takes a request without this header for a forged one.
      headers: { "accept-api-version": "protocol=1.0,resource=1.0" },
      explain(error, answer, { doing }) {
        if (answer.status === 403) return restated(error, { kind: "credentials_refused", message: missing(doing) });
        // A condition of the request (RFC 9110 §13.1.2): the client should not have been there.
        if (answer.status === 412) return restated(error, { kind: "conflict" });
        return error;
      },
    },
    dependencies,
  );

  function missing(doing: string): string {
    const needed =
      connection.authentication.method === "administrator"
        ? "It needs the privilege to administer this realm."
        : `Its access token needs the scope ${connection.adminScopes.join(" ") || "fr:am:*"}.`;
    return `${doing} failed: the portal's account may not manage the realm's clients. ${needed}`;
  }

  return {
    administration,
    endpoints: {
      token: tokenEndpoint,
      introspection: endpoints.introspection ?? `${issuer}/introspect`,
      revocation: endpoints.revocation ?? `${issuer}/token/revoke`,
      tokenInfo: `${issuer}/tokeninfo`,
    },
  };
}
