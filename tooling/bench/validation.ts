import { gatewayTenant } from "#tooling/testing/gateway.ts";
import { signingPair } from "#tooling/testing/validation.ts";
import { figure, ratioOf, type Figure } from "./figures.ts";
import { load, startReference } from "./load.ts";
import { asJson, isAllowed, tokenOf, trustPem, untilPassed } from "./questions.ts";
import type { World } from "./world.ts";

/** Validation of a token that was seen before, and of fresh ES256 tokens, against a server that says "ok". */
export async function benchValidation({ deps, server }: World, smoke: boolean): Promise<Figure[]> {
  const pair = await signingPair();
  const tenant = await gatewayTenant(deps);
  await trustPem(deps, tenant, pair);
  const reference = await startReference();
  const rounds = smoke ? 1 : 9;
  const seconds = smoke ? 1 : 2;
  const freshTokens = 10_000 * seconds;
  const url = server.origin.replace("localhost", "127.0.0.1");
  const ask = async (id: string) => asJson(await tokenOf(pair, { id }), tenant);
  const seenQuestion = await ask("seen");
  await untilPassed(url, seenQuestion, isAllowed);

  const rates = { reference: [] as number[], seen: [] as number[], fresh: [] as number[] };
  try {
    for (let round = 0; round < rounds; round++) {
      const ids = Array.from({ length: freshTokens }, (_, index) => `fresh-${round}-${index}`);
      const fresh = await Promise.all(ids.map(ask));
      const plain = { ...seenQuestion, path: "/" };
      rates.reference.push((await load(reference.url, [plain], { seconds })).requestsPerSecond);
      rates.seen.push((await load(url, [seenQuestion], { seconds })).requestsPerSecond);
      rates.fresh.push((await load(url, fresh, { seconds, once: true })).requestsPerSecond);
    }
  } finally {
    await reference.stop();
  }
  const unit = "requests/s";
  const to = "node:http";
  const share = (values: number[]) => ({ value: ratioOf(values, rates.reference), to });
  return [
    figure("validation", 'node:http that answers "ok"', { values: rates.reference, unit }),
    figure("validation", "token seen before", { values: rates.seen, unit, ratio: share(rates.seen) }),
    figure("validation", "fresh ES256 token", { values: rates.fresh, unit, ratio: share(rates.fresh) }),
  ];
}
