import { fork } from "node:child_process";
import { once } from "node:events";
import autocannon from "autocannon";
import { ratioOf } from "./figures.ts";
import type { Question } from "./questions.ts";
import { hasWrk, loadByWrk } from "./wrk.ts";

export type Load = { requestsPerSecond: number; p99Ms: number };
/** How long a load lasts. */
export type Until = { seconds: number } | { amount: number };

/** What came of a load: how many answers there were, how many of them no 2xx, and how many did not come. */
export type Outcome = Load & { answers: number; refused: number; lost: number };

export type LoadOptions = Until & {
  /** Eight where nothing else is said. */
  connections?: number;
  /** That no request may be sent a second time. */
  once?: boolean;
  /** How long each connection waits before a request; it sends the next one at once where left out. */
  pauseMs?: number;
};

/**
 * Sends requests from several connections, each of the given ones in turn: by wrk where it is installed and time says how
 * long, else by a generator in this process, which needs a core for itself.
 *
 * @throws {Error} where an answer is not 2xx: a fast refusal is no figure
 */
export async function load(url: string, requests: readonly Question[], options: LoadOptions): Promise<Load> {
  const { refused, lost, requestsPerSecond, p99Ms } = await send(url, requests, options);
  if (refused + lost > 0) throw new Error(`${refused + lost} requests to ${url} failed.`);
  return { requestsPerSecond, p99Ms };
}

/**
 * Sends what must be refused, as `load` sends what must pass.
 *
 * @returns how many were
 * @throws {Error} where one was let in, or not answered
 */
export async function loadRefused(url: string, requests: readonly Question[], options: LoadOptions): Promise<number> {
  const { answers, refused, lost } = await send(url, requests, options);
  if (lost > 0) throw new Error(`${lost} requests to ${url} failed.`);
  if (refused < answers) throw new Error(`${answers - refused} requests that must be refused were let in.`);
  return refused;
}

async function send(url: string, requests: readonly Question[], options: LoadOptions): Promise<Outcome> {
  const { connections = 8, once = false, pauseMs } = options;
  const outcome =
    hasWrk && "seconds" in options
      ? await loadByWrk(url, requests, { seconds: options.seconds, connections, pauseMs })
      : await loadFromHere(url, requests, { ...options, connections });
  if (once && outcome.answers > requests.length) {
    throw new Error(`${url} answered more than the ${requests.length} requests.`);
  }
  return outcome;
}

async function loadFromHere(
  url: string,
  requests: readonly Question[],
  { connections, pauseMs, ...until }: Until & { connections: number; pauseMs?: number },
): Promise<Outcome> {
  const startedAt = performance.now();
  const { latency, non2xx, errors, timeouts, ...result } = await autocannon({
    url,
    // No more of them than there is to send.
    connections: "amount" in until ? Math.min(connections, until.amount) : connections,
    requests: [...requests],
    ...(pauseMs !== undefined && { connectionRate: 1000 / pauseMs }),
    // It looks only now and then whether it is done: at a second, unless told otherwise.
    ...("amount" in until ? { amount: until.amount, sampleInt: 20 } : { duration: until.seconds }),
  });
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    requestsPerSecond: "amount" in until ? until.amount / seconds : result.requests.average,
    refused: non2xx,
    lost: errors + timeouts,
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
/** The rate of the ones as a share of the others', which took turns with them. */
export const share = (ones: readonly Load[], others: readonly Load[]) => ratioOf(rates(ones), rates(others));

export type ServerInOwnProcess = { url: string; stop(): Promise<void> };

/**
 * The measure of all rates: Node's own server, in a process of its own.
 *
 * @param options.said the body of every answer; "ok" where left out
 * @param options.socket where it listens; at a port where left out
 */
export function startReference({ said = "ok", socket = "" } = {}): Promise<ServerInOwnProcess> {
  return startInOwnProcess(new URL("./reference-server.ts", import.meta.url), { SAID: said, SOCKET: socket });
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
