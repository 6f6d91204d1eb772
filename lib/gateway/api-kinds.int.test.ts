import { afterAll, beforeAll, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import { newId } from "#lib/foundation/ids.ts";
import { gatewayTenant, keySetOutbound, serveValidationPlane } from "#tooling/testing/gateway.ts";
import { testDependencies } from "#tooling/testing/tenant.ts";
import { signingPair, signToken } from "#tooling/testing/validation.ts";

let plane: Awaited<ReturnType<typeof serveValidationPlane>>;
let ask: (question: object) => Promise<{ status: number; body: Record<string, unknown> }>;

beforeAll(async () => {
  const pair = await signingPair();
  const deps = testDependencies({ outbound: keySetOutbound(() => [pair.publicJwk]) });
  plane = await serveValidationPlane(deps);
  const { administrator, ids, credential, tenantId } = await gatewayTenant(deps);
  await administrator.deps.database.inTenant(administrator.tenant.id, async (tx) => {
    const own = { tenantId, apiId: ids.api };
    await tenantDb(tx).api.update({ where: { id: ids.api }, data: { kind: "GRAPHQL" } });
    await tenantDb(tx).apiResource.deleteMany({ where: { apiId: ids.api } });
    await tenantDb(tx).apiResource.createMany({
      data: [
        { ...own, id: newId(), verb: "QUERY", path: "orders", scopes: ["orders:read"], position: 0 },
        { ...own, id: newId(), verb: "QUERY", path: "payroll", scopes: ["payroll:read"], position: 1 },
      ],
    });
  });
  const token = await signToken(pair, {}, Math.floor(Date.now() / 1000));
  ask = async (question) => {
    const res = await fetch(`http://${plane.address}/gateway/v1/validate`, {
      method: "POST",
      headers: { Authorization: `Bearer ${credential}` },
      body: JSON.stringify({ token, method: "POST", requestPath: "/orders/1.0.0", ...question }),
    });
    return { status: res.status, body: (await res.json()) as Record<string, unknown> };
  };
});
afterAll(() => plane.stop());

it("judges a GraphQL call by what it touches, said by the gateway or read from the request", async () => {
  expect((await ask({ operations: ["QUERY orders"] })).body).toMatchObject({ allowed: true });
  expect((await ask({ operations: ["QUERY orders", "QUERY payroll"] })).body).toMatchObject({
    code: 900910,
    requiredScopes: ["payroll:read"],
  });
  const query = "query A { orders { id } ...B } fragment B on Query { mine: payroll { id } }";
  expect((await ask({ graphql: { query, variables: { x: 1 } } })).body).toMatchObject({ code: 900910 });
  expect((await ask({ graphql: { query: "{ orders { id } }", operationName: null } })).body).toMatchObject({
    allowed: true,
  });
  expect((await ask({})).body).toMatchObject({ code: 900900, reason: "operations_unknown" });
});

it("says what is wrong with operations that cannot be read", async () => {
  for (const [question, path] of [
    [{ operations: ["orders"] }, "operations.0"],
    [{ graphql: { query: "{" } }, "graphql.query"],
    [{ graphql: { query: "query A { a } query B { b }" } }, "graphql.query"],
    [{ operations: ["QUERY a"], graphql: { query: "{ a }" } }, ""],
  ] as const) {
    const { status, body } = await ask(question);
    expect({ status, fields: body["fields"] }).toMatchObject({ status: 400, fields: [{ path }] });
  }
});
