import type { Secret } from "./secret.ts";

/** How a key manager failed us. There are no vendor-specific kinds. */
export const connectorErrorKinds = [
  "misconfigured",
  "unreachable",
  "credentials_refused",
  "rejected",
  "not_found",
  "conflict",
  "rate_limited",
  "unsupported",
  "bad_response",
] as const;
export type ConnectorErrorKind = (typeof connectorErrorKinds)[number];

/** What RFC 7592 lets a server replace with any answer. */
export type ReplacedCredentials = { consumerSecret?: Secret; registrationToken?: Secret };

export type ConnectorErrorOptions = {
  /** The server's own words, trimmed and scrubbed of credentials; shown to people as a quotation. */
  reason?: string;
  /** HTTP status of the answer, where there was one. */
  status?: number;
  /** The answer's OAuth error code (RFC 6749 §5.2), where it had one: connectors tell refusals apart by it. */
  code?: string;
  retryAfterSeconds?: number;
  /** The credentials that were refused are the client's own, none that the administrator configured. */
  ofClient?: boolean;
  /**
   * Credentials that the server handed out on the way although the call as a whole failed. The old ones
   * are dead: store these.
   */
  credentials?: ReplacedCredentials;
  cause?: unknown;
};

const mark = Symbol.for("latchkey.ConnectorError");

/**
 * The only error that adapters and lib/protocol throw. The message is written for people; it holds no
 * secret in clear and nothing of the server's answer except the quoted, scrubbed `reason`.
 */
export class ConnectorError extends Error {
  readonly [mark] = true;
  readonly kind: ConnectorErrorKind;
  readonly reason: string | undefined;
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly ofClient: boolean;
  readonly credentials: ReplacedCredentials | undefined;

  constructor(kind: ConnectorErrorKind, message: string, options: ConnectorErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "ConnectorError";
    this.kind = kind;
    this.reason = options.reason;
    this.status = options.status;
    this.code = options.code;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.ofClient = options.ofClient ?? false;
    this.credentials = options.credentials;
  }
}

/** Recognises a ConnectorError, whichever copy of this module made it. */
export function isConnectorError(value: unknown): value is ConnectorError {
  return typeof value === "object" && value !== null && mark in value;
}

/**
 * The same failure, carrying credentials that the server handed out before it. Those that the failure itself
 * brought are newer and stay.
 */
export function withCredentials(error: ConnectorError, credentials: ReplacedCredentials): ConnectorError {
  const { reason, status, code, retryAfterSeconds, ofClient } = error;
  return new ConnectorError(error.kind, error.message, {
    ...(reason !== undefined && { reason }),
    ...(status !== undefined && { status }),
    ...(code !== undefined && { code }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ofClient,
    credentials: { ...credentials, ...error.credentials },
    cause: error,
  });
}
