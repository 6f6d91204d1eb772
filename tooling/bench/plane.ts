/** The validation plane in a process of its own: how fast it is, and that it stays so whatever it has to know. */
import { findNginx } from "#e2e/servers/nginx.ts";
import { signingPair } from "#tooling/testing/validation.ts";
import { startValidator, type ValidatorProcess } from "#tooling/testing/validator-process.ts";
import { benchNginx } from "./behind-nginx.ts";
import { figure, ratioOf, type Figure } from "./figures.ts";
import { benchFresh } from "./fresh.ts";
import { load, loadRefused, startReference, takeTurns, type Load } from "./load.ts";
import { group, question, rateBeside, rateOf, scales, type Measured } from "./measured.ts";
import { serveKeySet, trust, trustPem, untilPassed, type Tenant } from "./questions.ts";
import type { Findings } from "./report.ts";
import { makeTenant } from "./tenants.ts";
import { benchWorkers } from "./workers.ts";
import type { World } from "./world.ts";

/** Consumer keys in use at a time, in the small tenant and in the large one. */
const inUse = 100;
/** A hundred a second that must be refused, from one connection. */
const besides = { connections: 1, pauseMs: 10 };

/** Adds its figures as they come, and what could not be measured with the reason. */
export async function benchPlane(world: World, smoke: boolean, { figures, skipped }: Findings): Promise<void> {
  const scale = scales[smoke ? "smoke" : "full"];
  const pair = await signingPair();
  figures.push(...(await benchFresh(smoke)));
  const environment = { ...world.environment, LATCHKEY_VALIDATOR_STATE: "" };
  const tenant = await makeTenant(world, pair, { mappings: inUse });
  const validator = await startValidator(environment);
  const reference = await startReference();
  try {
    const measured = { pair, tenant, scale };
    figures.push(...(await benchFace(validator, reference.url, measured)));
    figures.push(...(await benchFlood(world, validator, measured)));
    if (findNginx() === null) skipped.push("behind nginx: nginx is not installed");
    else figures.push(...(await benchNginx(environment, reference.url, measured)));
  } finally {
    await reference.stop();
    await validator.stop();
  }
  // Without these beside them: two workers have use for all of two cores.
  figures.push(...(await benchWorkers(environment, { pair, tenant, scale })));
  // Last: the large tenants take their time to write.
  figures.push(...(await benchGrowth(world, environment, { pair, tenant, scale })));
}

async function benchFace(
  { origin }: ValidatorProcess,
  reference: string,
  { pair, tenant, scale }: Measured,
): Promise<Figure[]> {
  const asked = await question(pair, tenant);
  const loads = await takeTurns(
    {
      bare: () => load(reference, [{ ...asked, path: "/" }], scale.until),
      warm: () => load(origin, [asked], scale.until),
    },
    scale,
  );
  const p99 = (list: readonly Load[]) => list.map(({ p99Ms }) => p99Ms);
  const to = "bare node:http";
  const slower = ratioOf(
    p99(loads.warm),
    // Where it is told in whole milliseconds, it may be none.
    p99(loads.bare).map((ms) => ms || 1),
  );
  return [
    rateOf("bare node:http, the same request", loads.bare),
    rateBeside("nginx face, warm token", loads.warm, { to, loads: loads.bare, atLeast: 0.75 }),
    figure(group, "nginx face, warm token, p99", {
      values: p99(loads.warm),
      unit: "ms",
      ratio: { value: slower, to },
      ratioAtMost: 2,
    }),
  ];
}

