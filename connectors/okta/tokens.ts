/** What the portal asks the authorization server in a client's name. */
import type { ClientRef, ConnectorDependencies, KeyManagerAdapter } from "#lib/connector-kit/contract.ts";
import { ConnectorError, isConnectorError, restated } from "#lib/connector-kit/errors.ts";
import { tokenRequestOf, type TokenParameters } from "#lib/connector-kit/token-parameters.ts";
import type { SecretCredentials } from "#lib/protocol/client-authentication.ts";
import { introspect } from "#lib/protocol/introspection.ts";
import { revoke } from "#lib/protocol/revocation.ts";
import { clientCredentialsToken, exchangedToken } from "#lib/protocol/token.ts";
import { type Org } from "./org.ts";

/** Refused although the client was let in: Okta judges access policies only for clients that it knows. */
export const policyRefusals = ["access_denied", "consent_required"] as const;

type Tokens = Required<Pick<KeyManagerAdapter, "issueToken" | "exchangeToken" | "revokeToken" | "introspectToken">>;

/**
 * Opens the protocol endpoints of the custom authorization server (developer.okta.com, OpenID Connect & OAuth 2.0 API).
 *
 * @param parameters what every request for a token holds
 * @param methodOf how the client authenticates by its registration, or undefined where that cannot be told
 * @returns calls that throw `rejected` where an access policy is missing, `credentials_refused` where the client's
 *   secret is wrong, and `unsupported` where the portal cannot authenticate as the client
 */
export function openTokens(
  org: Org,
  dependencies: ConnectorDependencies,
  { parameters, methodOf }: { parameters: TokenParameters; methodOf(client: ClientRef): Promise<string | undefined> },
): Tokens {
  const { endpoints, introspector } = org;
  const asked = (scopes: readonly string[]) => tokenRequestOf(parameters, scopes);

  /** Tries the way that most clients use; only where that is refused is the registration looked up. */
  async function asClient<T>(client: ClientRef, call: (credentials: SecretCredentials) => Promise<T>): Promise<T> {
    const { consumerKey: clientId, consumerSecret: clientSecret } = client;
    if (!clientSecret) {
      throw new ConnectorError("unsupported", "This client has no secret, so the portal cannot authenticate as it.");
    }
    try {
      return await call({ method: "client_secret_basic", clientId, clientSecret });
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      if (error.kind !== "credentials_refused" || error.code === "access_denied") throw explainRefusal(error);
      const method = await methodOf(client);
      if (method === undefined || method === "client_secret_basic") throw error;
      if (method !== "client_secret_post") {
        const message = `This client authenticates by ${method}, which only its owner can do.`;
        throw restated(error, { kind: "unsupported", message });
      }
    }
    try {
      return await call({ method: "client_secret_post", clientId, clientSecret });
    } catch (error) {
      throw isConnectorError(error) ? explainRefusal(error) : error;
    }
  }

  return {
    issueToken: (client, { scopes }) =>
      asClient(client, (credentials) =>
        clientCredentialsToken(dependencies, { tokenEndpoint: endpoints.token, credentials, ...asked(scopes) }),
      ),

    exchangeToken: (client, { scopes, ...request }) =>
      asClient(client, (credentials) =>
        exchangedToken(dependencies, {
          tokenEndpoint: endpoints.token,
          credentials,
          ...asked(scopes),
          ...request,
        }),
      ),

    revokeToken: (client, token, kind) =>
      asClient(client, (credentials) =>
        revoke(dependencies, { revocationEndpoint: endpoints.revocation, credentials, token, kind }),
      ),

    async introspectToken(token) {
      if (!introspector) {
        throw new ConnectorError(
          "unsupported",
          "An API token cannot ask about access tokens. Enter a client under “Asking about tokens” of the key manager, or let the portal sign in as a service app.",
        );
      }
      const introspectionEndpoint = endpoints.introspection;
      return introspect(dependencies, { introspectionEndpoint, credentials: introspector, token });
    },
  };
}

/** Names what Okta means when it knows the client and still gives no token. */
function explainRefusal(error: ConnectorError): ConnectorError {
  switch (error.code) {
    case "access_denied":
      return restated(error, {
        kind: "rejected",
        message:
          "No access policy of the authorization server lets this client have these scopes with this grant type. Grant the client the scopes, enter default scopes at the key manager, or add a policy with a rule in Okta under Security, API, the server, Access Policies.",
      });
    case "consent_required":
      return restated(error, {
        kind: "rejected",
        message:
          "One of the scopes asks people for consent, and here is nobody to ask. Set its user consent in Okta to implicit.",
      });
    case "invalid_dpop_proof":
      return restated(error, {
        kind: "rejected",
        message:
          "This client wants a proof of possession with each request. Switch off “Require DPoP header in token requests” at the app in Okta.",
      });
    default:
      return error;
  }
}
