import { isConnectorError, type ConnectorErrorKind } from "#lib/connector-kit/errors.ts";
import { isAppError } from "#lib/foundation/errors.ts";

/** The key manager answered, and its answer means that it did nothing. */
const refusals: readonly ConnectorErrorKind[] = [
  "misconfigured",
  "credentials_refused",
  "rejected",
  "not_found",
  "conflict",
  "rate_limited",
  "unsupported",
];

/** Failures of the outbound door, and of the system below it, that come before a request is sent. */
const neverSentKinds = ["invalid_url", "address_refused", "busy"];
const neverSentCodes = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
];

/**
 * True where a failed call has certainly changed nothing at the key manager. A time-out or a broken
 * answer proves nothing: the key manager may have done what was asked.
 */
export function changedNothing(error: unknown): boolean {
  if (isAppError(error)) return true;
  if (!isConnectorError(error)) return false;
  return refusals.includes(error.kind) || (error.kind === "unreachable" && wasNeverSent(error));
}

function wasNeverSent(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < 8 && typeof current === "object" && current !== null; depth += 1) {
    if ("kind" in current && neverSentKinds.includes(String(current.kind))) return true;
    if ("code" in current && neverSentCodes.includes(String(current.code))) return true;
    current = "cause" in current ? current.cause : undefined;
  }
  return false;
}
