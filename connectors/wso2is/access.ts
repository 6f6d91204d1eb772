import { randomUUID } from "node:crypto";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { probe, type Probe } from "#lib/connector-kit/probe.ts";
import type { AddOn } from "./add-on.ts";
import type { Connection } from "./config.ts";
import { paths, type Server } from "./server.ts";

const signInFixes: Record<Connection["signIn"]["method"], string> = {
  basic: "Check user name and password; in a tenant the name is name@tenant-domain.",
  client_secret: "Check client id and secret, and that the client has the grant client credentials.",
  private_key_jwt:
    "Check client id and key, that the server has its private key JWT authenticator, and that the client names the key set or certificate of this key.",
  mutual_tls:
    "Check that the server trusts the certificate, that client certificate authentication is switched on, and that the user exists.",
};

/**
 * Signs in and looks whether the portal may do its work. Changes nothing; what fails is in the probes, not thrown.
 *
 * @returns one probe for the sign-in, and where that passed one each for clients, scopes and the add-on
 */
export async function checkAccess(
  { administration, sendUnlessUnknown }: Server,
  addOn: AddOn,
  { signIn }: Connection,
): Promise<Probe[]> {
  const signedIn = await probe("sign_in", "The portal signs in.", {
    fix: signInFixes[signIn.method],
    async attempt() {
      await administration.signIn();
      const request = { method: "GET", path: `${paths.scopes}?startIndex=1&count=1`, doing: "Signing in" } as const;
      const answer = await administration.send(request);
      // Who is known but may not see scopes has signed in all the same.
      if (answer.status !== 200 && answer.status !== 403) throw administration.failure(answer, request);
    },
  });
  if (signedIn.status === "failed") return [signedIn];
  const mayManageClients = await probe("permissions", "The portal may see clients.", {
    fix: "Give whoever the portal signs in as a role with the permission Application Management, or its client the scopes internal_application_mgt_* and internal_dcr_*.",
    async attempt() {
      const path = `${paths.registration}?client_name=latchkey-${randomUUID()}`;
      await sendUnlessUnknown({ method: "GET", path, doing: "Looking for a client" });
    },
  });
  const mayManageScopes = await probe("permissions", "The portal may see scopes.", {
    fix: "Give whoever the portal signs in as the permission to manage OAuth2 scopes, if scopes are to be managed from here.",
    async attempt() {
      const path = `${paths.scopes}?startIndex=1&count=1`;
      await administration.run({ method: "GET", path, doing: "Listing the scopes" });
    },
  });
  return [
    signedIn,
    mayManageClients,
    // Clients and tokens work without it.
    mayManageScopes.status === "failed" ? { ...mayManageScopes, status: "warning" } : mayManageScopes,
    await checkAddOn(addOn),
  ];
}

async function checkAddOn(addOn: AddOn): Promise<Probe> {
  const fix =
    "To make new secrets and change owners from here, install the add-on that WSO2 ships for its API Manager (wso2is extensions), as the guide says.";
  try {
    if (await addOn.isAvailable()) {
      return { step: "permissions", status: "passed", summary: "The server has the add-on for secrets and owners." };
    }
    return {
      step: "permissions",
      status: "warning",
      summary: "The server can neither make new secrets nor change owners.",
      fix,
    };
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return { step: "permissions", status: "warning", summary: error.message, fix };
  }
}
