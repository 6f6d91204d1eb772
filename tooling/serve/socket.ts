import { lstat, rm } from "node:fs/promises";
import { connect } from "node:net";

/**
 * Takes away a Unix socket on which nobody listens any more: a process that is killed leaves its own behind.
 *
 * @throws {Error} where somebody listens, or something else has that name
 */
export async function clearSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (!found) return;
  if (!found.isSocket()) throw new Error(`${path} is there already, and no socket.`);
  if (await isAnswered(path)) throw new Error(`Another process listens at ${path}.`);
  await rm(path, { force: true });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const caller = connect(path, () => {
      caller.destroy();
      resolve(true);
    });
    caller.once("error", (error: NodeJS.ErrnoException) => {
      // A server that is too busy to answer is one all the same.
      if (error.code === "ECONNREFUSED" || error.code === "ENOENT") resolve(false);
      else if (error.code === "EAGAIN") resolve(true);
      else reject(error);
    });
  });
}
