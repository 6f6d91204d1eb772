import { isConnectorError, type ConnectorError, type ConnectorErrorKind } from "#lib/connector-kit/errors.ts";
import { AppError, isAppError, type ErrorCode } from "#lib/foundation/errors.ts";
import { isOutboundError } from "#lib/foundation/outbound-error.ts";

const codes = {
  misconfigured: "key_manager.misconfigured",
  unreachable: "key_manager.unreachable",
  credentials_refused: "key_manager.credentials_refused",
  rejected: "key_manager.rejected",
  not_found: "key_manager.rejected",
  conflict: "key_manager.rejected",
  rate_limited: "key_manager.rate_limited",
  unsupported: "key_manager.unsupported",
  bad_response: "key_manager.bad_response",
} as const satisfies Record<ConnectorErrorKind, ErrorCode>;

const sentences = {
  misconfigured: (name) => `The settings of ${name} do not work.`,
  unreachable: (name) => `${name} could not be reached.`,
  credentials_refused: (name) => `${name} refused the credentials that the administrator configured.`,
  rejected: (name) => `${name} refused the request.`,
  not_found: (name) => `${name} does not have what was asked for.`,
  conflict: (name) => `${name} holds something else under this name or id already.`,
  rate_limited: (name) => `${name} asks for fewer calls.`,
  unsupported: (name) => `${name} does not support that.`,
  bad_response: (name) => `${name} sent an answer that cannot be understood.`,
} as const satisfies Record<ConnectorErrorKind, (name: string) => string>;

const advice: Partial<Record<ConnectorErrorKind, string>> = {
  misconfigured: "An administrator must correct them.",
  unreachable: "Try again in a moment.",
  rate_limited: "Try again in a moment.",
};

/**
 * The one mapping from what connectors throw to what people read.
 *
 * @param keyManagerName the display name, named in the message
 * @returns the refusal; an AppError comes back as it is
 * @throws the error itself where it is neither, because then it is a bug
 */
export function toAppError(error: unknown, keyManagerName: string): AppError {
  if (isAppError(error)) return error;
  if (!isConnectorError(error)) throw error;
  return new AppError(codes[error.kind], {
    message: describeConnectorError(error, keyManagerName),
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
    cause: error,
  });
}

/**
 * What happened, and what to do about it where that is always the same.
 *
 * @param keyManagerName the display name
 */
export function describeConnectorError(error: ConnectorError, keyManagerName: string): string {
  return [whatHappened(error, keyManagerName), advice[error.kind]].filter(Boolean).join(" ");
}

/**
 * What happened, in a sentence, with what its connector knows about it, and the server's own words as a quotation,
 * where there are any.
 *
 * @param keyManagerName the display name
 */
export function whatHappened(error: ConnectorError, keyManagerName: string): string {
  const { reason, explanation } = error;
  return [sentenceFor(error, keyManagerName), explanation, reason && `It said: “${reason}”`].filter(Boolean).join(" ");
}

function sentenceFor(error: ConnectorError, name: string): string {
  const { kind, status = 0, ofClient, explanation, cause } = error;
  if (isOutboundError(cause) && cause.kind === "timeout") return `${name} did not answer in time.`;
  if (kind === "unreachable" && status >= 500) {
    return `${name} answered with an error of its own (HTTP ${String(status)}).`;
  }
  if (kind === "credentials_refused" && ofClient) {
    return `${name} no longer accepts the registration access token of this client: only its administrator can change or delete it there.`;
  }
  // Without further words, it is the client that every call is about.
  if (kind === "not_found" && !explanation) return `${name} does not know this OAuth client.`;
  // Where a connector says what is in the way, it need not be a name.
  if (kind === "conflict" && explanation) return sentences.rejected(name);
  return sentences[kind](name);
}
