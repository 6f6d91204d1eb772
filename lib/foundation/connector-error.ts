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
  /**
   * What the failure means and what to do about it, shown to people after what happened. The whole message where it
   * is not given; null where the message says no more than kind, status and `reason` do.
   */
  explanation?: string | null;
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
  readonly explanation: string | null;

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
    this.explanation = options.explanation === undefined ? message : options.explanation;
  }
}

/** Recognises a ConnectorError, whichever copy of this module made it. */
export function isConnectorError(value: unknown): value is ConnectorError {
  return typeof value === "object" && value !== null && mark in value;
}

/** What a restated failure may say differently; the rest stays as it was. */
export type Restatement = ConnectorErrorOptions & {
  kind?: ConnectorErrorKind | undefined;
  message?: string | undefined;
};

/**
 * The same failure in other words: what a connector knows of its server's refusals.
 *
 * @param changes a new message explains itself, unless `explanation` is given too
 */
export function restated(error: ConnectorError, { kind, message, ...changes }: Restatement): ConnectorError {
  const { reason, status, code, retryAfterSeconds, ofClient, credentials, explanation } = error;
  const kept = { reason, status, code, retryAfterSeconds, ofClient, credentials };
  const options = Object.fromEntries(
    Object.entries({ ...kept, ...changes }).filter(([, value]) => value !== undefined),
  );
  return new ConnectorError(kind ?? error.kind, message ?? error.message, {
    ...(message === undefined && { explanation }),
    cause: error,
    ...options,
  });
}

/**
 * The same failure, followed by what it means here and what to do about it.
 *
 * @param explanation one or more whole sentences
 */
export function explained(
  error: ConnectorError,
  explanation: string,
  kind: ConnectorErrorKind = error.kind,
): ConnectorError {
  return restated(error, { kind, message: `${error.message} ${explanation}`, explanation });
}

/**
 * The same failure, carrying credentials that the server handed out before it. Those that the failure itself
 * brought are newer and stay.
 */
export function withCredentials(error: ConnectorError, credentials: ReplacedCredentials): ConnectorError {
  return restated(error, { credentials: { ...credentials, ...error.credentials } });
}
