import { decodeJwt } from "jose";
import { z } from "zod";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import type { Probe } from "#lib/connector-kit/probe.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import type { Realm } from "./realm.ts";
import { clientList } from "./wire.ts";

const neededRoles = ["view-clients", "manage-clients"] as const;

const roleClaims = z.looseObject({
  resource_access: z.record(z.string(), z.looseObject({ roles: z.array(z.string()) })).optional(),
});

/** Roles of realm-management that a token of the portal's client carries; null where it does not say. */
function rolesOf(token: Secret): string[] | null {
  try {
    // Not verified: the token was just handed out by the server itself and decides nothing but these words.
    const claims = roleClaims.parse(decodeJwt(token.reveal()));
    return claims.resource_access?.["realm-management"]?.roles ?? [];
  } catch {
    return null;
  }
}

/** Signs in as the portal's client and looks whether it may do its work. Changes nothing. */
export async function checkAccess(realm: Realm): Promise<Probe[]> {
  let token: Secret;
  try {
    token = await realm.signIn();
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return [
      {
        step: "sign_in",
        status: "failed",
        summary: error.message,
        ...(error.reason && { detail: error.reason }),
        fix: "Check client id and secret, and that the client has “Client authentication” and “Service accounts roles” switched on.",
      },
    ];
  }
  const signedIn: Probe = { step: "sign_in", status: "passed", summary: "The portal's client signs in." };
  return [signedIn, await checkRoles(realm, token)];
}

async function checkRoles(realm: Realm, token: Secret): Promise<Probe> {
  const roles = rolesOf(token);
  const missing = neededRoles.filter((role) => !roles?.includes(role));
  if (roles && missing.length > 0) {
    const names = missing.join(" and ");
    return {
      step: "permissions",
      status: "failed",
      summary: `The portal's client lacks ${missing.length === 1 ? "the role" : "the roles"} ${names} of realm-management.`,
      fix: grantCommand(realm, missing),
    };
  }
  try {
    await realm.read({ method: "GET", path: "/clients?first=0&max=1", doing: "Listing the clients" }, clientList);
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    const detail = error.reason && { detail: error.reason };
    const fix = grantCommand(realm, neededRoles);
    return { step: "permissions", status: "failed", summary: error.message, fix, ...detail };
  }
  if (roles) return { step: "permissions", status: "passed", summary: "The portal's client may manage clients." };
  return {
    step: "permissions",
    status: "warning",
    summary: "The portal's client may see clients. Whether it may change them cannot be told from its token.",
    fix: grantCommand(realm, neededRoles),
  };
}

/** Text for a shell: quoted where it is not plain. */
function shellWord(text: string): string {
  return /^[\w.:/@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function grantCommand(realm: Realm, roles: readonly string[]): string {
  const account = shellWord(`service-account-${realm.portalClient.clientId.toLowerCase()}`);
  const names = roles.map((role) => `--rolename ${role}`).join(" ");
  return `kcadm.sh add-roles -r ${shellWord(realm.name)} --uusername ${account} --cclientid realm-management ${names}`;
}
