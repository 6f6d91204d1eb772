import { exportSPKI, type CryptoKey } from "jose";
import { tenantDb } from "#lib/data/database.ts";
import { gatewayTenant } from "#tooling/testing/gateway.ts";
import { signingPair, signToken } from "#tooling/testing/validation.ts";
import { importJWK } from "jose";
import { figure, median, type Figure } from "./figures.ts";
import { load, startReference } from "./load.ts";
import type { World } from "./world.ts";

/** Validation of a token that was seen before, and of fresh ES256 tokens, against a server that says "ok". */
export async function benchValidation({ deps, server }: World, smoke: boolean): Promise<Figure[]> {
  const pair = await signingPair();
  const tenant = await gatewayTenant(deps);
  const publicKey = (await importJWK(pair.publicJwk, pair.algorithm)) as CryptoKey;
  await deps.database.inTenant(tenant.tenantId, async (tx) =>
    tenantDb(tx).keyManager.update({
      where: { tenantId: tenant.tenantId, id: tenant.ids.keyManager },
      data: { signingKeys: { kind: "pem", value: await exportSPKI(publicKey) } },
    }),
  );
  const reference = await startReference();
  const rounds = smoke ? 1 : 5;
  const seconds = smoke ? 1 : 3;
  const freshTokens = smoke ? 200 : 6_000;
  const url = server.origin.replace("localhost", "127.0.0.1");
  const ask = async (id: string) => ({
    method: "POST" as const,
    path: "/gateway/v1/validate",
    headers: { "content-type": "application/json", "x-latchkey-gateway": tenant.credential },
    body: JSON.stringify({
      token: await signToken(pair, { claims: { jti: id } }, Math.floor(Date.now() / 1000)),
      method: "GET",
      requestPath: "/orders/1.0.0/items/7",
    }),
  });
  const seenQuestion = await ask("seen");
  await requireAllowed(url, seenQuestion);

  const rates = { reference: [] as number[], seen: [] as number[], fresh: [] as number[] };
  try {
    for (let round = 0; round < rounds; round++) {
      const ids = Array.from({ length: freshTokens }, (_, index) => `fresh-${round}-${index}`);
      const fresh = await Promise.all(ids.map(ask));
      const plain = { method: "POST" as const, path: "/", body: seenQuestion.body };
      rates.reference.push((await load(reference.url, [plain], { seconds })).requestsPerSecond);
      rates.seen.push((await load(url, [seenQuestion], { seconds })).requestsPerSecond);
      rates.fresh.push((await load(url, fresh, { amount: fresh.length })).requestsPerSecond);
    }
  } finally {
    await reference.stop();
  }
  const unit = "requests/s";
  const to = "node:http";
  const share = (values: number[]) => ({ value: median(values) / median(rates.reference), to });
  return [
    figure("validation", 'node:http that answers "ok"', { values: rates.reference, unit }),
    figure("validation", "token seen before", { values: rates.seen, unit, ratio: share(rates.seen) }),
    figure("validation", "fresh ES256 token", { values: rates.fresh, unit, ratio: share(rates.fresh) }),
  ];
}

/** A refusal is an answer too, and a quick one: what is measured must be the way of a good token. */
async function requireAllowed(url: string, question: { path: string; headers: object; body: string }): Promise<void> {
  const response = await fetch(url + question.path, {
    method: "POST",
    headers: question.headers as Record<string, string>,
    body: question.body,
  });
  const verdict: unknown = await response.json();
  const isAllowed = typeof verdict === "object" && verdict !== null && "allowed" in verdict && verdict.allowed === true;
  if (!isAllowed) throw new Error(`The token to measure with was refused: ${JSON.stringify(verdict)}`);
}
