import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** A port of the loopback interface that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Waits until somebody accepts connections.
 *
 * @param address host:port
 * @param options.unless when this settles first, waiting ends: the process is gone
 * @throws {Error} when the time is over or the process is gone
 */
export async function waitForPort(
  address: string,
  { withinMs, unless }: { withinMs: number; unless?: Promise<unknown> },
): Promise<void> {
  let gone = false;
  void unless?.then(() => (gone = true));
  const until = Date.now() + withinMs;
  while (Date.now() < until && !gone) {
    if (await accepts(address)) return;
    await pause(50);
  }
  throw new Error(gone ? "The process ended." : `Nobody listens on ${address}.`);
}

function accepts(address: string): Promise<boolean> {
  const [host = "", port = ""] = address.split(":");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
