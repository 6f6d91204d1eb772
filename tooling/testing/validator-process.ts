/** A validator in a process of its own, as `npm run validator` starts it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { root } from "../bootstrap/checkout.mjs";
import { freePort } from "../database/free-port.ts";

export type ValidatorProcess = {
  child: ChildProcess;
  /** Scheme, host and port. */
  origin: string;
  /** What it has written so far. */
  output(): string;
  /** @returns its exit code */
  stop(): Promise<number | null>;
};

/**
 * Starts a validator on a free port.
 *
 * @param settings its environment: DATABASE_URL and the installation's secrets at least
 * @throws {Error} with its own words where it does not come up
 */
export async function startValidator(settings: Readonly<Record<string, string>>): Promise<ValidatorProcess> {
  const port = await freePort();
  const chunks: string[] = [];
  const child = spawn(process.execPath, ["tooling/serve/validator.ts"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], NODE_ENV: "production", LOG_LEVEL: "warn", PORT: String(port), ...settings },
  });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => chunks.push(String(chunk)));
  const origin = `http://127.0.0.1:${port}`;
  const output = () => chunks.join("");
  const until = Date.now() + 30_000;
  while (!(await fetch(`${origin}/health/live`).catch(() => null))?.ok) {
    if (child.exitCode !== null || Date.now() > until) {
      child.kill("SIGKILL");
      throw new Error(`The validator did not come up. It says:\n${output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { child, origin, output, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  return child.exitCode;
}
