/**
 * The validation plane as a process of its own, beside the portal: nothing but the faces for gateways, health and metrics.
 * Several may stand on one database, behind any load balancer.
 */
import type { Server } from "node:http";
import { createFrontDoor, stepAside, type Mount } from "#lib/front-door/server.ts";
import { readinessHandler } from "#lib/front-door/health.ts";
import { collectProcessMetrics, metricsHandler, type ReadMetrics } from "#lib/front-door/metrics.ts";
import { listen, type Address } from "#lib/front-door/listen.ts";
import { readKeySetPath } from "#lib/features/backend-jwt/addresses.ts";
import { SavedState } from "#lib/gateway/saved-state.ts";
import { runtime } from "#lib/runtime.ts";
import { serveGrpcAsSet } from "./grpc.ts";
import { loadOwnConnectors } from "./own-connectors.ts";
import { savedStateKey } from "./saved-state-key.ts";
import { startValidationPlane, type SavedPart, type ValidationPlane } from "./validation-plane.ts";

const saveEveryMs = 30_000;

export type ValidatorOptions = {
  /** File in which what it knows outlives it; undefined for none. */
  stateFile?: string | undefined;
  /** Whether this process writes that file: of several workers, one does. */
  savesState: boolean;
  /** Where the metrics of all workers come from; undefined for this process's own. */
  readMetrics?: ReadMetrics | undefined;
};

export type ServingValidator = {
  /** Host and port. */
  address: string;
  /** Tells load balancers to go elsewhere, lets running requests end, then closes everything. */
  stop(): Promise<void>;
};

/**
 * Starts to serve, with what was known before where the database is away.
 *
 * @throws {Error} where the configuration is not usable or the port cannot be had
 */
export async function serveValidator({
  stateFile,
  savesState,
  readMetrics,
}: ValidatorOptions): Promise<ServingValidator> {
  const { env, deps, close } = runtime();
  await loadOwnConnectors(env.LATCHKEY_CONNECTORS);
  collectProcessMetrics();
  const plane = startValidationPlane({
    deps,
    databaseUrl: env.DATABASE_URL,
    maximumStalenessSeconds: env.LATCHKEY_STALE_SECONDS,
  });
  const state = stateFile === undefined ? undefined : openState(stateFile, plane);
  await state?.restore();
  const stopping = { isAsked: false };
  const trustedProxies = env.LATCHKEY_TRUSTED_PROXIES;
  const under = (prefix: string) => (path: string) => path === prefix || path.startsWith(`${prefix}/`);
  const forGateways: Mount[] = [
    { area: "gateway", matches: under("/gateway"), handle: plane.handle, express: true },
    { area: "gateway", matches: (path) => readKeySetPath(path) !== null, handle: plane.handle },
    {
      area: "health",
      matches: under("/health"),
      handle: readinessHandler({ isReady: () => plane.isReady() && !stopping.isAsked }),
      quiet: true,
    },
  ];
  const forAll: Mount[] = [
    ...forGateways,
    {
      area: "metrics",
      matches: under("/metrics"),
      handle: metricsHandler({ token: env.LATCHKEY_METRICS_TOKEN, trustedProxies, read: readMetrics }),
      quiet: true,
    },
  ];
  const open = async (mounts: readonly Mount[], address: Address): Promise<Server> => {
    const { log } = deps;
    const options = { mounts, log, origin: env.LATCHKEY_ORIGIN, trustedProxies, endsEmptyRequests: true };
    const server = createFrontDoor(options);
    await listen(server, address);
    return server;
  };
  const grpc = await serveGrpcAsSet(plane, env);
  const servers = [await open(forAll, { port: env.PORT, host: env.HOST })];
  // Who asks over a socket has no address, by which metrics are kept from strangers.
  if (env.LATCHKEY_VALIDATOR_SOCKET) servers.push(await open(forGateways, { path: env.LATCHKEY_VALIDATOR_SOCKET }));
  const saving = savesState && state ? saveRegularly(state, stopping) : undefined;
  deps.log.info({ host: env.HOST, port: env.PORT }, "validating");
  return {
    address: `${env.HOST}:${env.PORT}`,
    async stop() {
      stopping.isAsked = true;
      clearTimeout(saving?.timer);
      plane.endStreams();
      const times = { noticeMs: env.LATCHKEY_DRAIN_SECONDS * 1_000, withinMs: 10_000 };
      await Promise.all([...servers.map((server) => stepAside(server, times)), grpc?.stop(times)]);
      if (savesState) await state?.save();
      await plane.close();
      await close();
    },
  };

  function openState(path: string, plane: ValidationPlane) {
    const file = new SavedState({ path, key: savedStateKey(deps) });
    return {
      restore: async () => {
        try {
          const known = await file.read();
          // Written by `save` below, in this version of this installation: the file vouches for it.
          if (known !== null) plane.restore(known as SavedPart[]);
        } catch (error) {
          deps.log.warn({ error, path }, "what the validator knew before is not usable; it begins anew");
        }
      },
      save: () =>
        file.write(plane.save()).catch((error: unknown) => {
          deps.log.warn({ error, path }, "what the validator knows could not be saved");
        }),
    };
  }
}

/** Saves again and again, with a pause between the end of one and the beginning of the next. */
function saveRegularly(state: { save(): Promise<void> }, stopping: { readonly isAsked: boolean }) {
  const saving: { timer?: NodeJS.Timeout } = {};
  const later = () => {
    if (!stopping.isAsked) saving.timer = setTimeout(() => void state.save().then(later), saveEveryMs);
  };
  later();
  return saving;
}
