import type { Administration } from "#lib/connector-kit/administration.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { probe, type Probe } from "#lib/connector-kit/probe.ts";
import type { Connection } from "./config.ts";
import { provider, providerPath } from "./scopes.ts";

const signInFixes: Record<Connection["authentication"]["method"], string> = {
  service_account:
    "Check the service account's id and key, that it is active, and that its scopes hold fr:am:*. The admin address must be the tenant's own, not a custom domain.",
  administrator:
    "Check user name and password, the realm of the account, and that its journey asks for nothing else, such as a second factor.",
  client_secret: "Check client id and secret, and that the client has the client credentials grant and the scopes.",
  private_key_jwt: "Check that the client uses private_key_jwt and that AM has the public part of this key.",
  mutual_tls: "Check that the client uses tls_client_auth and that AM trusts this certificate.",
};

/** What checkAccess needs of an adapter. */
export type AccessOptions = {
  administration: Administration;
  connection: Connection;
  /** Reads the template for a new client. */
  readTemplate(): Promise<unknown>;
  /** Fails where the introspection client may not ask about every token. */
  demandIntrospection(): Promise<void>;
};

/**
 * Signs in as the portal and looks whether it may do its work. Changes nothing.
 *
 * @returns the steps of the connection test, up to the first sign-in that fails
 */
export async function checkAccess(options: AccessOptions): Promise<Probe[]> {
  const { administration, connection, readTemplate, demandIntrospection } = options;
  const signedIn = await probe("sign_in", "The portal's account signs in.", {
    attempt: () => administration.signIn(),
    fix: signInFixes[connection.authentication.method],
  });
  if (signedIn.status !== "passed") return [signedIn];
  return [
    signedIn,
    await probe("permissions", "The portal's account may manage clients.", {
      attempt: readTemplate,
      fix: "Give the account the right to administer this realm (Advanced Identity Cloud: the scope fr:am:*).",
    }),
    await checkProvider(administration),
    ...(connection.introspection.method !== "token_info"
      ? [
          await probe("permissions", "The introspection client may ask about every token of the realm.", {
            attempt: demandIntrospection,
            fix: "Add am-introspect-all-tokens to the scopes of that client, or choose the token information endpoint.",
          }),
        ]
      : []),
  ];
}

/** How the realm's tokens look decides whether a gateway can check them by itself. */
async function checkProvider(administration: Administration): Promise<Probe> {
  const step = "permissions";
  try {
    const doing = "Reading the OAuth2 provider";
    const found = await administration.read({ method: "GET", path: providerPath, doing }, provider);
    const algorithm = found.advancedOAuth2Config.tokenSigningAlgorithm ?? "";
    if (!found.coreOAuth2Config.statelessTokensEnabled) {
      return {
        step,
        status: "warning",
        summary: "Access tokens of this realm are opaque: gateways must ask AM about each one.",
        fix: "Validate tokens by introspection, or switch on client-side tokens at the realm's OAuth2 provider.",
      };
    }
    if (algorithm.startsWith("HS")) {
      return {
        step: "keys",
        status: "warning",
        summary: `Access tokens of this realm are signed with ${algorithm}, a shared secret: gateways cannot check them.`,
        fix: "Choose RS256 or ES256 as token signing algorithm at the realm's OAuth2 provider.",
      };
    }
    return { step, status: "passed", summary: "The realm's OAuth2 provider issues signed tokens." };
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return {
      step,
      status: "failed",
      summary: error.message,
      fix: "Add the service “OAuth2 Provider” to the realm, and let the portal's account read it.",
      ...(error.reason && { detail: error.reason }),
    };
  }
}
