/** A development server for the gallery of primitives. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { freePort } from "./ports.ts";

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
  const until = Date.now() + startTimeoutMs;
  while (child.exitCode === null && Date.now() < until) {
    const page = await fetch(`${origin}/gallery`, { signal: AbortSignal.timeout(startTimeoutMs) }).catch(() => null);
    if (page?.ok) return { origin, stop };
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await stop();
  throw new Error(`The gallery did not come up. It says:\n${chunks.join("")}`);
}
