import { decodeJwt } from "jose";
import { z } from "zod";
import type { AdministrationSession } from "#lib/connector-kit/administration.ts";
import { probe, type Probe } from "#lib/connector-kit/probe.ts";
import type { Connection } from "./config.ts";
import type { Realm } from "./realm.ts";
import { clientList } from "./wire.ts";

const neededRoles = ["view-clients", "manage-clients"] as const;

const roleClaims = z.looseObject({
  resource_access: z.record(z.string(), z.looseObject({ roles: z.array(z.string()) })).optional(),
});

/** Roles of realm-management that a token of the portal's client carries; null where it does not say. */
function rolesOf({ headers }: AdministrationSession): string[] | null {
  try {
    // Not verified: the token was just handed out by the server itself and decides nothing but these words.
    const claims = roleClaims.parse(decodeJwt((headers["authorization"] ?? "").replace(/^Bearer /, "")));
    return claims.resource_access?.["realm-management"]?.roles ?? [];
  } catch {
    return null;
  }
}

/** What to look at where the portal is not let in. */
const signInFixes: Record<Connection["signIn"]["method"], string> = {
  client_secret:
    "Check client id and secret, and that the client has “Client authentication” and “Service accounts roles” switched on.",
  private_key_jwt:
    "Check that the client's authenticator is “Signed JWT”, that its Keys tab has the public part of this key under the same key id, and that “Service accounts roles” is switched on.",
  mutual_tls:
    "Check that the client's authenticator is “X509 Certificate” with the subject of this certificate, that Keycloak asks for client certificates (https-client-auth), and that “Service accounts roles” is switched on.",
};

/** Signs in as the portal's client and looks whether it may do its work. Changes nothing. */
export async function checkAccess(realm: Realm, { signIn }: Connection): Promise<Probe[]> {
  let session: AdministrationSession | undefined;
  const signedIn = await probe("sign_in", "The portal's client signs in.", {
    attempt: async () => (session = await realm.signIn()),
    fix: signInFixes[signIn.method],
  });
  return session ? [signedIn, await checkRoles(realm, session)] : [signedIn];
}

async function checkRoles(realm: Realm, session: AdministrationSession): Promise<Probe> {
  const roles = rolesOf(session);
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
  const looked = await probe("permissions", "The portal's client may manage clients.", {
    attempt: () =>
      realm.read({ method: "GET", path: "/clients?first=0&max=1", doing: "Listing the clients" }, clientList),
    fix: grantCommand(realm, neededRoles),
  });
  if (roles || looked.status === "failed") return looked;
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
