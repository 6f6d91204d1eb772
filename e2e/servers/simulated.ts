/** An authorization server in memory, served over HTTP, whose answers a test can spoil. */
import { serveRequests } from "#tooling/simulate/serve.ts";

type Vendor = { issuer: string; handle(request: Request): Promise<Response> };

/**
 * What becomes of a request.
 *
 * @param answer does what was asked, and gives the answer; calling it late is answering late
 * @returns the answer that goes out
 */
type Spoiling = (request: { method: string; path: string }, answer: () => Promise<Response>) => Promise<Response>;

export type Simulated<V extends Vendor> = {
  vendor: V;
  /** host:port, as an allow-list names it. */
  address: string;
  wellKnownUrl: string;
  /** Spoils answers from now on; without an argument all is well again. */
  spoil(spoiling?: Spoiling): void;
  stop(): Promise<void>;
};

/**
 * Serves a vendor on a free loopback port.
 *
 * @param open makes the vendor, which must know where it stands
 */
export async function serveSimulated<V extends Vendor>(open: (origin: string) => V): Promise<Simulated<V>> {
  let vendor: V | undefined;
  let spoiling: Spoiling | undefined;
  const running = await serveRequests((origin) => {
    const opened = (vendor = open(origin));
    return (request) => {
      const answer = () => opened.handle(request);
      const { method, url } = request;
      return spoiling ? spoiling({ method, path: new URL(url).pathname }, answer) : answer();
    };
  });
  if (!vendor) throw new Error("The server was not opened.");
  return {
    ...running,
    vendor,
    wellKnownUrl: `${vendor.issuer}/.well-known/openid-configuration`,
    spoil(next) {
      spoiling = next;
    },
  };
}

/** A server that carries out a request of this kind, falls over, and answers 500 from then on. */
export function fallsOverAfter(method: string): Spoiling {
  let isDown = false;
  return async (request, answer) => {
    const given = isDown ? null : await answer();
    isDown ||= request.method === method && !request.path.endsWith("/token");
    return isDown || !given ? new Response(null, { status: 500 }) : given;
  };
}
