import { rmSync } from "node:fs";
import { join } from "node:path";
import { startNginx } from "#e2e/servers/nginx.ts";
import { startValidator } from "#tooling/testing/validator-process.ts";
import { temporaryFolder } from "../database/temporary.ts";
import type { Figure } from "./figures.ts";
import { load, startInOwnProcess, startReference, takeTurns } from "./load.ts";
import { question, rateBeside, rateOf, type Measured } from "./measured.ts";
import { asCaller, tokenOf, untilPassed } from "./questions.ts";

/**
 * What the answer costs a real nginx, against one that asks nobody: before a backend such as people have, which is what is
 * promised; and before one that does nothing, where asking a server that answers with nothing shows what is nginx's own part.
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
    const openToOk = await nginx(reference, latchkey, { asks: false });
    const askingNothing = await nginx(reference, nothing);
    const askingBeforeOk = await nginx(reference, latchkey);
    await untilPassed(validator.origin, await question(pair, tenant));
    const call = asCaller(await tokenOf(pair));
    const through =
      ({ origin }: { origin: string }) =>
      () =>
        load(origin, [call], scale.until);
    const loads = await takeTurns(
      {
        open: through(open),
        asking: through(asking),
        openToOk: through(openToOk),
        askingNothing: through(askingNothing),
        askingBeforeOk: through(askingBeforeOk),
      },
      scale,
    );
    const beside = { to: "without", loads: loads.open };
    const besideOk = { to: "without", loads: loads.openToOk };
    return [
      rateOf("nginx without auth_request, Express behind it", loads.open),
      rateBeside("nginx with auth_request, Express behind it", loads.asking, { ...beside, atLeast: 0.6 }),
      rateOf("nginx without auth_request, a bare node:http behind it", loads.openToOk),
      rateBeside("nginx with auth_request to a bare node:http, the same behind it", loads.askingNothing, besideOk),
      rateBeside("nginx with auth_request, a bare node:http behind it", loads.askingBeforeOk, besideOk),
    ];
  } finally {
    for (const one of running) await one.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
