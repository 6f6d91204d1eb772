import pino, { type DestinationStream } from "pino";
import { isAppError } from "./errors.ts";

export type LogFields = Record<string, unknown>;

/** A structured log. The first argument holds facts, the second says what happened. */
export type Log = {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Log;
};

/** Keys whose values never belong in a log; `Secret` is the first net, this is the second. */
const censoredKeys = [
  "password",
  "authorization",
  "cookie",
  "token",
  "accessToken",
  "refreshToken",
  "idToken",
  "secret",
  "clientSecret",
  "client_secret",
  "consumerSecret",
  "registrationAccessToken",
  "access_token",
  "refresh_token",
  "id_token",
  "code",
  "code_verifier",
];

/** What broke: `ECONNREFUSED`, `P2010`, `57P01`. An authorization code, which is censored, looks like none of them. */
const knownCode = /^(?:[A-Z][A-Z0-9_]{2,40}|\d\d[A-Z0-9]{3})$/;

function serializeError(error: unknown): object {
  if (isAppError(error)) return { errorCode: error.code, message: error.message };
  const { code } = (error ?? {}) as { code?: unknown };
  const serialized = pino.stdSerializers.err(error as Error);
  return typeof code === "string" && knownCode.test(code) ? { ...serialized, errorCode: code } : serialized;
}

/**
 * Makes the process's log: one JSON object a line.
 *
 * @param level lowest level written
 * @param destination where lines go; standard output unless a test asks otherwise
 */
export function createLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: censoredKeys.flatMap((key) => [key, `*.${key}`]), censor: "[secret]" },
    serializers: { error: serializeError },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** A log that writes nothing, for tests and tools. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
