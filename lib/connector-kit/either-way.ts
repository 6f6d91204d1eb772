import type { SecretCredentials } from "#lib/protocol/client-authentication.ts";
import type { ClientRef } from "./contract.ts";
import { ConnectorError, isConnectorError } from "./errors.ts";

function secretCredentials(client: ClientRef, method: SecretCredentials["method"]): SecretCredentials {
  if (client.consumerSecret) return { method, clientId: client.consumerKey, clientSecret: client.consumerSecret };
  throw new ConnectorError("unsupported", "This client has no secret, so it cannot authenticate here.");
}

/**
 * Runs a call as a client, with its secret in the header and, where the client is refused that way, once more
 * with the secret in the body: servers may accept only the one that the client was registered for
 * (RFC 7591 §2, `token_endpoint_auth_method`).
 *
 * @param first which way comes first, where the server documents but one of them
 * @returns what the call gives
 * @throws {ConnectorError} `unsupported` where the client has no secret; otherwise what the last call throws
 */
export async function eitherWay<T>(
  client: ClientRef,
  call: (credentials: SecretCredentials) => Promise<T>,
  first: "client_secret_basic" | "client_secret_post" = "client_secret_basic",
): Promise<T> {
  const second = first === "client_secret_basic" ? "client_secret_post" : "client_secret_basic";
  try {
    return await call(secretCredentials(client, first));
  } catch (error) {
    if (!isConnectorError(error) || error.kind !== "credentials_refused") throw error;
    return call(secretCredentials(client, second));
  }
}
