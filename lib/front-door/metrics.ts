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
/** Counts one answered request. */
export type ObserveRequest = (method: string | undefined, status: number, seconds: number) => void;

const observers = new Map<string, ObserveRequest>();

/**
 * Counts what one mount answers; asked for again, the same one.
 *
 * @param area the mount's name
 * @param scheme in which its callers call, `http` or `https`
 */
export function requestObserver(area: string, scheme: string): ObserveRequest {
  const key = `${scheme} ${area}`;
  let observer = observers.get(key);
  if (!observer) observers.set(key, (observer = newObserver({ http_route: area, url_scheme: scheme })));
  return observer;
}

/** Those of RFC 9110, PATCH (RFC 5789) and QUERY; whatever else callers think of is one method. */
const knownMethods = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"];

function newObserver(labels: Readonly<Record<string, string>>): ObserveRequest {
  const linesOf = (method: string) => ({ method, byStatus: new Map<number, Observe>() });
  const known = new Map(knownMethods.map((method) => [method, linesOf(method)]));
  const other = linesOf("_OTHER");
  return (given, status, seconds) => {
    const { method, byStatus } = known.get(given ?? "") ?? other;
    let observe = byStatus.get(status);
    if (!observe) {
      observe = requestSeconds.line({
        ...labels,
        http_request_method: method,
        http_response_status_code: String(status),
        ...(status >= 500 && { error_type: String(status) }),
      });
      byStatus.set(status, observe);
    }
    observe(seconds);
  };
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
