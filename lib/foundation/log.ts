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
    serializers: {
      error: (error: unknown) =>
        isAppError(error) ? { code: error.code, message: error.message } : pino.stdSerializers.err(error as Error),
    },
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
