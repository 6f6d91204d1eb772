import { fork } from "node:child_process";
import { once } from "node:events";
import autocannon from "autocannon";
import { median } from "./figures.ts";
import type { Question } from "./questions.ts";
import { hasWrk, loadByWrk } from "./wrk.ts";

export type Load = { requestsPerSecond: number; p99Ms: number };
/** How long a load lasts. */
export type Until = { seconds: number } | { amount: number };

/**
 * Sends requests from several connections, eight where nothing else is said, each of the given ones in turn: by wrk where
 * it is installed and time says how long, else by a generator in this process, which needs a core for itself.
 *
 * @param until.once that no request may be sent a second time
 * @throws {Error} where an answer is not 2xx: a fast refusal is no figure
 */
export async function load(
  url: string,
  requests: readonly Question[],
  until: Until & { connections?: number; once?: boolean },
): Promise<Load> {
  const { connections = 8, once = false } = until;
  const { failed, answers, ...measured } =
    hasWrk && "seconds" in until
      ? await loadByWrk(url, requests, { seconds: until.seconds, connections })
      : await loadFromHere(url, requests, { ...until, connections });
  if (failed > 0) throw new Error(`${failed} requests to ${url} failed.`);
  if (once && answers > requests.length) throw new Error(`${url} answered more than the ${requests.length} requests.`);
  return measured;
}

async function loadFromHere(
  url: string,
  requests: readonly Question[],
  until: Until & { connections: number },
): Promise<Load & { failed: number; answers: number }> {
  const startedAt = performance.now();
  const { latency, non2xx, errors, timeouts, ...result } = await autocannon({
    url,
    connections: until.connections,
    requests: [...requests],
    // It looks only now and then whether it is done: at a second, unless told otherwise.
    ...("amount" in until ? { amount: until.amount, sampleInt: 20 } : { duration: until.seconds }),
  });
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    requestsPerSecond: "amount" in until ? until.amount / seconds : result.requests.average,
    failed: non2xx + errors + timeouts,
    answers: result.requests.total,
    p99Ms: latency.p99,
  };
}

/**
 * Loads that take turns, so that whatever slows the machine slows all of them.
 *
 * @param options.rounds how many count
 * @param options.warmUps how many go before, which do not; one unless told otherwise
 * @returns what each measured, in the order of the rounds
 */
export async function takeTurns<Name extends string>(
  loads: Readonly<Record<Name, () => Promise<Load>>>,
  { rounds, warmUps = 1 }: { rounds: number; warmUps?: number },
): Promise<Record<Name, Load[]>> {
  const names = Object.keys(loads) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as Load[]])) as Record<Name, Load[]>;
  for (let round = -warmUps; round < rounds; round++) {
    for (const name of names) {
      const one = await loads[name]();
      if (round >= 0) measured[name].push(one);
    }
  }
  return measured;
}

export const rates = (loads: readonly Load[]) => loads.map(({ requestsPerSecond }) => requestsPerSecond);
/** The rate of the ones as a share of the others'. */
export const share = (ones: readonly Load[], others: readonly Load[]) => median(rates(ones)) / median(rates(others));

export type ServerInOwnProcess = { url: string; stop(): Promise<void> };

/** The measure of all rates: Node's own server, in a process of its own, that says "ok". */
export function startReference(): Promise<ServerInOwnProcess> {
  return startInOwnProcess(new URL("./reference-server.ts", import.meta.url));
}

/**
 * Starts a server on loopback, as in production.
 *
 * @param script tells its parent the port, and ends when the parent is gone
 * @param environment what it is told
 * @throws {Error} where it ends before it listens
 */
export async function startInOwnProcess(
  script: URL,
  environment: Readonly<Record<string, string>> = {},
): Promise<ServerInOwnProcess> {
  const child = fork(script, { env: { ...process.env, NODE_ENV: "production", ...environment } });
  const gone = once(child, "exit");
  const [port] = (await Promise.race([once(child, "message"), gone.then(() => [])])) as unknown[];
  if (typeof port !== "number") throw new Error(`The server ${script.pathname} ended before it listened.`);
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill();
      await gone;
    },
  };
}
