/** Where a tenant's token endpoint and Microsoft Graph stand. */
import type { KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import type { Connection } from "./config.ts";

type NamedCloud = Exclude<Connection["cloud"]["name"], "custom">;

/** learn.microsoft.com/graph/deployments; the first login host of a cloud is the one in use today. */
const clouds: Record<NamedCloud, { graph: string; logins: readonly string[] }> = {
  global: { graph: "https://graph.microsoft.com", logins: ["login.microsoftonline.com"] },
  us_government: { graph: "https://graph.microsoft.us", logins: ["login.microsoftonline.us"] },
  us_government_dod: { graph: "https://dod-graph.microsoft.us", logins: ["login.microsoftonline.us"] },
  china: {
    graph: "https://microsoftgraph.chinacloudapi.cn",
    logins: ["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
  },
};

/** Names that stand for every tenant: an application gets no token of its own there. */
const noTenant = new Set(["common", "organizations", "consumers"]);

/**
 * The address of Microsoft Graph, without a version; also the name of Graph as a resource in its own cloud.
 *
 * @param cloud the choice in the connection form
 */
export function graphOf({ cloud }: Connection): string {
  return cloud.name === "custom" ? cloud.graphUrl.replace(/\/+$/, "") : clouds[cloud.name].graph;
}

/**
 * The tenant's token endpoint, for the tokens of clients.
 *
 * @throws {ConnectorError} `misconfigured` where it is missing, is not of version 2, names no tenant, or belongs to
 *   another cloud than the connection names
 */
export function tokenEndpointOf({ endpoints, connection }: KeyManagerSettings<Connection>): string {
  const { token } = endpoints;
  if (!token) throw new ConnectorError("misconfigured", "Token endpoint: it is missing. Enter the one of discovery.");
  const { hostname } = new URL(token);
  if (tenantOf(token) === undefined) {
    throw new ConnectorError(
      "misconfigured",
      "Token endpoint: it must be the one of one tenant and of version 2, like https://login.microsoftonline.com/YOUR-TENANT-ID/oauth2/v2.0/token.",
    );
  }
  const { name } = connection.cloud;
  if (name !== "custom" && !clouds[name].logins.includes(hostname)) {
    const other = Object.values(clouds).some(({ logins }) => logins.includes(hostname));
    if (other) {
      throw new ConnectorError(
        "misconfigured",
        `Cloud: the token endpoint at ${hostname} belongs to another cloud. Choose that cloud in the connection.`,
      );
    }
  }
  return token;
}

/**
 * Where the portal itself signs in: the token endpoint, unless the connection names a login host for it.
 *
 * @throws {ConnectorError} `misconfigured` as `tokenEndpointOf`
 */
export function signInEndpointOf(settings: KeyManagerSettings<Connection>): string {
  const token = tokenEndpointOf(settings);
  const { cloud } = settings.connection;
  if (cloud.name !== "custom" || cloud.loginUrl === undefined) return token;
  return `${cloud.loginUrl.replace(/\/+$/, "")}/${tenantOf(token) ?? ""}/oauth2/v2.0/token`;
}

/** The tenant in an address of version 2, or undefined; a policy or user flow may stand behind it. */
function tenantOf(tokenEndpoint: string): string | undefined {
  const [, tenant] = /\/([^/]+)(?:\/[^/]+)?\/oauth2\/v2\.0\/token$/.exec(new URL(tokenEndpoint).pathname) ?? [];
  return tenant === undefined || noTenant.has(tenant.toLowerCase()) ? undefined : tenant;
}
