import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { probe, type Probe } from "#lib/connector-kit/probe.ts";
import type { Grants } from "./grants.ts";
import type { Management } from "./management.ts";
import { clientPage } from "./wire.ts";

/** Permissions of the Management API; where two stand together, one of them is enough. */
const permissions: readonly (readonly string[])[] = [
  ["create:clients"],
  ["read:clients"],
  ["update:clients"],
  ["delete:clients"],
  ["read:client_keys", "read:client_credentials"],
  ["update:client_keys"],
  ["create:client_grants"],
  ["read:client_grants"],
  ["update:client_grants"],
  ["read:resource_servers"],
  ["update:resource_servers"],
];

const place = "In Auth0, open Applications, APIs, Auth0 Management API, Application Access";

/**
 * Signs in, and looks whether the portal's application may do its work and whether the APIs are there. Changes
 * nothing.
 *
 * @throws nothing: what fails is a step of the test
 */
export async function checkAccess({ administration, audiences }: Management, grants: Grants): Promise<Probe[]> {
  let scopes: readonly string[] = [];
  const signedIn = await probe("sign_in", "The portal's application signs in.", {
    attempt: async () => {
      scopes = (await administration.signIn()).scopes ?? [];
    },
    fix: "Check client id and secret or key, that the application has the Client Credentials grant, and that it is authorised for the Auth0 Management API. With a custom domain, fill in the audience of the Management API.",
  });
  if (signedIn.status === "failed") return [signedIn];
  const allowed = scopes.length > 0 ? checkPermissions(scopes) : await tryPermissions(administration);
  if (allowed.status === "failed") return [signedIn, allowed];
  const apis = await Promise.all(audiences.map((audience) => checkApi(grants, audience)));
  return [signedIn, allowed, ...apis];
}

function checkPermissions(scopes: readonly string[]): Probe {
  const missing = permissions.filter((choices) => !choices.some((name) => scopes.includes(name)));
  if (missing.length === 0) {
    return {
      step: "permissions",
      status: "passed",
      summary: "The portal's application may manage clients and scopes.",
    };
  }
  const names = missing.map(([first]) => first).join(", ");
  return {
    step: "permissions",
    status: "failed",
    summary: `The portal's application lacks ${missing.length === 1 ? "a permission" : "permissions"} of the Auth0 Management API: ${names}.`,
    fix: `${place}, edit the portal's application and tick ${names}.`,
  };
}

/** The token need not say what it allows. */
async function tryPermissions(administration: Management["administration"]): Promise<Probe> {
  const path = "/clients?fields=client_id&include_fields=true&take=1";
  const tried = await probe("permissions", "The portal's application may see clients.", {
    attempt: () => administration.read({ method: "GET", path, doing: "Listing the clients" }, clientPage),
    fix: `${place}, and authorise the portal's application for ${permissions.map(([first]) => first).join(", ")}.`,
  });
  return tried;
}

async function checkApi(grants: Grants, audience: string): Promise<Probe> {
  try {
    const { signing_alg: algorithm, subject_type_authorization: access } = await grants.api(audience);
    if (algorithm === "HS256") {
      return {
        step: "permissions",
        status: "failed",
        summary: `Tokens of the API “${audience}” are signed with HS256, which gateways cannot check.`,
        fix: "In Auth0, open the API's settings and choose RS256 as JSON Web Token signing algorithm.",
      };
    }
    if (access?.client?.policy === "deny_all") {
      return {
        step: "permissions",
        status: "warning",
        summary: `The API “${audience}” gives no tokens to machines.`,
        fix: "In Auth0, open the API's application access policy and allow client access by client grant.",
      };
    }
    return { step: "permissions", status: "passed", summary: `Auth0 has the API “${audience}”.` };
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return {
      step: "permissions",
      status: "failed",
      summary: error.message,
      fix: `In Auth0, open Applications, APIs and create an API with the identifier “${audience}”, or correct the identifier here.`,
      ...(error.reason && { detail: error.reason }),
    };
  }
}
