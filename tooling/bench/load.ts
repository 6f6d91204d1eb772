import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";

export type Load = { requestsPerSecond: number; p95Ms: number; p99Ms: number };

/**
 * Sends requests from several connections, eight where nothing else is said, each of the given ones in turn.
 *
 * @throws {Error} where an answer is not 2xx: a fast refusal is no figure
 */
export async function load(
  url: string,
  requests: autocannon.Request[],
  until: ({ seconds: number } | { amount: number }) & { connections?: number },
): Promise<Load> {
  const startedAt = performance.now();
  const result = await autocannon({
    url,
    connections: until.connections ?? 8,
    requests,
    ...("amount" in until ? { amount: until.amount } : { duration: until.seconds }),
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const failed = result.non2xx + result.errors + result.timeouts;
  if (failed > 0) throw new Error(`${failed} of ${result.requests.total} requests to ${url} failed.`);
  return {
    requestsPerSecond: "amount" in until ? until.amount / seconds : result.requests.average,
    p95Ms: result.latency.p97_5,
    p99Ms: result.latency.p99,
  };
}

/** The measure of all rates: Node's own server, in a process of its own, that says "ok". */
export async function startReference(): Promise<{ url: string; stop(): Promise<void> }> {
  const child = fork(fileURLToPath(new URL("./reference-server.ts", import.meta.url)));
  const [port] = (await once(child, "message")) as [number];
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      const gone = once(child, "exit");
      child.kill();
      await gone;
    },
  };
}
