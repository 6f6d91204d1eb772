import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "#lib/foundation/clock.ts";

/** Long enough that asking often costs nothing, short enough that an outage shows at once. */
const rememberedForMs = 1_000;

/**
 * Answers /health: 200 while this process can do its work, 503 while its database is away, and from the moment it is to
 * stop. Orchestrators that only want to know whether the process lives ask /health/live.
 */
export function healthHandler({
  isDatabaseReady,
  isStopping,
  clock,
}: {
  isDatabaseReady(): Promise<boolean>;
  isStopping(): boolean;
  clock: Clock;
}) {
  let last: { at: number; ready: Promise<boolean> } | undefined;
  return async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (req.url?.startsWith("/health/live")) {
      json(res, 200, { status: "ok" });
      return;
    }
    if (isStopping()) {
      json(res, 503, { status: "unavailable" });
      return;
    }
    const now = clock.now().getTime();
    if (!last || now - last.at > rememberedForMs) last = { at: now, ready: isDatabaseReady() };
    const ready = await last.ready;
    json(res, ready ? 200 : 503, {
      status: ready ? "ok" : "unavailable",
      database: ready ? "ok" : "unreachable",
    });
  };
}

/** Answers /health of a process that may serve without its database: 200 while it can do its work, 503 while it cannot. */
export function readinessHandler({ isReady }: { isReady(): boolean }) {
  return (req: IncomingMessage, res: ServerResponse): void => {
    const isWell = req.url?.startsWith("/health/live") === true || isReady();
    json(res, isWell ? 200 : 503, { status: isWell ? "ok" : "unavailable" });
  };
}

function json(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" });
  res.end(JSON.stringify(body));
}
