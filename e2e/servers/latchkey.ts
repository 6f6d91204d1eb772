/** A Latchkey of its own for one journey: production build, own embedded database, free port. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "#tooling/bootstrap/checkout.mjs";
import { temporaryFolder } from "#tooling/database/temporary.ts";
import { freePort } from "./ports.ts";

export type LatchkeyServer = {
  /** Scheme, host and port. */
  origin: string;
  /** The one-time link by which the first operator comes in. */
  firstSignInLink: string;
  /** What the server has written so far. */
  output(): string;
  /** Process id of the portal. */
  processId: number;
  stop(): Promise<void>;
};

export type LatchkeyOptions = {
  /** `host:port` pairs that key managers may be reached at, beside public addresses. */
  outboundAllow?: readonly string[];
  environment?: Readonly<Record<string, string>>;
};

const startTimeoutMs = 60_000;

/**
 * Starts a server from the build in `.next`, which must stand (`npm test` builds before it comes here).
 *
 * @throws {Error} with the server's own words where it does not come up
 */
export async function startLatchkey({
  outboundAllow = [],
  environment = {},
}: LatchkeyOptions = {}): Promise<LatchkeyServer> {
  const folder = temporaryFolder();
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const chunks: string[] = [];
  const child = spawn(process.execPath, ["tooling/serve/main.ts"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      NODE_ENV: "production",
      HOST: "127.0.0.1",
      PORT: String(port),
      LATCHKEY_ORIGIN: origin,
      LATCHKEY_DATA: join(folder, "data"),
      LATCHKEY_OUTBOUND_ALLOW: outboundAllow.join(","),
      LOG_LEVEL: "info",
      NEXTAUTH_SECRET: randomBytes(32).toString("base64url"),
      LATCHKEY_VAULT_KEYS: `e2e=${randomBytes(32).toString("base64url")}`,
      ...environment,
    },
  });
  child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk.toString("utf8")));
  child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk.toString("utf8")));
  const output = () => chunks.join("");
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const firstSignInLink = await firstLink(child, output, origin);
    return { origin, firstSignInLink, output, processId: child.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function firstLink(child: ChildProcess, output: () => string, origin: string): Promise<string> {
  const deadline = Date.now() + startTimeoutMs;
  while (child.exitCode === null && Date.now() < deadline) {
    const link = output().match(/^\s*(\S+\/link\/\S+)\s*$/m)?.[1];
    if (link?.startsWith(origin)) return link;
    await sleep(50);
  }
  throw new Error(`Latchkey did not come up. It says:\n${output()}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}
