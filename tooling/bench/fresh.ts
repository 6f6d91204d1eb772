/** Tokens that nobody has seen before: what the validator adds to checking a signature. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { figure, ratioOf, type Figure } from "./figures.ts";
import type { FreshRates } from "./fresh-process.ts";

const kinds = [
  { algorithm: "ES256", ratioAtLeast: 0.65 },
  { algorithm: "RS256", ratioAtLeast: 0.6 },
] as const;

/** @returns rates of fresh tokens beside those of `crypto.verify` over the same signatures */
export async function benchFresh(smoke: boolean): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { algorithm, ratioAtLeast } of kinds) {
    const rates = await measureAlone(algorithm, smoke ? 3 : 80);
    const ratio = { value: ratioOf(rates.fresh, rates.raw), to: "crypto.verify" };
    figures.push(
      figure("validator", `crypto.verify, ${algorithm}`, { values: rates.raw, unit: "tokens/s" }),
      figure("validator", `fresh ${algorithm} tokens`, { values: rates.fresh, unit: "tokens/s", ratio, ratioAtLeast }),
    );
  }
  return figures;
}

/** Measures in a process of its own, as a validator is one: this one holds a database's server and much else. */
async function measureAlone(algorithm: string, turns: number): Promise<FreshRates> {
  const child = fork(new URL("./fresh-process.ts", import.meta.url), [algorithm, String(turns)]);
  const gone = once(child, "exit");
  const [rates] = (await Promise.race([once(child, "message"), gone.then(() => [])])) as [FreshRates?];
  if (!rates) throw new Error(`The process that measures fresh ${algorithm} tokens ended before it had measured.`);
  await gone;
  return rates;
}
