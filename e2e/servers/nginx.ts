/** A real nginx with the configuration of docs/gateways/nginx, in a directory of its own. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fillTemplate, runGateway, valuesOf, type GatewayOptions, type RunningGateway } from "./gateway.ts";
import { freePort } from "./ports.ts";

/** Where nginx is, or null: the Debian package puts it outside an ordinary user's path. */
export function findNginx(): string | null {
  const candidates = ["nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx"];
  return candidates.find((candidate) => spawnSync(candidate, ["-v"]).status === 0) ?? null;
}

/**
 * Starts nginx on a free port of the loopback interface.
 *
 * @param asks false for a gateway that lets everything pass: what asking costs is measured against it
 * @throws {Error} with nginx's own words where it does not start
 */
export async function startNginx(options: GatewayOptions, { asks = true } = {}): Promise<RunningGateway> {
  const binary = findNginx();
  if (!binary) throw new Error("nginx is not installed.");
  const address = `127.0.0.1:${await freePort()}`;
  const values = { ...valuesOf(options, address), LISTEN: options.tls ? `${address} ssl` : address };
  const configuration = await fillTemplate("nginx/latchkey.conf", values, options);
  return runGateway("nginx", {
    address,
    files: {
      "latchkey.conf": asks ? configuration : configuration.replace(/^ *auth_request .*$/m, ""),
      "nginx.conf": mainConfiguration,
    },
    command: (folder) => [binary, "-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr"],
    around: options,
  });
}

const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `    ${kind}_temp_path ${kind};`);
// As root, nginx would give its workers away to a user that may not enter the directory.
const user = process.getuid?.() === 0 ? "user root root;\n" : "";

/** Everything nginx writes stays in its directory, so that no right of the system's nginx is needed. */
const mainConfiguration = `${user}daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
    access_log off;
${temporary.join("\n")}
    include latchkey.conf;
}
`;
