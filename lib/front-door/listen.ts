import type { Server } from "node:http";

/** A port, or a Unix socket that every user of this machine may connect to. */
export type Address = { port: number; host: string } | { path: string };

/**
 * Has a server listen.
 *
 * @throws {Error} where the port or the socket cannot be had
 */
export function listen(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen("path" in address ? { ...address, readableAll: true, writableAll: true } : address, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
