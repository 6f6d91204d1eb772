import { Socket } from "node:net";

/**
 * Makes the sockets on which PostgreSQL is spoken to. One on which nothing has come or gone for so long is destroyed:
 * whatever waits on it fails, and a pool lets it go. A server that is gone without a word refuses nothing, and TCP takes
 * many minutes to notice. The driver's own `query_timeout` fails the query alone, and leaves the connection to the next.
 *
 * @param silentMs longer than a server that is well may be silent while something waits for it
 */
export function watchedSockets(silentMs: number): () => Socket {
  return () => {
    const socket = new Socket();
    socket.setTimeout(silentMs, () => {
      socket.destroy(new Error(`The database has said nothing for ${silentMs / 1000} seconds.`));
    });
    return socket;
  };
}
