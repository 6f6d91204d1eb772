import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { newId } from "#lib/foundation/ids.ts";
import type { Log } from "#lib/foundation/log.ts";
import { admit } from "./admission.ts";
import { securityHeaders } from "./headers.ts";
import { requestObserver, type ObserveRequest } from "./metrics.ts";
import { together } from "./together.ts";

/** Answers requests below one path. It gets Node's own request and response, with `req.url` untouched. */
export type Handler = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

export type Mount = {
  /** What the mount is called in metrics and logs. */
  area: string;
  /** True where this mount answers the path (without query). */
  matches(path: string): boolean;
  handle: Handler;
  /** Mounts that answer thousands of calls a second are counted, not logged line by line. */
  quiet?: boolean;
  /**
   * For gateways alone, which wait for each answer: the request arrives as it came, with nothing stamped,
   * rewritten or logged, and the mount puts headers on by itself. It must believe no header but the caller's
   * own credentials.
   */
  express?: boolean;
};

export type FrontDoorOptions = {
  /** Asked in order; the first that matches answers. The last one should match everything. */
  mounts: readonly Mount[];
  log: Log;
  origin: string;
  /** How many proxies of ours stand in front: that many entries of X-Forwarded-For are believed. */
  trustedProxies: number;
  /**
   * Whether a request that announces no body arrives as one that was read to its end, which spares it the life of a stream.
   * Mounts must then wait for no end of it: Next.js and others that are not ours might.
   */
  endsEmptyRequests?: boolean;
};

/**
 * The server that everything comes through. It decides what is believed about a request before anybody
 * reads it, puts the headers on that every answer carries, counts, logs, and turns a bug into a plain 500.
 */
export function createFrontDoor({
  mounts,
  log,
  origin,
  trustedProxies,
  endsEmptyRequests = false,
}: FrontDoorOptions): Server {
  const fixedHeaders = Object.entries(securityHeaders(origin));
  // They are called as this server speaks; others through whatever makes the origin what it is.
  const expressMounts = mounts
    .filter(({ express }) => express)
    .map((mount) => ({ ...mount, observe: requestObserver(mount.area, "http") }));
  const scheme = new URL(origin).protocol.slice(0, -1);
  const answerSoon = together<Express>((call) => answerExpress(call, log));
  const server = createServer({ optimizeEmptyRequests: endsEmptyRequests }, (req, res) => {
    const expressMount = expressMounts.find((candidate) => candidate.matches(pathOf(req)));
    const startedAt = performance.now();
    if (expressMount) return answerSoon({ req, res, mount: expressMount, startedAt });
    const admission = admit(req, { origin, trustedProxies });
    const mount = mounts.find((candidate) => candidate.matches(admission.path));
    for (const [name, value] of fixedHeaders) res.setHeader(name, value);
    res.setHeader("X-Request-Id", admission.requestId);
    res.once("close", () => {
      const seconds = (performance.now() - startedAt) / 1000;
      requestObserver(mount?.area ?? "none", scheme)(req.method, res.statusCode, seconds);
      const write = mount?.quiet || admission.isAsset ? log.debug.bind(log) : log.info.bind(log);
      write(
        {
          requestId: admission.requestId,
          method: req.method,
          path: admission.loggedPath,
          status: res.statusCode,
          milliseconds: Math.round(seconds * 1000),
        },
        res.writableFinished ? "request" : "request abandoned",
      );
    });
    void answer(req, res, { mount, requestId: admission.requestId, log });
  });
  // Slow senders do not hold a connection for long. Whole bodies are small here.
  server.headersTimeout = 10_000;
  server.requestTimeout = 60_000;
  server.keepAliveTimeout = 65_000;
  return server;
}

function pathOf({ url = "/" }: IncomingMessage): string {
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

type Express = {
  req: IncomingMessage;
  res: ServerResponse;
  mount: Mount & { observe: ObserveRequest };
  startedAt: number;
};

/** Counted when the answer is made, not when it has gone: nothing has to listen for that. */
function answerExpress({ req, res, mount, startedAt }: Express, log: Log): void {
  const observe = () => mount.observe(req.method, res.statusCode, (performance.now() - startedAt) / 1000);
  const answered = answer(req, res, { mount, requestId: undefined, log });
  if (answered) void answered.then(observe);
  else observe();
}

type Answering = { mount: Mount | undefined; requestId: string | undefined; log: Log };

/** Answers at once where the mount does: a promise costs more than many an answer. Never throws, never rejects. */
function answer(req: IncomingMessage, res: ServerResponse, { mount, requestId, log }: Answering): void | Promise<void> {
  const fail = (error: unknown) => {
    const errorId = requestId ?? newId();
    log.error({ error, requestId: errorId, area: mount?.area }, "a request failed");
    if (res.headersSent) res.destroy();
    else plain(res, 500, `Something went wrong on our side. Error id: ${errorId}\n`);
  };
  if (!mount) return plain(res, 404, "There is nothing here.\n");
  try {
    const answered = mount.handle(req, res);
    return answered instanceof Promise ? answered.catch(fail) : undefined;
  } catch (error) {
    return fail(error);
  }
}

function plain(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" });
  res.end(text);
}

/**
 * Stops without dropping a request: every answer asks its caller to connect anew, elsewhere; new connections are still
 * taken until load balancers have heard that this process is not ready any more, then it drains.
 */
export async function stepAside(
  server: Server,
  { noticeMs, withinMs }: { noticeMs: number; withinMs: number },
): Promise<void> {
  server.prependListener("request", (_req, res) => {
    res.shouldKeepAlive = false;
  });
  await pause(noticeMs);
  await drain(server, withinMs);
}

/**
 * Stops taking connections, lets running requests end, then closes what is left.
 *
 * @param withinMs how long running requests may take
 */
export async function drain(server: Server, withinMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), withinMs);
  await closed;
  clearTimeout(timer);
}