async function benchGrowth(
  world: World,
  environment: Readonly<Record<string, string>>,
  { pair, tenant, scale }: Measured,
): Promise<Figure[]> {
  const { mappings, apis, revocations, close } = scale;
  const tenants = {
    small: tenant,
    large: await makeTenant(world, pair, { mappings, apis }),
    revoking: await makeTenant(world, pair, { mappings: inUse, revocations }),
  };
  const clients = Array.from({ length: inUse }, (_, index) => index + 1);
  const asksOf = (tenant: Tenant, step: number) =>
    Promise.all(clients.map((client) => question(pair, tenant, `client-${client * step}`)));
  const asks = {
    small: await asksOf(tenants.small, 1),
    large: await asksOf(tenants.large, Math.floor(mappings / inUse)),
    revoking: await asksOf(tenants.revoking, 1),
  };
  const validator = await startValidator(environment);
  try {
    const { origin } = validator;
    // The first call of a tenant waits until it is loaded.
    for (const [asked] of Object.values(asks)) if (asked) await untilPassed(origin, asked);
    const loads = await takeTurns(
      {
        small: () => load(origin, asks.small, close.until),
        large: () => load(origin, asks.large, close.until),
        revoking: () => load(origin, asks.revoking, close.until),
      },
      close,
    );
    const to = `with ${inUse} mappings`;
    const count = (amount: number) => amount.toLocaleString("en");
    const large = `${count(mappings)} mappings and ${count(apis)} APIs`;
    return [
      rateOf(`${inUse} clients of ${inUse} mappings`, loads.small),
      rateBeside(`${inUse} clients of ${large}`, loads.large, { to, loads: loads.small, atLeast: 0.95 }),
      rateBeside(`with ${count(revocations)} revoked tokens`, loads.revoking, {
        to: "with none",
        loads: loads.small,
        atLeast: 0.95,
      }),
      figure(group, "resident memory, all of these known", {
        values: [await residentMegabytes(origin)],
        unit: "MB",
        atMost: 1_000,
      }),
    ];
  } finally {
    await validator.stop();
  }
}

async function residentMegabytes(origin: string): Promise<number> {
  const metrics = await (await fetch(`${origin}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1]) / 1024 / 1024;
}

/**
 * Tokens that name keys nobody published beside good calls, while the key manager begins to sign with another key, and then
 * does not answer any more. A good call that is refused ends the bench.
 */
async function benchFlood(
  { deps, environment }: World,
  validator: ValidatorProcess,
  { pair, tenant, scale }: Measured,
): Promise<Figure[]> {
  const keySet = await serveKeySet(pair);
  const own = await startValidator({
    ...environment,
    LATCHKEY_VALIDATOR_STATE: "",
    LATCHKEY_OUTBOUND_ALLOW: keySet.address,
  });
  await trust(deps, tenant, { kind: "jwks", url: keySet.url });
  try {
    let good = await question(pair, tenant);
    const next = await signingPair(pair.algorithm, "key-2");
    const startedAt = performance.now();
    await untilPassed(own.origin, good);
    const alone: Load[] = [];
    const beside: Load[] = [];
    let refused = 0;
    keySet.add(next);
    // Long enough to read the key set again, as it is read once in thirty seconds.
    const rounds = 2 * scale.rounds;
    let isRotated = false;
    for (let round = 0; round < rounds; round++) {
      if (!isRotated && keySet.fetches() > 1) {
        good = await question(next, tenant);
        isRotated = true;
      }
      alone.push(await load(own.origin, [good], scale.until));
      // Made beforehand: whoever signs them takes time from what is measured.
      const names = Array.from({ length: scale.strangeTokens }, (_, index) => `unknown-${round}-${index}`);
      const strange = await Promise.all(names.map((keyId) => question({ ...pair, keyId }, tenant)));
      const flood = loadRefused(own.origin, strange, { ...scale.until, ...besides });
      beside.push(await load(own.origin, [good], scale.until));
      refused += await flood;
      // Towards the end, the key manager is away altogether.
      if (round === Math.floor(0.75 * rounds)) keySet.stop();
    }
    const elapsedMs = performance.now() - startedAt;
    if (!isRotated && elapsedMs > 60_000) throw new Error("The key set was not read again within a minute.");
    const allowed = Math.ceil(elapsedMs / 30_000) + 1;
    return [
      rateBeside("beside tokens with unknown keys, keys rotated, then no key manager", beside, {
        to: "without them",
        loads: alone,
        atLeast: 0.9,
      }),
      figure(group, `fetches of the key set for ${refused} such tokens`, {
        values: [keySet.fetches()],
        unit: "",
        atMost: allowed,
      }),
    ];
  } finally {
    await own.stop();
    keySet.stop();
    await trustPem(deps, tenant, pair);
    await untilPassed(validator.origin, await question(pair, tenant));
  }
}
