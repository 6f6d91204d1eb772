import { rmSync } from "node:fs";
import { join } from "node:path";
import { startNginx } from "#e2e/servers/nginx.ts";
import { startValidator } from "#tooling/testing/validator-process.ts";
import { temporaryFolder } from "../database/temporary.ts";
import type { Figure } from "./figures.ts";
import { load, startInOwnProcess, startReference, takeTurns, type Load } from "./load.ts";
import { question, rateBeside, rateOf, type Measured } from "./measured.ts";
import { asCaller, tokenOf, untilPassed } from "./questions.ts";

/** Calls under way at a time: as a gateway in use has them, and more than two cores can serve. */
const [some, many] = [32, 128];

/**
 * What asking costs a real nginx, against one that asks nobody. Before a backend that takes its time, as one does that asks a
 * database, it is the validator's latency that counts; with more calls than the machine can serve, every step's cost too.
 * Before one that does nothing, nothing but these steps is left: no promise stands there, and a server that answers with
 * nothing shows what asking costs whoever answers.
 */
export async function benchNginx(
  environment: Readonly<Record<string, string>>,
  reference: string,
  { pair, tenant, scale }: Measured,
): Promise<Figure[]> {
  const folder = temporaryFolder();
  const [latchkey, nothing] = [join(folder, "validator.sock"), join(folder, "nothing.sock")];
  const running: { stop(): Promise<unknown> }[] = [];
  const keep = async <T extends { stop(): Promise<unknown> }>(starting: Promise<T>): Promise<T> => {
    const one = await starting;
    running.unshift(one);
    return one;
  };
  try {
    const validator = await keep(startValidator({ ...environment, LATCHKEY_VALIDATOR_SOCKET: latchkey }));
    // Without a body: nginx would open a connection anew for each.
    await keep(startReference({ said: "", socket: nothing }));
    const backend = await keep(startInOwnProcess(new URL("./backend.ts", import.meta.url)));
    const nginx = (backendUrl: string, socket: string, options?: { asks: boolean }) => {
      const addresses = { latchkeyAddress: `unix:${socket}`, backendAddress: new URL(backendUrl).host };
      return keep(startNginx({ ...addresses, gatewayCredential: tenant.credential }, options));
    };
    const open = await nginx(backend.url, latchkey, { asks: false });
    const asking = await nginx(backend.url, latchkey);
    const idleOpen = await nginx(reference, latchkey, { asks: false });
    const idleAskingNothing = await nginx(reference, nothing);
    const idleAsking = await nginx(reference, latchkey);
    await untilPassed(validator.origin, await question(pair, tenant));
    const call = asCaller(await tokenOf(pair));
    const through =
      ({ origin }: { origin: string }, connections: number) =>
      () =>
        load(origin, [call], { ...scale.until, connections });
    const loads = await takeTurns(
      {
        open: through(open, some),
        asking: through(asking, some),
        fullOpen: through(open, many),
        fullAsking: through(asking, many),
        idleOpen: through(idleOpen, some),
        idleAskingNothing: through(idleAskingNothing, some),
        idleAsking: through(idleAsking, some),
      },
      scale,
    );
    const beside = (others: readonly Load[]) => ({ to: "without", loads: others });
    const calls = (count: number) => `a backend that takes 5 ms, ${count} calls at a time`;
    return [
      rateOf(`nginx without auth_request, ${calls(some)}`, loads.open),
      rateBeside("nginx with auth_request, the same", loads.asking, { ...beside(loads.open), atLeast: 0.8 }),
      rateOf(`nginx without auth_request, ${calls(many)}`, loads.fullOpen),
      rateBeside("nginx with auth_request, the same", loads.fullAsking, { ...beside(loads.fullOpen), atLeast: 0.6 }),
      rateOf("nginx without auth_request, a backend that does nothing", loads.idleOpen),
      rateBeside("nginx asks a bare node:http server, the same", loads.idleAskingNothing, beside(loads.idleOpen)),
      rateBeside("nginx asks the validator, the same", loads.idleAsking, beside(loads.idleOpen)),
    ];
  } finally {
    for (const one of running) await one.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
