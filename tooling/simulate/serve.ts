/** A simulated vendor behind a real HTTP server, so that the portal reaches it as it reaches the vendor. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { faultNames, type SimulatedVendor, type Simulator } from "#lib/connector-kit/simulator.ts";
import { isOutboundError } from "#lib/foundation/outbound-error.ts";

export type RunningSimulator = {
  /** `host:port`, as the operator's allow-list names it. */
  address: string;
  vendor: SimulatedVendor;
  stop(): Promise<void>;
};

/** Where faults are switched: `POST { "fault": "slow", "times": 3 }`, `DELETE` ends them all. */
export const faultsPath = "/_simulator/faults";

const plannedFault = z.strictObject({
  fault: z.enum(faultNames, { error: `fault: choose one of ${faultNames.join(", ")}` }),
  method: z.string().optional(),
  /** Part of the path. */
  path: z.string().optional(),
  times: z.int().min(1).optional(),
});

/**
 * Starts a simulator on loopback.
 *
 * @param port 0 takes a free one
 */
export async function serveSimulator(simulator: Simulator, { port = 0 } = {}): Promise<RunningSimulator> {
  let vendor: SimulatedVendor | undefined;
  const running = await serveRequests(
    async (origin) => {
      const opened = (vendor = await simulator.open({ origin }));
      return (request) =>
        new URL(request.url).pathname === faultsPath ? switchFaults(opened, request) : opened.handle(request);
    },
    { port },
  );
  if (!vendor) throw new Error("The simulator was not opened.");
  return { ...running, vendor };
}

type Handler = (request: Request) => Promise<Response>;

/**
 * Serves requests on loopback.
 *
 * @param open makes what answers them, which may have to know where it stands; where it throws an OutboundError, the
 *   connection breaks
 * @param options.port 0 takes a free one
 * @returns `host:port`, and how to end it
 */
export async function serveRequests(
  open: (origin: string) => Handler | Promise<Handler>,
  { port = 0 } = {},
): Promise<{ address: string; stop(): Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = `localhost:${String((server.address() as AddressInfo).port)}`;
  const handle = await open(`http://${address}`);
  server.on("request", (req, res) => {
    answer(handle, req, res).catch((error: unknown) => {
      // A fault of the way itself: the connection breaks, as it would.
      if (!isOutboundError(error)) console.error(error);
      res.destroy();
    });
  });
  return {
    address,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(handle: Handler, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const response = await handle(await toRequest(req));
  const body = Buffer.from(await response.arrayBuffer());
  res.writeHead(response.status, { ...Object.fromEntries(response.headers), "content-length": body.length }).end(body);
}

async function toRequest(req: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const method = req.method ?? "GET";
  const url = `http://${req.headers.host ?? "localhost"}${req.url ?? "/"}`;
  return new Request(url, { method, headers, ...(body.length > 0 && method !== "GET" && { body }) });
}

async function switchFaults(vendor: SimulatedVendor, request: Request): Promise<Response> {
  if (request.method === "DELETE") {
    vendor.recover();
    return new Response(null, { status: 204 });
  }
  const parsed = plannedFault.safeParse(await request.json().catch(() => undefined));
  if (!parsed.success) return Response.json({ error: z.prettifyError(parsed.error) }, { status: 400 });
  const { fault, method, path, times } = parsed.data;
  vendor.fail(fault, {
    ...(method !== undefined && { method }),
    ...(path !== undefined && { path: new RegExp(path.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")) }),
    ...(times !== undefined && { times }),
  });
  return new Response(null, { status: 204 });
}
