/** Keeps the demo's external key manager running beside the portal: external-key-manager.ts in a process of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { refusal } from "../bootstrap/words.mjs";
import { freePort } from "../database/free-port.ts";
import type { ExternalKeyManagerSettings } from "./external-key-manager.ts";
import { writeWhole } from "./memory.ts";

const script = fileURLToPath(new URL("./external-key-manager.ts", import.meta.url));

const choices = z.object({
  port: z.number().int(),
  initialAccessToken: z.string(),
  portalClient: z.object({ clientId: z.string(), clientSecret: z.string() }),
});

export type ExternalKeyManager = {
  issuer: string;
  /** host:port, as an allow-list names it. */
  address: string;
  wellKnownUrl: string;
  initialAccessToken: string;
  /** A client that may ask about tokens. */
  portalClient: { clientId: string; clientSecret: string };
  /** @throws a refusal where it does not come up */
  ready(): Promise<void>;
  stop(): Promise<void>;
};

/** Quick enough for people, slow enough for a process that dies at once. */
const restartDelayMs = 1_000;
const patienceMs = 60_000;

/**
 * Starts it, and again whenever it ends, until `stop`. Port, secrets, clients and keys are chosen once and
 * stay in the folder: clients that the portal registered work after a restart.
 *
 * @param folder for its files; made where it does not exist
 */
export async function runExternalKeyManager(folder: string): Promise<ExternalKeyManager> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const chosen = await choose(join(folder, "key-manager.json"));
  const settings: ExternalKeyManagerSettings = {
    ...chosen,
    scopes: ["orders:read", "orders:write", "catalogue:prices"],
    stateFile: join(folder, "key-manager-state.json"),
  };
  const address = `127.0.0.1:${chosen.port}`;
  const log = join(folder, "key-manager.log");
  let stopping = false;
  let child: ChildProcess | undefined;
  let isReady = false;

  const supervise = async () => {
    while (!stopping) {
      child = launch(settings, log);
      const ended = once(child, "exit");
      if (child.stdout) createInterface({ input: child.stdout }).once("line", () => (isReady = true));
      await ended;
      isReady = false;
      if (!stopping) await pause(restartDelayMs, undefined, { ref: false });
    }
  };
  const supervised = supervise();

  return {
    issuer: `http://${address}`,
    address,
    wellKnownUrl: `http://${address}/.well-known/openid-configuration`,
    initialAccessToken: chosen.initialAccessToken,
    portalClient: chosen.portalClient,
    async ready() {
      const until = Date.now() + patienceMs;
      while (!isReady && Date.now() < until) await pause(50);
      if (isReady) return;
      throw refusal(
        `The demo's key manager does not come up on ${address}. Perhaps something else uses this port; its log is\n` +
          `${log}. Free the port, or start without --demo.`,
      );
    },
    async stop() {
      stopping = true;
      child?.kill("SIGTERM");
      await Promise.race([supervised, pause(3_000, undefined, { ref: false })]);
      child?.kill("SIGKILL");
    },
  };
}

async function choose(file: string): Promise<z.output<typeof choices>> {
  if (existsSync(file)) return choices.parse(JSON.parse(readFileSync(file, "utf8")));
  const secret = () => randomBytes(24).toString("base64url");
  const chosen = {
    port: await freePort(),
    initialAccessToken: secret(),
    portalClient: { clientId: "latchkey", clientSecret: secret() },
  };
  writeWhole(file, chosen);
  return chosen;
}

function launch(settings: ExternalKeyManagerSettings, log: string): ChildProcess {
  const output = openSync(log, "a", 0o600);
  try {
    return spawn(process.execPath, [script], {
      // It is somebody else's server: it gets none of the portal's secrets.
      env: { PATH: process.env["PATH"], NODE_ENV: "production", EXTERNAL_KEY_MANAGER: JSON.stringify(settings) },
      // While the pipe to its standard input stands, so does the portal.
      stdio: ["pipe", "pipe", output],
      // Ctrl-C is for the portal, which stops this process when nobody needs it any more.
      detached: true,
    });
  } finally {
    closeSync(output);
  }
}
