import { randomUUID } from "node:crypto";
import { unlessAbsent, type Administration } from "#lib/connector-kit/administration.ts";
import type { KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { probe, type Probe } from "#lib/connector-kit/probe.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { Connection } from "./config.ts";
import { accessTokenManagers, version } from "./wire.ts";

const signInFixes: Record<Connection["signIn"]["method"], string> = {
  basic:
    "Check user name and password, and that pf.admin.api.authentication in run.properties names native, LDAP or RADIUS.",
  client_secret: "Check client id and secret, and that pf.admin.api.authentication in run.properties names OAuth2.",
  private_key_jwt: "Check client id and key, and that pf.admin.api.authentication in run.properties names OAuth2.",
  mutual_tls:
    "Check that pf.admin.api.authentication in run.properties is cert, and that cert_auth.properties names this certificate.",
};

/**
 * Signs in to the administrative API and looks whether the portal may do its work. Changes nothing.
 *
 * @param context.introspect asks about a token as the resource server's client
 * @throws whatever is no ConnectorError
 */
export async function checkAccess(
  api: Administration,
  context: { settings: KeyManagerSettings<Connection>; introspect(token: Secret): Promise<unknown> },
): Promise<Probe[]> {
  const { connection } = context.settings;
  const signedIn = await probe("sign_in", "The portal signs in to the administrative API.", {
    attempt: () => api.read({ method: "GET", path: "/version", doing: "Signing in" }, version),
    fix: signInFixes[connection.signIn.method],
  });
  if (signedIn.status === "failed") return [signedIn];
  // Deleting what cannot exist is refused to whoever may only read.
  const path = `/oauth/clients/latchkey-probe-${randomUUID()}`;
  const allowed = await probe("permissions", "The portal may manage clients.", {
    attempt: () => unlessAbsent(api.run({ method: "DELETE", path, doing: "Managing clients" })),
    fix: "Give the portal's account the administrative role Admin (System > Server > Administrative Accounts). An Auditor may only read.",
  });
  const probes = [signedIn, allowed];
  if (allowed.status === "passed") probes.push(...(await checkManagers(api, context.settings)));
  if (connection.introspection.method !== "none") {
    const asks = await probe("permissions", "The resource server's client may ask about tokens.", {
      attempt: () => context.introspect(new Secret(randomUUID())),
      fix: "Check that client's id and how it authenticates, and that it has the grant type Access Token Validation.",
    });
    probes.push(asks);
  }
  return probes;
}

/** Looks at the access token managers: without one there are no tokens, and some sign with keys of their own. */
async function checkManagers(api: Administration, { issuer, signingKeys }: KeyManagerSettings): Promise<Probe[]> {
  try {
    const request = { method: "GET", path: "/oauth/accessTokenManagers", doing: "Reading the token managers" } as const;
    const managers = (await api.read(request, accessTokenManagers)).items ?? [];
    if (managers.length === 0) {
      return [
        {
          step: "permissions",
          status: "warning",
          summary: "There is no access token manager, so PingFederate issues no tokens.",
          fix: "Create one under Applications > OAuth > Access Token Management.",
        },
      ];
    }
    return managers.flatMap((manager) => {
      const fields = new Map((manager.configuration?.fields ?? []).map(({ name, value }) => [name, value ?? ""]));
      const keyPath = fields.get("JWKS Endpoint Path");
      const isInDiscovery = ["Use Centralized Signing Key", "Publish Keys to the PingFederate JWKS Endpoint"].some(
        (name) => fields.get(name) === "true",
      );
      if (!keyPath || isInDiscovery) return [];
      const address = `${issuer.replace(/\/$/, "")}/ext${keyPath}`;
      if (signingKeys.kind !== "jwks" || signingKeys.url === address) return [];
      return [
        {
          step: "keys",
          status: "warning",
          summary: `Access token manager “${manager.id}” signs with keys of its own, which are not in the key set of this key manager.`,
          fix: `If its tokens are to be accepted, enter ${address} as the address of the key set.`,
        } satisfies Probe,
      ];
    });
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return [{ step: "permissions", status: "warning", summary: error.message, fix: "Try the test again." }];
  }
}
