/** A backend that says what reached it. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export type Echo = { method: string; url: string; headers: IncomingHttpHeaders; body: string };

export type RunningBackend = { address: string; calls: readonly Echo[]; stop(): Promise<void> };

/**
 * Starts the backend on a free port of the loopback interface. It answers every call with what it received,
 * and with the status that the header X-Answer asks for.
 */
export async function startEchoBackend(): Promise<RunningBackend> {
  const calls: Echo[] = [];
  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const echo: Echo = { method: req.method ?? "", url: req.url ?? "", headers: req.headers, body: await text(req) };
    calls.push(echo);
    res.writeHead(Number(req.headers["x-answer"] ?? 200), { "Content-Type": "application/json" });
    res.end(JSON.stringify(echo));
  }
  // A call that is broken off half-way has reached nobody.
  const server = createServer((req, res) => void answer(req, res).catch(() => res.destroy()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    calls,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
