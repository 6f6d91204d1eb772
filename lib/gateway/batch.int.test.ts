import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gatewayTenant, keySetOutbound, serveValidationPlane } from "#tooling/testing/gateway.ts";
import { testDependencies } from "#tooling/testing/tenant.ts";
import { consumerKey, signingPair, signToken, type SigningPair } from "#tooling/testing/validation.ts";

let pair: SigningPair;
let plane: Awaited<ReturnType<typeof serveValidationPlane>>;
const deps = testDependencies({ outbound: keySetOutbound(() => [pair.publicJwk]) });

beforeAll(async () => {
  pair = await signingPair();
  plane = await serveValidationPlane(deps);
});
afterAll(() => plane.stop());

const token = () => signToken(pair, {}, Math.floor(Date.now() / 1000));

async function batch({ credential }: { credential: string }, questions: unknown) {
  const response = await fetch(`http://${plane.address}/gateway/v1/validate/batch`, {
    method: "POST",
    headers: { "X-Latchkey-Gateway": credential },
    body: JSON.stringify({ questions }),
  });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body };
}

describe("the JSON face, for several questions", () => {
  it("gives one verdict each, in order; a bad question does not spoil the others", async () => {
    const tenant = await gatewayTenant(deps);
    const good = { method: "GET", requestPath: "/orders/1.0.0/items/7", token: await token() };
    const { status, headers, body } = await batch(tenant, [
      good,
      { ...good, method: "DELETE" },
      { ...good, method: 7 },
      "what?",
      { ...good, token: undefined },
      { ...good, requestPath: "/orders/1.0.0/items/7?access_token=x" },
      good,
    ]);
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body["verdicts"]).toMatchObject([
      { allowed: true, consumerKey },
      { allowed: false, code: 900910, status: 403, wwwAuthenticate: expect.stringContaining("insufficient_scope") },
      { allowed: false, code: "input.invalid", status: 400, fields: [{ path: "method" }] },
      { allowed: false, code: "input.invalid", status: 400, fields: [{ path: "" }] },
      { allowed: false, code: 900902, status: 401 },
      { allowed: false, reason: "token_in_query" },
      { allowed: true, consumerKey },
    ]);
  });

  it("takes a hundred questions and no more, and at least one", async () => {
    const tenant = await gatewayTenant(deps);
    const question = { method: "GET", requestPath: "/orders/1.0.0/items/7", token: await token() };
    const { body } = await batch(
      tenant,
      Array.from({ length: 100 }, () => question),
    );
    expect(body["verdicts"]).toHaveLength(100);
    for (const questions of [Array.from({ length: 101 }, () => question), [], undefined]) {
      const refused = await batch(tenant, questions);
      expect(refused).toMatchObject({ status: 400, body: { code: "input.invalid", fields: [{ path: "questions" }] } });
    }
    expect((await batch(tenant, ["x".repeat(2_200_000)])).status).toBe(413);
  });

  it("refuses strangers", async () => {
    expect((await batch({ credential: "lkg_nobody" }, [])).status).toBe(401);
  });
});
