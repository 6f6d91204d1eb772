import { beforeAll, describe, expect, it } from "vitest";
import { ordersApi, signingPair, signToken, validationWorld, type SigningPair } from "#tooling/testing/validation.ts";
import type { SnapshotApi } from "./snapshot.ts";

let pair: SigningPair;
beforeAll(async () => {
  pair = await signingPair();
});

async function worldOf(api: SnapshotApi) {
  const made = validationWorld([pair.publicJwk]);
  made.change({ apis: [api] });
  return { made, token: await signToken(pair, {}, made.nowSeconds()) };
}

describe("a GraphQL API", () => {
  const graphql: SnapshotApi = {
    ...ordersApi,
    kind: "GRAPHQL",
    resources: [
      { method: "QUERY", path: "orders", scopes: ["orders:read"] },
      { method: "QUERY", path: "status", scopes: [] },
      { method: "QUERY", path: "payroll", scopes: ["payroll:read", "payroll:all"] },
      { method: "MUTATION", path: "orders", scopes: ["orders:write"] },
    ],
  };
  async function ask(operations: string[] | undefined, { method = "POST", path = "" } = {}) {
    const { made, token } = await worldOf(graphql);
    return made.validate(token, { method, operations, target: { requestPath: `/orders/1.0.0${path}` } });
  }

  it("opens where every field that the call touches is open to the token", async () => {
    for (const operations of [
      ["QUERY orders"],
      ["QUERY status"],
      ["QUERY status", "QUERY orders", "MUTATION orders"],
      ["QUERY __typename", "QUERY orders"],
    ]) {
      expect(await ask(operations)).toMatchObject({ allowed: true });
    }
    for (const path of ["", "/", "?query=x", "/#x"]) {
      expect(await ask(["QUERY orders"], { method: "GET", path })).toMatchObject({ allowed: true });
    }
  });

  it("stays closed where one of them is not, and names the scopes that this one asks for", async () => {
    expect(await ask(["QUERY orders", "QUERY payroll", "QUERY status"])).toMatchObject({
      code: 900910,
      status: 403,
      requiredScopes: ["payroll:read", "payroll:all"],
    });
  });

  it.each(["QUERY nothing", "QUERY Orders", "SUBSCRIPTION orders", "orders", "query orders", "QUERY __schema", ""])(
    "has no resource %j: 900906",
    async (operation) => {
      expect(await ask(["QUERY status", operation])).toMatchObject({ code: 900906, reason: "resource_unknown" });
    },
  );

  it("is closed to a call of which the gateway does not say what it touches", async () => {
    for (const operations of [undefined, []]) {
      expect(await ask(operations)).toMatchObject({ code: 900900, status: 403, reason: "operations_unknown" });
    }
  });

  it("has one address", async () => {
    for (const path of ["/graphql", "//", "/orders", "/%2f", "/..", "/?x"]) {
      const verdict = await ask(["QUERY status"], { path });
      if (path === "/?x") expect(verdict).toMatchObject({ allowed: true });
      else expect(verdict).toMatchObject({ code: 900906 });
    }
  });
});

describe("a WebSocket API", () => {
  const socket: SnapshotApi = {
    ...ordersApi,
    kind: "WEBSOCKET",
    resources: [
      { method: "GET", path: "/prices", scopes: [] },
      { method: "GET", path: "/orders/{id}", scopes: ["orders:read"] },
      { method: "GET", path: "/payroll", scopes: ["payroll:read"] },
    ],
  };

  it("is judged at its handshake by the address alone, whatever the method", async () => {
    const { made, token } = await worldOf(socket);
    const ask = (path: string, method: string) =>
      made.validate(token, { method, target: { requestPath: `/orders/1.0.0${path}` } });
    for (const method of ["GET", "CONNECT", "POST", "HEAD"]) {
      expect(await ask("/prices", method)).toMatchObject({ allowed: true });
      expect(await ask("/orders/7", method)).toMatchObject({ allowed: true });
      expect(await ask("/payroll", method)).toMatchObject({ code: 900910 });
      expect(await ask("/nothing", method)).toMatchObject({ code: 900906, reason: "resource_unknown" });
    }
  });
});

describe("an HTTP API", () => {
  it("has no regard for operations", async () => {
    const { made, token } = await worldOf(ordersApi);
    expect(await made.validate(token, { operations: ["QUERY orders"] })).toMatchObject({ allowed: true });
    expect(await made.validate(token, { method: "POST", operations: ["QUERY orders"] })).toMatchObject({
      reason: "resource_unknown",
    });
  });
});
