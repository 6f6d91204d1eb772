/**
 * `npm run validator`: the validation plane beside the portal, in one process or several, on the portal's database.
 */
import cluster, { type Worker } from "node:cluster";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { AggregatorRegistry, type RegistryContentType } from "prom-client";
import { parseEnv, type Env } from "#lib/foundation/env.ts";
import { ownFolder, root } from "../bootstrap/checkout.mjs";
import { explain, refusal } from "../bootstrap/words.mjs";
import { completeSecrets } from "./secrets.ts";
import { clearSocket } from "./socket.ts";
import { watchStops } from "./stops.ts";

/** A worker that ends is replaced, but one that cannot live does not burn the machine. */
const restartMs = 1_000;

type Message = { latchkey: "metrics"; request: number; text?: string | undefined };

/** The settings, complete and usable. */
function readSettings(): Env {
  if (!process.env["DATABASE_URL"]) {
    throw refusal(
      "DATABASE_URL is not set. A validator of its own stands on the PostgreSQL that the portal uses;\n" +
        "with the embedded database, the portal itself answers gateways.",
    );
  }
  completeSecrets(join(ownFolder, "secrets.env"), {
    mayMake: false,
    reason: "The validator needs the same secrets as the portal.",
  });
  try {
    return parseEnv(process.env);
  } catch (error) {
    throw refusal(error instanceof Error ? error.message : String(error), error);
  }
}

/** Starts workers, replaces those that end, and answers their questions for the metrics of all. */
async function superviseWorkers(settings: Env): Promise<void> {
  const stops = watchStops();
  const registry = new AggregatorRegistry();
  const fork = (place: number): void => {
    const worker = cluster.fork({ LATCHKEY_VALIDATOR_PLACE: String(place) });
    worker.on("message", (message: Message) => {
      if (message.latchkey === "metrics") void answerMetrics(worker, message, registry);
    });
    worker.once("exit", (code, signal) => {
      if (stops.asked()) return;
      console.error(`A validator ended (${signal ?? String(code)}) and is started again.`);
      setTimeout(() => {
        if (!stops.asked()) fork(place);
      }, restartMs);
    });
  };
  for (let place = 0; place < settings.LATCHKEY_VALIDATOR_WORKERS; place++) fork(place);
  await stops.whenAsked;
  const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  await Promise.all(workers.map(stopWorker));
}

function stopWorker(worker: Worker): Promise<void> {
  return new Promise((done) => {
    worker.once("exit", () => done());
    worker.process.kill("SIGTERM");
  });
}

async function answerMetrics(
  worker: Worker,
  message: Message,
  registry: AggregatorRegistry<RegistryContentType>,
): Promise<void> {
  const text = await registry.clusterMetrics().catch(() => undefined);
  if (worker.isConnected()) worker.send({ ...message, text });
}

/** Serves until a signal says stop; as a worker, until the supervisor does. */
async function validate(settings: Env): Promise<void> {
  const stops = watchStops();
  // Loaded late: it reads the environment, which is complete only now.
  const { serveValidator } = await import("#lib/runtime/validator.ts");
  const state = settings.LATCHKEY_VALIDATOR_STATE;
  const place = process.env["LATCHKEY_VALIDATOR_PLACE"] ?? "0";
  const serving = await serveValidator({
    stateFile: state === "" ? undefined : resolve(root, state),
    savesState: place === "0",
    readMetrics: cluster.isWorker ? metricsOfAll() : undefined,
  });
  if (place === "0") console.log(`\n  The validator answers gateways at http://${serving.address}/gateway\n`);
  await stops.whenAsked;
  await serving.stop();
}

/** Asks the supervisor, who asks every worker. */
function metricsOfAll(): () => Promise<string> {
  // Makes this process answer the supervisor.
  new AggregatorRegistry();
  const waiting = new Map<number, (text: string | undefined) => void>();
  let requests = 0;
  process.on("message", (message: Message) => {
    if (message.latchkey !== "metrics") return;
    waiting.get(message.request)?.(message.text);
    waiting.delete(message.request);
  });
  return async () => {
    const request = requests++;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    waiting.set(request, resolve);
    process.send?.({ latchkey: "metrics", request } satisfies Message);
    const text = await promise;
    if (text === undefined) throw new Error("A validator did not tell its metrics in time.");
    return text;
  };
}

process.noDeprecation = true;
if (existsSync(join(root, ".env"))) process.loadEnvFile(join(root, ".env"));
if (!("NODE_ENV" in process.env)) Object.assign(process.env, { NODE_ENV: "production" });
try {
  const settings = readSettings();
  if (cluster.isPrimary && settings.LATCHKEY_VALIDATOR_SOCKET) await clearSocket(settings.LATCHKEY_VALIDATOR_SOCKET);
  const isSupervisor = cluster.isPrimary && settings.LATCHKEY_VALIDATOR_WORKERS > 1;
  await (isSupervisor ? superviseWorkers(settings) : validate(settings));
  process.exit(0);
} catch (error) {
  process.exit(explain(error));
}
