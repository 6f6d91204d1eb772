import type { Server } from "node:http";

/**
 * Has a server listen.
 *
 * @throws {Error} where the port cannot be had
 */
export function listen(server: Server, { port, host }: { port: number; host: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
