/** One HTTP exchange with an authorization server, and the closed mapping of its failures. */
import { ConnectorError, type ConnectorErrorKind } from "#lib/foundation/connector-error.ts";
import { parseUntrustedJson } from "#lib/foundation/json.ts";
import type { OutboundFetch, OutboundInit } from "#lib/foundation/outbound-contract.ts";
import { isOutboundError, type OutboundErrorKind } from "#lib/foundation/outbound-error.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import { quotableReason } from "./reason.ts";

/** Decoded bytes and milliseconds that the kinds of calls get. */
export const budgets = {
  discovery: { deadlineMs: 5_000, maximumBytes: 512 * 1024 },
  administration: { deadlineMs: 10_000, maximumBytes: 256 * 1024 },
  token: { deadlineMs: 10_000, maximumBytes: 64 * 1024 },
  introspection: { deadlineMs: 1_500, maximumBytes: 64 * 1024 },
} as const;

export type Answer = {
  status: number;
  headers: Headers;
  /** The parsed body, or undefined where there was none or it was no JSON. */
  json: unknown;
  /** Whether anything but blanks stood in the body. */
  hasBody: boolean;
};

const kindOfProblem: Record<OutboundErrorKind, ConnectorErrorKind> = {
  invalid_url: "misconfigured",
  address_refused: "misconfigured",
  identity_unusable: "misconfigured",
  unreachable: "unreachable",
  untrusted: "unreachable",
  timeout: "unreachable",
  busy: "unreachable",
  redirect: "bad_response",
  too_large: "bad_response",
  malformed: "bad_response",
};

/**
 * Sends one request and reads the whole answer, whatever its status.
 *
 * @throws {ConnectorError} `misconfigured` for an address that may not be called, `unreachable`, `bad_response`
 */
export async function exchange(fetch: OutboundFetch, url: string, init: OutboundInit): Promise<Answer> {
  try {
    const response = await fetch(url, { ...init, headers: { accept: "application/json", ...init.headers } });
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: parseOrNothing(text), hasBody: !!text.trim() };
  } catch (error) {
    if (!isOutboundError(error)) throw error;
    throw new ConnectorError(kindOfProblem[error.kind], error.message, { explanation: null, cause: error });
  }
}

function parseOrNothing(text: string): unknown {
  try {
    return parseUntrustedJson(text);
  } catch {
    return undefined;
  }
}

const longestWaitSeconds = 300;

/** Where vendors without Retry-After say when calls are counted from zero again: seconds since the epoch, as Okta and Auth0 document them. */
const resets = ["x-rate-limit-reset", "x-ratelimit-reset"];

/** Seconds until the count begins anew, by the server's own clock where it tells it. */
function untilReset(headers: Headers, now: Date): number {
  const reset = resets.map((name) => headers.get(name)?.trim() ?? "").find((text) => /^\d{9,12}$/.test(text));
  const serverTime = Date.parse(headers.get("date") ?? "");
  return Number(reset ?? Number.NaN) - (Number.isNaN(serverTime) ? now.getTime() : serverTime) / 1000;
}

/**
 * How long the server asks to wait (RFC 9110 §10.2.3), clamped to five minutes; undefined where it does
 * not say anything usable.
 */
export function retryAfter(headers: Headers, now: Date): number | undefined {
  const text = headers.get("retry-after")?.trim();
  const seconds = !text
    ? untilReset(headers, now)
    : /^\d{1,12}(\.\d+)?$/.test(text)
      ? Number(text)
      : (Date.parse(text) - now.getTime()) / 1000;
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(Math.ceil(seconds), longestWaitSeconds) : undefined;
}

/** OAuth error codes that say something else than their HTTP status (RFC 6749 §5.2, RFC 6750 §3.1). */
const kindOfCode: Record<string, ConnectorErrorKind> = {
  invalid_client: "credentials_refused",
  invalid_token: "credentials_refused",
  insufficient_scope: "credentials_refused",
  slow_down: "rate_limited",
  temporarily_unavailable: "unreachable",
};

/** The OAuth error code of an answer (RFC 6749 §5.2), or undefined. */
export function errorCodeOf(answer: Answer): string | undefined {
  const body = answer.json;
  const code = typeof body === "object" && body !== null ? (body as { error?: unknown }).error : undefined;
  return typeof code === "string" && /^[\x20-\x7e]{1,100}$/.test(code) ? code : undefined;
}

function kindOf(answer: Answer): ConnectorErrorKind {
  const { status } = answer;
  if (status === 429) return "rate_limited";
  if (status === 503 && answer.headers.has("retry-after")) return "rate_limited";
  if (status >= 500) return "unreachable";
  const byCode = kindOfCode[errorCodeOf(answer) ?? ""];
  if (status >= 400 && byCode) return byCode;
  if (status === 401 || status === 403) return "credentials_refused";
  if (status === 404 || status === 410) return "not_found";
  if (status === 405 || status === 501) return "unsupported";
  if (status === 409) return "conflict";
  if (status === 408) return "unreachable";
  if (status >= 400) return "rejected";
  return "bad_response";
}

const messages: Record<ConnectorErrorKind, string> = {
  misconfigured: "The settings of the key manager do not work.",
  unreachable: "The authorization server failed to answer the request.",
  credentials_refused: "The authorization server refused the credentials.",
  rejected: "The authorization server refused the request.",
  not_found: "The authorization server does not know this.",
  conflict: "The authorization server has something under this name already.",
  rate_limited: "The authorization server asks for fewer calls.",
  unsupported: "The authorization server does not offer this.",
  bad_response: "The authorization server sent an answer that cannot be understood.",
};

/** What a call knows about its own failures. */
export type FailureContext = {
  now: Date;
  /** What was being done, as the subject of a sentence: “Registering the client”. */
  doing: string;
  /** Sent along with the request: removed from the quoted words. */
  secrets?: readonly Secret[];
};

/** Turns an answer that is no success into the one error that callers know. */
export function failureOf(answer: Answer, { now, doing, secrets = [] }: FailureContext): ConnectorError {
  const kind = kindOf(answer);
  const reason = quotableReason(answer.json, secrets);
  const code = errorCodeOf(answer);
  const wait = kind === "rate_limited" ? retryAfter(answer.headers, now) : undefined;
  return new ConnectorError(kind, `${doing} failed: ${lowerFirst(messages[kind])}`, {
    status: answer.status,
    explanation: null,
    ...(code !== undefined && { code }),
    ...(reason !== undefined && { reason }),
    ...(wait !== undefined && { retryAfterSeconds: wait }),
  });
}

/** `bad_response`, saying what was expected of the answer. */
export function unreadable(answer: Answer, doing: string, expected: string): ConnectorError {
  return new ConnectorError("bad_response", `${doing} failed: the answer ${expected}.`, { status: answer.status });
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
