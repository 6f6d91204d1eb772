import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { collectDefaultMetrics, register } from "prom-client";
import { histogram, type Observe } from "#lib/foundation/metrics.ts";
import { tokenDigest } from "#lib/foundation/ids.ts";
import type { Secret } from "#lib/foundation/secret.ts";

// Named as OpenTelemetry names it (semantic conventions for HTTP, http.server.request.duration).
const requestSeconds = histogram({
  name: "http_server_request_duration_seconds",
  help: "Time from the first byte of a request to the end of its answer.",
  buckets: [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10],
});
/** By mount and status. */
const lines = new Map<string, Map<number, Observe>>();

/** Counts one answered request. `area` is the mount that answered. */
export function observeRequest(area: string, status: number, seconds: number): void {
  let ofArea = lines.get(area);
  if (!ofArea) lines.set(area, (ofArea = new Map<number, Observe>()));
  let observe = ofArea.get(status);
  if (!observe) {
    observe = requestSeconds.line({ http_route: area, http_response_status_code: String(status) });
    ofArea.set(status, observe);
  }
  observe(seconds);
}

/** Memory, event loop, garbage collection and open handles of this process. */
export function collectProcessMetrics(): void {
  if (!register.getSingleMetric("process_cpu_seconds_total")) collectDefaultMetrics();
}

/** Gives metrics in Prometheus' text format. */
export type ReadMetrics = () => Promise<string>;

/**
 * Answers /metrics in Prometheus' text format.
 *
 * @param token what a collector presents as a bearer token; without one, only this machine may ask
 * @param read where the metrics come from; this process's own where it is left out
 */
export function metricsHandler({
  token,
  trustedProxies,
  read = () => register.metrics(),
}: {
  token: Secret | undefined;
  trustedProxies: number;
  read?: ReadMetrics | undefined;
}) {
  return async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (!mayRead(req, token, trustedProxies)) {
      res.writeHead(token ? 401 : 403, {
        "Content-Type": "text/plain; charset=utf-8",
        ...(token ? { "WWW-Authenticate": "Bearer" } : {}),
      });
      res.end(
        token
          ? "Send the token of LATCHKEY_METRICS_TOKEN as a bearer token.\n"
          : "Metrics are for this machine only. Set LATCHKEY_METRICS_TOKEN to read them from elsewhere.\n",
      );
      return;
    }
    res.writeHead(200, { "Content-Type": register.contentType, "Cache-Control": "no-store" });
    res.end(await read());
  };
}

function mayRead(req: IncomingMessage, token: Secret | undefined, trustedProxies: number): boolean {
  if (token) {
    const given = /^Bearer ([A-Za-z0-9\-._~+/]+=*)$/i.exec(req.headers.authorization ?? "")?.[1] ?? "";
    return timingSafeEqual(Buffer.from(tokenDigest(given)), Buffer.from(tokenDigest(token.reveal())));
  }
  // Behind a proxy every request comes from a machine that is near: nearness proves nothing then.
  const address = req.socket.remoteAddress ?? "";
  return trustedProxies === 0 && /^(::ffff:)?127\.|^::1$/.test(address);
}
