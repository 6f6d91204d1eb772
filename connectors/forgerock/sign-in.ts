/** How the portal signs in to AM's REST API. */
import { z } from "zod";
import type { AdministrationSession } from "#lib/connector-kit/administration.ts";
import type { ConnectorDependencies } from "#lib/connector-kit/contract.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import { bearerSession, credentialsOf, tokenSession } from "#lib/connector-kit/sign-in.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { signedAssertion } from "#lib/protocol/client-authentication.ts";
import { budgets, exchange, failureOf, unreadable } from "#lib/protocol/exchange.ts";
import { assertedToken } from "#lib/protocol/token.ts";
import type { Connection } from "./config.ts";

export type SignInPlace = {
  /** Where AM stands, for its REST API: `https://host/am`. */
  base: string;
  /** Path of the issuer's realm: `/realms/root/realms/alpha`. */
  realmPath: string;
  tokenEndpoint: string;
};

/**
 * Signs in the way that the connection says.
 *
 * @throws {ConnectorError} `credentials_refused`, or `misconfigured` where the account needs more than a password
 */
export async function signIn(
  place: SignInPlace,
  { authentication, adminScopes }: Pick<Connection, "authentication" | "adminScopes">,
  dependencies: Pick<ConnectorDependencies, "fetch" | "clock">,
): Promise<AdministrationSession> {
  switch (authentication.method) {
    case "administrator":
      return administratorSession(place, authentication, dependencies);
    case "service_account":
      return serviceAccountSession(place, { ...authentication, scopes: adminScopes }, dependencies);
    default: {
      const { tokenEndpoint } = place;
      const credentials = credentialsOf(authentication);
      return bearerSession(dependencies, { tokenEndpoint, credentials, scopes: adminScopes });
    }
  }
}

type SignInOf<Method> = Extract<Connection["authentication"], { method: Method }>;

/** A header's value in the form that AM reads where it is more than plain ASCII (RFC 2047 §2). */
function headerValue(text: string): string {
  const isPlain = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text);
  return isPlain ? text : `=?UTF-8?B?${Buffer.from(text, "utf8").toString("base64")}?=`;
}

const authenticated = z.object({
  tokenId: z
    .string()
    .max(8192)
    .regex(/^[\x21-\x7e]+$/),
});
const asksForMore = z.object({ authId: z.string() });
const doing = "Signing in";

/** An account of AM: name and password for a session token (PingAM, “Authenticate over REST”). */
async function administratorSession(
  { base, realmPath }: SignInPlace,
  { username, password, accountRealm, cookieName, journey }: SignInOf<"administrator">,
  { fetch, clock }: Pick<ConnectorDependencies, "fetch" | "clock">,
): Promise<AdministrationSession> {
  const realm = accountRealm === "own" ? realmPath : "/realms/root";
  const query = journey ? `?authIndexType=service&authIndexValue=${encodeURIComponent(journey)}` : "";
  const answer = await exchange(fetch, `${base}/json${realm}/authenticate${query}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "accept-api-version": "resource=2.0, protocol=1.0",
      "x-openam-username": headerValue(username),
      "x-openam-password": headerValue(password.reveal()),
    },
    body: "{}",
    ...budgets.administration,
  });
  if (answer.status !== 200) throw failureOf(answer, { now: clock.now(), doing, secrets: [password] });
  if (asksForMore.safeParse(answer.json).success) {
    throw new ConnectorError(
      "misconfigured",
      "Signing in failed: AM asks this account for more than a name and a password. Name a journey or chain that does not.",
    );
  }
  const parsed = authenticated.safeParse(answer.json);
  if (!parsed.success) throw unreadable(answer, doing, "holds no session token");
  return { headers: { [cookieName.toLowerCase()]: parsed.data.tokenId } };
}

/**
 * A service account of Advanced Identity Cloud: an assertion signed with its key for an access token of the
 * built-in client “service-account” (PingOne AIC API, “Authenticate with access token”).
 */
async function serviceAccountSession(
  { base }: SignInPlace,
  account: Pick<SignInOf<"service_account">, "serviceAccountId" | "privateKey"> & { scopes: readonly string[] },
  dependencies: Pick<ConnectorDependencies, "fetch" | "clock">,
): Promise<AdministrationSession> {
  const { serviceAccountId: clientId, privateKey, scopes } = account;
  const key = { method: "private_key_jwt", clientId, privateKey, algorithm: "RS256" } as const;
  const tokenEndpoint = `${base}/oauth2/access_token`;
  const assertion = new Secret(await signedAssertion(key, withPort(tokenEndpoint), dependencies.clock));
  const credentials = { method: "none", clientId: "service-account" } as const;
  const token = await assertedToken(dependencies, { tokenEndpoint, credentials, assertion, scopes });
  return tokenSession(token, dependencies);
}

/** The audience names its port even where it is the usual one. */
function withPort(address: string): string {
  const { protocol, hostname, port, pathname } = new URL(address);
  return `${protocol}//${hostname}:${port || (protocol === "https:" ? "443" : "80")}${pathname}`;
}
