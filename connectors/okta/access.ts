import { ConnectorError, isConnectorError } from "#lib/connector-kit/errors.ts";
import { probe, type Probe } from "#lib/connector-kit/probe.ts";
import { listPolicies, listRules } from "./admission.ts";
import type { Connection } from "./config.ts";
import { neededScopes, type Org } from "./org.ts";
import { listScopes } from "./scopes.ts";
import { serverObject } from "./wire.ts";

type Circumstances = { issuer: string; connection: Connection };

/**
 * Signs in and looks whether the portal may do its work, and whether the authorization server lets its clients in.
 * Changes nothing.
 *
 * @returns the steps of the connection test, each with what to do where it did not pass
 */
export async function checkAccess(org: Org, { issuer, connection }: Circumstances): Promise<Probe[]> {
  const { defaultScopes, signIn } = connection;
  const isToken = signIn.method === "api_token";
  const signedIn = await probe("sign_in", `Okta accepts the ${isToken ? "API token" : "service app"}.`, {
    attempt: () => enter(org, isToken),
    fix: isToken
      ? "Make an API token under Security, API, Tokens, and enter it here."
      : "Check the client id, and that the public key of this private key is saved at the service app under “Public key / Private key”.",
  });
  if (signedIn.status === "failed") return [signedIn];
  const applications = await probe("permissions", "The portal sees applications.", {
    attempt: () => org.api.run({ method: "GET", path: "/apps?limit=1", doing: "Listing the applications" }),
    fix: `Grant ${neededScopes.join(", ")} under “Okta API Scopes” of the service app, and give it, or the administrator of the API token, a role that manages applications.`,
  });
  const server = await probe("permissions", "The authorization server is active.", {
    attempt: () => checkServer(org, issuer),
    fix: "Open Security, API in Okta: the issuer must be that of an active custom authorization server. The portal needs a role that manages authorization servers.",
  });
  if (server.status === "failed") return [signedIn, applications, server];
  const scopes = await probe("permissions", "The default scopes exist.", {
    attempt: () => checkDefaultScopes(org, defaultScopes),
    fix: "Add the scope under Security, API, the server, Scopes, or take it out of the default scopes here.",
  });
  return [signedIn, applications, server, scopes, await checkPolicies(org, defaultScopes)];
}

/** An API token is a session of its own: only a call shows whether it is one. */
async function enter({ api }: Org, isToken: boolean): Promise<void> {
  if (!isToken) {
    const { scopes = [] } = await api.signIn();
    const missing = neededScopes.filter((scope) => scopes.length > 0 && !scopes.includes(scope));
    if (missing.length === 0) return;
    throw new ConnectorError("credentials_refused", `The service app was not granted ${missing.join(", ")}.`);
  }
  const request = { method: "GET", path: "/apps?limit=1", doing: "Signing in" } as const;
  const answer = await api.send(request);
  if (answer.status >= 400 && answer.status !== 403) throw api.failure(answer, request);
}

async function checkServer({ api, server }: Org, issuer: string): Promise<void> {
  const doing = "Reading the authorization server";
  const found = await api.read({ method: "GET", path: server, doing }, serverObject);
  if (found.status === "ACTIVE") return;
  throw new ConnectorError("rejected", `The authorization server ${issuer} is not active.`);
}

async function checkDefaultScopes(org: Org, defaultScopes: readonly string[]): Promise<void> {
  const known = new Set((await listScopes(org)).map(({ name }) => name));
  const missing = defaultScopes.filter((name) => !known.has(name));
  if (missing.length === 0) return;
  throw new ConnectorError("not_found", `The authorization server has no scope “${missing.join("”, “")}”.`);
}

/** Policies for everybody decide what new clients may do, and may undo what the portal grants. */
async function checkPolicies(org: Org, defaultScopes: readonly string[]): Promise<Probe> {
  const step = "permissions";
  try {
    const general = (await listPolicies(org)).filter(
      ({ status, conditions }) => status !== "INACTIVE" && conditions?.clients?.include?.includes("ALL_CLIENTS"),
    );
    if (general.length === 0 && defaultScopes.length === 0) {
      return {
        step,
        status: "warning",
        summary: "No access policy covers a new client: it gets no token before a scope is granted to it.",
        fix: "Enter default scopes here, or add an access policy for all clients in Okta.",
      };
    }
    for (const { id, name } of general) {
      const isOpen = (await listRules(org, id)).some(
        ({ status, conditions }) => status !== "INACTIVE" && conditions?.scopes?.include?.includes("*"),
      );
      if (!isOpen) continue;
      return {
        step,
        status: "warning",
        summary: `The access policy “${name}” lets every client have every scope, so granting scopes in the portal restricts nobody.`,
        fix: "Narrow its rules to the scopes that everybody may have, or deactivate it in Okta.",
      };
    }
    return {
      step,
      status: "passed",
      summary: "Access policies admit the clients of the portal, and only where it says so.",
    };
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    const fix = "Give the portal a role that manages authorization servers.";
    return { step, status: "failed", summary: error.message, fix, ...(error.reason && { detail: error.reason }) };
  }
}
