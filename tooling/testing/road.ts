import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A way to a server of this machine, which can be cut, or fall silent. @param target the server's port */
export async function openRoad(target: number) {
  const travellers = new Set<Socket>();
  let state: "open" | "cut" | "silent" = "open";
  const server = createServer((near) => {
    if (state === "cut") return void near.destroy();
    near.on("error", () => {});
    if (state === "silent") return void travellers.add(near);
    const far = connect(target, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      travellers.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        travellers.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  /** Cuts off whoever is on it, and lets nobody on. */
  const block = () => {
    state = "cut";
    for (const socket of travellers) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    /** Lets through whoever comes from now on. Those that it fell silent for never hear anything again. */
    open: () => void (state = "open"),
    block,
    /** Takes what it is sent, and says nothing more. Nobody is cut off. */
    silence() {
      state = "silent";
      for (const socket of travellers) {
        socket.unpipe();
        socket.pause();
      }
    },
    close() {
      block();
      server.close();
    },
  };
}
