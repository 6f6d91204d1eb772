/** What stands before a Latchkey of production: it ends TLS, and hands every byte on. */
import { once } from "node:events";
import { connect, type AddressInfo, type Socket } from "node:net";
import { createServer } from "node:tls";

export type TlsProxy = { origin: string; stop(): Promise<void> };

/**
 * Starts it on a free port of the loopback interface, where it is reached as localhost.
 *
 * @param address host:port of the server behind it
 * @param certificate its own for localhost, in PEM form
 */
export async function startTlsProxy(
  address: string,
  { certificate, privateKey }: { certificate: string; privateKey: string },
): Promise<TlsProxy> {
  const [host = "", port = ""] = address.split(":");
  const sockets = new Set<Socket>();
  const server = createServer({ cert: certificate, key: privateKey }, (caller) => {
    const behind = connect({ host, port: Number(port) });
    for (const socket of [caller, behind]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.once("close", () => sockets.delete(socket));
    }
    caller.pipe(behind).pipe(caller);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
