import { startValidator, type ValidatorProcess } from "#tooling/testing/validator-process.ts";
import type { Figure } from "./figures.ts";
import { load, takeTurns, type Load } from "./load.ts";
import { rateBeside, rateOf, type Measured } from "./measured.ts";
import { areAllowed, asBatch, tokenOf, untilPassed, type Question } from "./questions.ts";

/** Tokens in one question of a gateway that asks about several calls at once. */
const inOneBatch = 100;

/**
 * Tokens that nobody has seen before, many in one question: they keep a worker busy, and whoever sends them has next to
 * nothing to do beside it on the same cores.
 */
export async function benchWorkers(
  environment: Readonly<Record<string, string>>,
  { pair, tenant, scale }: Measured,
): Promise<Figure[]> {
  const start = (workers: number) => startValidator({ ...environment, LATCHKEY_VALIDATOR_WORKERS: String(workers) });
  const one = await start(1);
  const two = await start(2);
  let made = 0;
  /** Tokens that a load may need: half as many again as were answered in one before, on whatever machine. */
  let needed = scale.freshTokens;
  const freshBatch = async (): Promise<Question> => {
    const ids = Array.from({ length: inOneBatch }, () => `fresh-${made++}`);
    return asBatch(await Promise.all(ids.map((id) => tokenOf(pair, { id }))), tenant);
  };
  const measure = async ({ origin }: ValidatorProcess): Promise<Load> => {
    const asks = await Promise.all(Array.from({ length: needed / inOneBatch }, freshBatch));
    const until = "amount" in scale.close.until ? { amount: asks.length } : scale.close.until;
    const { requestsPerSecond, ...rest } = await load(origin, asks, { ...until, once: true });
    const tokensPerSecond = requestsPerSecond * inOneBatch;
    if ("seconds" in until) needed = Math.max(needed, Math.ceil(1.5 * tokensPerSecond * until.seconds));
    return { ...rest, requestsPerSecond: tokensPerSecond };
  };
  try {
    for (const { origin } of [one, two]) await untilPassed(origin, await freshBatch(), areAllowed);
    // Two of them take twice as long until what they run is compiled well.
    const loads = await takeTurns({ one: () => measure(one), two: () => measure(two) }, { ...scale.close, warmUps: 3 });
    const beside = { to: "one", loads: loads.one, atLeast: 1.8, unit: "tokens/s" };
    return [
      rateOf("one worker, fresh ES256 tokens", loads.one, "tokens/s"),
      rateBeside("two workers, fresh ES256 tokens", loads.two, beside),
    ];
  } finally {
    await one.stop();
    await two.stop();
  }
}
