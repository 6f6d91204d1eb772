/** A development server for the gallery of primitives. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { freePort, waitForPort } from "./ports.ts";

const script = fileURLToPath(new URL("./gallery-server.ts", import.meta.url));
/** It compiles the page when it is first asked for it. */
const startTimeoutMs = 120_000;

/**
 * Starts the server, and waits until it shows the gallery.
 *
 * @returns scheme, host and port, and how it ends
 * @throws {Error} with the server's own words where it does not come up
 */
export async function startGallery(): Promise<{ origin: string; stop(): Promise<void> }> {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const chunks: string[] = [];
  const child = spawn(process.execPath, [script, String(port)], { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => chunks.push(chunk.toString("utf8")));
  }
  const gone = once(child, "exit");
  const stop = async () => {
    child.kill("SIGTERM");
    await gone;
  };
  try {
    await waitForPort(`127.0.0.1:${port}`, { withinMs: startTimeoutMs, unless: gone });
    const page = await fetch(`${origin}/gallery`, { signal: AbortSignal.timeout(startTimeoutMs) });
    if (!page.ok) throw new Error(`It answers with the status ${page.status}.`);
    return { origin, stop };
  } catch (error) {
    await stop();
    throw new Error(`The gallery did not come up. It says:\n${chunks.join("")}`, { cause: error });
  }
}
