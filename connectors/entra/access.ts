import { decodeJwt } from "jose";
import { z } from "zod";
import type { ConnectorDependencies, KeyManagerSettings } from "#lib/connector-kit/contract.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { probe, type Probe } from "#lib/connector-kit/probe.ts";
import { clientCredentialsToken } from "#lib/protocol/token.ts";
import { tokenEndpointOf } from "./cloud.ts";
import type { Connection } from "./config.ts";
import { portalCredentials, type Graph } from "./graph.ts";
import { explainingToken } from "./refusals.ts";
import { claimsOf } from "./tokens.ts";
import { identified } from "./wire.ts";

/** Application permissions of Microsoft Graph with their ids (learn.microsoft.com/graph/permissions-reference). */
const permissionIds = {
  "Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884",
  "Application.ReadWrite.All": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
  "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
  "AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f",
  "DelegatedPermissionGrant.ReadWrite.All": "8e8e4742-1d95-4f68-9d56-6ee75648c72a",
} as const;
type Permission = keyof typeof permissionIds;

/** Microsoft Graph has this id in every tenant. */
const graphAppId = "00000003-0000-0000-c000-000000000000";

const roleClaim = z.looseObject({ roles: z.array(z.string()).optional() });

/**
 * Signs in as the portal's application, looks at what it may do and at the tokens of the API. Changes nothing.
 *
 * @returns one probe for the sign-in, for permissions, for the API, and for its tokens
 */
export async function checkAccess(
  graph: Graph,
  settings: KeyManagerSettings<Connection>,
  dependencies: Pick<ConnectorDependencies, "fetch" | "clock">,
): Promise<Probe[]> {
  const { connection } = settings;
  let granted: string[] | null = null;
  const signedIn = await probe("sign_in", "The portal's application signs in.", {
    fix: fixOfSignIn(connection),
    async attempt() {
      granted = rolesOf((await graph.signIn()).headers["authorization"] ?? "");
    },
  });
  if (signedIn.status === "failed") return [signedIn];
  return [
    signedIn,
    judgePermissions(granted, connection),
    await checkApi(graph, connection),
    await checkTokens(settings, dependencies),
  ];
}

function fixOfSignIn({ signIn }: Connection): string {
  const credential =
    signIn.method === "client_secret"
      ? "that the secret is the value and not the id of one that has not expired"
      : "that the certificate stands under Certificates & secrets there and the private key is its";
  return `Check that the client id is the application (client) id of the app registration, and ${credential}.`;
}

/** Permissions in a token of Graph. It is Graph's own and may change its form: null where it cannot be read. */
function rolesOf(authorization: string): string[] | null {
  try {
    return roleClaim.parse(decodeJwt(authorization.replace(/^Bearer /, ""))).roles ?? [];
  } catch {
    return null;
  }
}

function judgePermissions(granted: string[] | null, connection: Connection): Probe {
  const step = "permissions";
  if (!granted) {
    return {
      step,
      status: "warning",
      summary: "What the portal's application may do cannot be seen in its token.",
      fix: grantCommand(connection, ["Application.ReadWrite.OwnedBy", "AppRoleAssignment.ReadWrite.All"]),
    };
  }
  const lacks = (...names: Permission[]) => !names.some((name) => granted.includes(name));
  if (lacks("Application.ReadWrite.OwnedBy", "Application.ReadWrite.All")) {
    return {
      step,
      status: "failed",
      summary: "The portal's application may not manage applications: it lacks Application.ReadWrite.OwnedBy.",
      fix: grantCommand(connection, ["Application.ReadWrite.OwnedBy"]),
    };
  }
  const missing: Permission[] = [];
  if (lacks("AppRoleAssignment.ReadWrite.All")) missing.push("AppRoleAssignment.ReadWrite.All");
  if (lacks("Application.Read.All", "Application.ReadWrite.All")) missing.push("Application.Read.All");
  if (connection.delegatedScopes && lacks("DelegatedPermissionGrant.ReadWrite.All")) {
    missing.push("DelegatedPermissionGrant.ReadWrite.All");
  }
  if (missing.length === 0) {
    return { step, status: "passed", summary: "The portal's application may manage applications and grant scopes." };
  }
  return {
    step,
    status: "warning",
    summary: `The portal's application may manage applications, but not everything that scopes need: it lacks ${missing.join(" and ")}.`,
    fix: grantCommand(connection, missing),
  };
}

/** Commands of the Azure CLI; ids were checked where they were typed, and none holds anything but hexadecimal digits. */
function grantCommand({ signIn }: Connection, permissions: readonly Permission[]): string {
  const id = /^[\w-]+$/.test(signIn.clientId) ? signIn.clientId : "THE-CLIENT-ID";
  const roles = permissions.map((name) => `${permissionIds[name]}=Role`).join(" ");
  return `az ad app permission add --id ${id} --api ${graphAppId} --api-permissions ${roles} && az ad app permission admin-consent --id ${id}`;
}

async function checkApi(graph: Graph, { resourceAppId }: Connection): Promise<Probe> {
  const doing = "Looking for the API";
  return probe("permissions", "The API whose roles are the scopes is there.", {
    fix: `Check “Application id of the API”: it must be an app registration of this tenant, with a service principal (az ad sp create --id ${resourceAppId}).`,
    async attempt() {
      for (const collection of ["applications", "servicePrincipals"]) {
        const path = `/${collection}(appId='${resourceAppId}')?$select=id`;
        await graph.read({ method: "GET", path, doing }, identified);
      }
    },
  });
}

/** A token of the API, as any application of the tenant may get one: does it come from the issuer that is trusted? */
async function checkTokens(
  settings: KeyManagerSettings<Connection>,
  dependencies: Pick<ConnectorDependencies, "fetch" | "clock">,
): Promise<Probe> {
  const { issuer, connection } = settings;
  const { resourceAppId, tokenVersion } = connection;
  const step = "issuer";
  try {
    const { accessToken } = await explainingToken("Getting a token of the API", () =>
      clientCredentialsToken(dependencies, {
        tokenEndpoint: tokenEndpointOf(settings),
        credentials: portalCredentials(connection),
        scopes: [`${resourceAppId}/.default`],
      }),
    );
    const claims = claimsOf(accessToken);
    if (claims?.iss === issuer) return { step, status: "passed", summary: "Tokens of the API come from this issuer." };
    if (!claims) {
      return { step, status: "warning", summary: "Tokens of the API are no JWTs, so their issuer cannot be seen." };
    }
    const isOtherVersion = !(claims.ver ?? "").startsWith(tokenVersion);
    return {
      step,
      status: "failed",
      summary: "Tokens of the API come from another issuer, so gateways would refuse them.",
      detail: claims.iss,
      fix: isOtherVersion
        ? `The API issues tokens of version ${claims.ver ?? "1.0"}. Change that (az ad app update --id ${resourceAppId} --requested-access-token-version ${tokenVersion}), or choose the other version in the connection.`
        : `Set the issuer of this key manager to ${claims.iss}`,
    };
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return {
      step,
      status: "warning",
      summary: `The issuer of the API's tokens could not be compared. ${error.message}`,
      fix: "Compare the claim iss of a token of the API with the issuer of this key manager.",
      ...(error.reason && { detail: error.reason }),
    };
  }
}
