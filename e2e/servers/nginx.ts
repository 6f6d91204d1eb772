/** A real nginx with the configuration of docs/gateways/nginx, in a directory of its own. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, waitForPort } from "./ports.ts";

const template = fileURLToPath(new URL("../../docs/gateways/nginx/latchkey.conf", import.meta.url));

export type NginxOptions = {
  /** host:port of Latchkey. */
  latchkeyAddress: string;
  /** host:port of the backend. */
  backendAddress: string;
  gatewayCredential: string;
};

export type RunningNginx = { origin: string; stop(): Promise<void> };

/** Where nginx is, or null: the Debian package puts it outside an ordinary user's path. */
export function findNginx(): string | null {
  const candidates = ["nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx"];
  return candidates.find((candidate) => spawnSync(candidate, ["-v"]).status === 0) ?? null;
}

/**
 * Starts nginx on a free port of the loopback interface.
 *
 * @throws {Error} with nginx's own words where it does not start
 */
export async function startNginx(options: NginxOptions): Promise<RunningNginx> {
  const binary = findNginx();
  if (!binary) throw new Error("nginx is not installed.");
  const prefix = await mkdtemp(join(tmpdir(), "latchkey-nginx-"));
  const address = `127.0.0.1:${await freePort()}`;
  await writeFile(join(prefix, "latchkey.conf"), await fillTemplate({ ...options, listen: address }), { mode: 0o600 });
  await writeFile(join(prefix, "nginx.conf"), mainConfiguration(prefix));

  const child = spawn(binary, ["-p", prefix, "-c", join(prefix, "nginx.conf"), "-e", "stderr"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => (words = (words + chunk.toString()).slice(-4_000)));
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(prefix, { recursive: true, force: true });
  };
  try {
    await waitForPort(address, { withinMs: 10_000, unless: ended });
  } catch (cause) {
    await stop();
    throw new Error(`nginx did not start: ${words}`, { cause });
  }
  return { origin: `http://${address}`, stop };
}

async function fillTemplate({
  listen,
  latchkeyAddress,
  backendAddress,
  gatewayCredential,
}: NginxOptions & { listen: string }): Promise<string> {
  const values: Record<string, string> = {
    LISTEN: listen,
    LATCHKEY_ADDRESS: latchkeyAddress,
    BACKEND_ADDRESS: backendAddress,
    LATCHKEY_GATEWAY_CREDENTIAL: gatewayCredential,
  };
  const text = await readFile(template, "utf8");
  return text
    .split("\n")
    .map((line) =>
      line.startsWith("#") ? line : line.replace(/\$\{([A-Z_]+)\}/g, (whole, name: string) => values[name] ?? whole),
    )
    .join("\n");
}

/** Everything nginx writes stays in its directory, so that no right of the system's nginx is needed. */
function mainConfiguration(prefix: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `    ${kind}_temp_path ${join(prefix, kind)};`,
  );
  // As root, nginx would give its workers away to a user that may not enter the directory.
  const user = process.getuid?.() === 0 ? "user root root;\n" : "";
  return `${user}daemon off;
worker_processes 1;
pid ${join(prefix, "nginx.pid")};
error_log stderr warn;
events { worker_connections 256; }
http {
    access_log off;
${temporary.join("\n")}
    include ${join(prefix, "latchkey.conf")};
}
`;
}
