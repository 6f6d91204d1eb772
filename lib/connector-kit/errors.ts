import { ConnectorError, type ReplacedCredentials } from "#lib/foundation/connector-error.ts";

/** The errors of the kit. They are defined in the foundation because lib/protocol, which the kit uses, throws them too. */
export {
  ConnectorError,
  isConnectorError,
  type ConnectorErrorKind,
  type ConnectorErrorOptions,
  type ReplacedCredentials,
} from "#lib/foundation/connector-error.ts";

/** The same failure, carrying credentials that the server handed out before it: the old ones may be dead. */
export function withCredentials(error: ConnectorError, credentials: ReplacedCredentials): ConnectorError {
  const { reason, status, retryAfterSeconds } = error;
  return new ConnectorError(error.kind, error.message, {
    ...(reason !== undefined && { reason }),
    ...(status !== undefined && { status }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    credentials,
    cause: error,
  });
}
