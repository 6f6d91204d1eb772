import { describe, expect, it } from "vitest";
import { ApiInput } from "./contract.ts";
import { draftOfSchema, isGraphqlSchema } from "./import-graphql.ts";

const schema = `
"""
Orders of the shop.
"""
schema @link(url: "https://specs.apollo.dev/federation/v2.0") { query: Root mutation: Mutation }
type Root { orders(first: Int = 10): [Order!]! @requiresScopes(scopes: [["x"]]) status: String }
extend type Root { orders: [Order] stock: Int }
type Mutation { addOrder(item: ID!): Order }
type Query { notTheRoot: Int }
type Order @key(fields: "id") { id: ID! }
`;

describe("a GraphQL schema", () => {
  it("becomes an API with a resource for each field at its root", () => {
    const { notes, ...draft } = draftOfSchema(schema);
    expect(draft).toEqual({
      name: "",
      version: "1.0.0",
      context: "",
      description: "Orders of the shop.",
      kind: "GRAPHQL",
      scopes: [],
      resources: [
        { verb: "QUERY", path: "orders", scopes: [] },
        { verb: "QUERY", path: "status", scopes: [] },
        { verb: "QUERY", path: "stock", scopes: [] },
        { verb: "MUTATION", path: "addOrder", scopes: [] },
      ],
    });
    expect(notes).toHaveLength(1);
    expect(ApiInput.safeParse({ ...draft, name: "Shop", context: "/shop" }).success).toBe(true);
  });

  it("has its usual root types where it does not name them", () => {
    const { resources } = draftOfSchema("type Query { a: Int }\ntype Subscription { b: Int }\ntype Other { c: Int }");
    expect(resources.map(({ verb, path }) => `${verb} ${path}`)).toEqual(["QUERY a", "SUBSCRIPTION b"]);
  });

  it.each([
    ["type Other { a: Int }", /no fields/],
    ["type Query { a: Int", /cannot be read|can be read/],
    [`type Query { ${Array.from({ length: 1_001 }, (_, at) => `f${at}: Int`).join(" ")} }`, /at most 1000/],
  ])("is refused with its reason: %#", (text, message) => {
    expect(() => draftOfSchema(text)).toThrow(expect.objectContaining({ code: "input.invalid" }));
    expect(() => draftOfSchema(text)).toThrow(message);
  });

  it.each([
    [schema, true],
    ["extend type Query { a: Int }", true],
    ["schema { query: Q }", true],
    ["openapi: 3.1.0\ninfo: { title: type Query { a } }", false],
    ['{ "openapi": "3.1.0", "x": "type Query { a: Int }" }', false],
    ["{ orders { id } }", false],
    ["components:\n  schemas:\n    A:\n      type: object", false],
    ["hello", false],
  ])("is told from other texts: %#", (text, is) => expect(isGraphqlSchema(text)).toBe(is));
});

describe("the resources of a kind of API", () => {
  const api = { name: "Shop", version: "1", context: "/shop" };
  const problemsOf = (kind: string, verb: string, path: string) =>
    ApiInput.safeParse({ ...api, kind, resources: [{ verb, path }] }).error?.issues.map((issue) =>
      issue.path.join("."),
    );

  it.each([
    ["HTTP", "GET", "/orders"],
    ["GRAPHQL", "QUERY", "orders"],
    ["GRAPHQL", "MUTATION", "__x1"],
    ["WEBSOCKET", "GET", "/prices/{currency}"],
    ["WEBSOCKET", "GET", "/*"],
  ])("%s takes %s %s", (kind, verb, path) => expect(problemsOf(kind, verb, path)).toBeUndefined());

  it.each([
    ["HTTP", "QUERY", "/orders", "resources.0.verb"],
    ["HTTP", "GET", "orders", "resources.0.path"],
    ["HTTP", "GET", "", "resources.0.path"],
    ["GRAPHQL", "GET", "orders", "resources.0.verb"],
    ["GRAPHQL", "QUERY", "/orders", "resources.0.path"],
    ["GRAPHQL", "QUERY", "", "resources.0.path"],
    ["GRAPHQL", "QUERY", "orders.items", "resources.0.path"],
    ["WEBSOCKET", "POST", "/prices", "resources.0.verb"],
    ["WEBSOCKET", "QUERY", "/prices", "resources.0.verb"],
    ["SOAP", "GET", "/orders", "kind"],
  ])("%s refuses %s %j at %s", (kind, verb, path, at) => expect(problemsOf(kind, verb, path)).toEqual([at]));
});
