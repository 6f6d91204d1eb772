/**
 * The one front door: sends what machines ask to its modules and everything a person sees to Next.js.
 * Started by tooling/serve/main.ts, which prepares database and secrets, or directly with `node server.ts`.
 */
import { createServer } from "node:http";
import next from "next";
import { protectPage } from "#lib/front-door/headers.ts";
import { healthHandler } from "#lib/front-door/health.ts";
import { listen } from "#lib/front-door/listen.ts";
import { collectProcessMetrics, metricsHandler } from "#lib/front-door/metrics.ts";
import { readKeySetPath } from "#lib/features/backend-jwt/addresses.ts";
import { createFrontDoor, stepAside, type Mount } from "#lib/front-door/server.ts";
import { createWebhookWaker } from "#lib/features/webhooks/waker.ts";
import { env as settings } from "#lib/foundation/env.ts";
import { runtime } from "#lib/runtime.ts";
import { serveGrpcAsSet } from "#lib/runtime/grpc.ts";
import { loadOwnConnectors } from "#lib/runtime/own-connectors.ts";
import { startValidationPlane } from "#lib/runtime/validation-plane.ts";

export type Serving = {
  origin: string;
  /** Tells load balancers to go elsewhere, lets running requests end, then closes everything this process holds. */
  stop(): Promise<void>;
};

/**
 * Starts to serve.
 *
 * @throws {Error} where the configuration is not usable or the port cannot be had
 */
export async function serve(): Promise<Serving> {
  await loadOwnConnectors(settings().LATCHKEY_CONNECTORS);
  const { env, deps, authorizationServer, isReady, startBackgroundWork, close } = runtime();
  const dev = env.NODE_ENV === "development";
  const trustedProxies = env.LATCHKEY_TRUSTED_PROXIES;
  collectProcessMetrics();

  const under = (prefix: string) => (path: string) => path === prefix || path.startsWith(`${prefix}/`);
  const pages: Mount = {
    area: "page",
    matches: () => true,
    handle(req, res) {
      protectPage(req, res, { dev });
      return answerPage(req, res);
    },
  };
  const webhookWaker = createWebhookWaker(deps);
  const validationPlane = startValidationPlane({
    deps,
    databaseUrl: env.DATABASE_URL,
    alsoTell: webhookWaker,
    maximumStalenessSeconds: env.LATCHKEY_STALE_SECONDS,
  });
  const stopping = { isAsked: false };
  const mounts: Mount[] = [
    { area: "gateway", matches: under("/gateway"), handle: validationPlane.handle, express: true },
    { area: "gateway", matches: (path) => readKeySetPath(path) !== null, handle: validationPlane.handle },
    {
      area: "health",
      matches: under("/health"),
      handle: healthHandler({ isDatabaseReady: isReady, isStopping: () => stopping.isAsked, clock: deps.clock }),
      quiet: true,
    },
    {
      area: "metrics",
      matches: under("/metrics"),
      handle: metricsHandler({ token: env.LATCHKEY_METRICS_TOKEN, trustedProxies }),
      quiet: true,
    },
    {
      area: "authorization server",
      matches: (path) => authorizationServer.answers(path),
      handle: async (req, res) => void (await authorizationServer.handle(req, res)),
    },
    pages,
  ];
  const server = createFrontDoor({ mounts, log: deps.log, origin: env.LATCHKEY_ORIGIN, trustedProxies });

  // Next.js attaches its WebSocket handler to the server it is given. Only development needs one (reloading
  // pages); in production it gets a server that never listens, and upgrades end at Node's own refusal.
  const app = next({ dev, hostname: env.HOST, port: env.PORT, httpServer: dev ? server : createServer() });
  await app.prepare();
  const answerPage = app.getRequestHandler();
  const grpc = await serveGrpcAsSet(validationPlane, env);
  await listen(server, { port: env.PORT, host: env.HOST });
  await startBackgroundWork();
  deps.log.info({ origin: env.LATCHKEY_ORIGIN }, "serving");

  return {
    origin: env.LATCHKEY_ORIGIN,
    async stop() {
      stopping.isAsked = true;
      validationPlane.endStreams();
      const times = { noticeMs: env.LATCHKEY_DRAIN_SECONDS * 1_000, withinMs: 10_000 };
      await Promise.all([stepAside(server, times), grpc?.stop(times)]);
      await app.close();
      await validationPlane.close();
      await webhookWaker.close();
      await close();
    },
  };
}

if (import.meta.main) {
  const serving = await serve();
  const stop = () => serving.stop().then(() => process.exit(0));
  process.once("SIGTERM", () => void stop());
  process.once("SIGINT", () => void stop());
}
