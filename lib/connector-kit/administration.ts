/**
 * A vendor's administration API, signed in as the portal: one session that is shared and renewed, JSON both
 * ways, and every failure as a `ConnectorError`. A connector says where the API is, how it signs in, and
 * what its refusals mean.
 */
import type { z } from "zod";
import type { ClientCertificate } from "#lib/foundation/outbound-contract.ts";
import type { Secret } from "#lib/foundation/secret.ts";
import { budgets, exchange, failureOf, unreadable, type Answer } from "#lib/protocol/exchange.ts";
import type { ConnectorDependencies } from "./contract.ts";
import { isConnectorError, type ConnectorError } from "./errors.ts";

export type AdministrationRequest = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the base, or a complete address on the same origin, as servers hand them out for the next page. */
  path: string;
  /** Sent as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  /** Secrets in the body: none of them may come back in quoted words. */
  secrets?: readonly Secret[];
  /** Largest accepted answer, for lists that the server gives in one piece. */
  maximumBytes?: number;
  /** The subject of an error's sentence: “Reading the client”. */
  doing: string;
};

/** What the portal shows to be let in. */
export type AdministrationSession = {
  headers: Record<string, string>;
  identity?: ClientCertificate;
  /** Milliseconds since the epoch; absent where it ends only by being refused. */
  expiresAt?: number;
  /** What the server says that it allows; empty or absent where it does not say. */
  scopes?: readonly string[];
};

export type AdministrationOptions = {
  /** Where the API begins, without a slash at the end. */
  base: string;
  /** Signs in; asked again when the session has ended. */
  signIn(): Promise<AdministrationSession>;
  /** Sent with every request: none of them may come back in quoted words. */
  secrets: readonly Secret[];
  /** How an answer of this API is read, for the sentence “the answer is not what … sends”. */
  apiName: string;
  /** Headers that every request carries. */
  headers?: Record<string, string>;
  /** Names what a refusal means here; the error already has kind, status and the server's words. */
  explain?(error: ConnectorError, answer: Answer, request: AdministrationRequest): ConnectorError;
};

export type Administration = {
  /** Sends a request; any answer is the caller's to judge. A session that was refused (401) is renewed once. */
  send(request: AdministrationRequest): Promise<Answer>;
  /** Sends a request that must succeed (2xx). */
  run(request: AdministrationRequest): Promise<Answer>;
  /** Sends a request that must succeed, and reads its answer. */
  read<S extends z.ZodType>(request: AdministrationRequest, schema: S): Promise<z.output<S>>;
  /** Reads an answer that has been judged a success. */
  parse<S extends z.ZodType>(answer: Answer, schema: S, doing: string): z.output<S>;
  /** The error that an answer stands for. */
  failure(answer: Answer, request: AdministrationRequest): ConnectorError;
  /** Signs in anew, and keeps the session. */
  signIn(): Promise<AdministrationSession>;
  /**
   * Runs a call outside of the API, such as token introspection, that the same session authorises. One that
   * was refused (`credentials_refused`) is repeated once with a new session.
   */
  withSession<T>(call: (session: AdministrationSession) => Promise<T>): Promise<T>;
};

/** A session is renewed this long before it ends: a call takes its time. */
const renewalMs = 10_000;

/** Opens an administration API. Nothing is sent before the first request. */
export function openAdministration(
  options: AdministrationOptions,
  { fetch, clock }: Pick<ConnectorDependencies, "fetch" | "clock">,
): Administration {
  const { base, apiName } = options;
  const { origin } = new URL(base);
  let session: Promise<AdministrationSession> | undefined;

  async function currentSession(): Promise<AdministrationSession> {
    const asked = (session ??= options.signIn());
    try {
      const found = await asked;
      const isEnding = found.expiresAt !== undefined && found.expiresAt - renewalMs <= clock.now().getTime();
      if (!isEnding) return found;
    } catch (error) {
      if (session === asked) session = undefined;
      throw error;
    }
    // Whoever comes first renews; the others wait for the same.
    if (session === asked) session = options.signIn();
    return session;
  }

  function addressOf(path: string): string {
    if (!/^https?:/.test(path)) return `${base}${path}`;
    if (new URL(path).origin === origin) return path;
    throw new Error(`An address at another origin than ${apiName} was about to get its credentials.`);
  }

  async function attempt(request: AdministrationRequest): Promise<Answer> {
    const { headers, identity } = await currentSession();
    const { body } = request;
    return exchange(fetch, addressOf(request.path), {
      method: request.method,
      headers: {
        ...options.headers,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...request.headers,
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(identity && { identity }),
      ...budgets.administration,
      ...(request.maximumBytes !== undefined && { maximumBytes: request.maximumBytes }),
    });
  }

  async function send(request: AdministrationRequest): Promise<Answer> {
    const used = session;
    const answer = await attempt(request);
    if (answer.status !== 401) return answer;
    // Only a session that was there before may be stale: one that was just made would be refused again.
    if (used === undefined) return answer;
    if (session === used) session = undefined;
    return attempt(request);
  }

  function failure(answer: Answer, request: AdministrationRequest): ConnectorError {
    const secrets = [...options.secrets, ...(request.secrets ?? [])];
    const context = { now: clock.now(), doing: request.doing, secrets };
    const error = failureOf(answer, context);
    return options.explain?.(error, answer, request) ?? error;
  }

  async function run(request: AdministrationRequest): Promise<Answer> {
    const answer = await send(request);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw failure(answer, request);
  }

  function parse<S extends z.ZodType>(answer: Answer, schema: S, doing: string): z.output<S> {
    const parsed = schema.safeParse(answer.json);
    if (!parsed.success) throw unreadable(answer, doing, `is not what ${apiName} sends`);
    return parsed.data;
  }

  return {
    send,
    run,
    parse,
    failure,
    async read(request, schema) {
      return parse(await run(request), schema, request.doing);
    },
    async signIn() {
      session = options.signIn();
      return currentSession();
    },
    async withSession(call) {
      const used = session;
      try {
        return await call(await currentSession());
      } catch (error) {
        if (!isConnectorError(error) || error.kind !== "credentials_refused" || used === undefined) throw error;
        if (session === used) session = undefined;
        return call(await currentSession());
      }
    },
  };
}

/** Runs a call; an answer that proves absence becomes undefined. */
export async function unlessAbsent<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isConnectorError(error) && error.kind === "not_found") return undefined;
    throw error;
  }
}

/**
 * Repeats a call as long as it fails in a way that only means “not everywhere yet”: servers that answer from
 * several replicas may not know what was written a moment ago.
 *
 * @param isLag whether a failure is of that sort; anything else is thrown at once
 * @param budgetMs how long to go on; the last failure is thrown then
 */
export async function throughReplicationLag<T>(
  call: () => Promise<T>,
  {
    isLag,
    budgetMs,
    firstWaitMs = 250,
  }: { isLag: (error: unknown) => boolean; budgetMs: number; firstWaitMs?: number },
): Promise<T> {
  const endsAt = performance.now() + budgetMs;
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    try {
      return await call();
    } catch (error) {
      if (!isLag(error) || performance.now() + waitMs > endsAt) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
