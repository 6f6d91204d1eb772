import { describe, expect, it } from "vitest";
import { operationsOf } from "./graphql-operations.ts";

describe("what a GraphQL request touches", () => {
  it.each([
    ["{ orders { id } }", ["QUERY orders"]],
    ["query { orders { customer { name } } stock }", ["QUERY orders", "QUERY stock"]],
    ["{ harmless: payroll { salary } }", ["QUERY payroll"]],
    ["mutation Add($x: Int) { addOrder(x: $x) { id } }", ["MUTATION addOrder"]],
    ["subscription { orderAdded { id } }", ["SUBSCRIPTION orderAdded"]],
    ["{ orders { id } ...More } fragment More on Query { payroll { id } ...More }", ["QUERY orders", "QUERY payroll"]],
    [
      "{ ... on Query { payroll } ... @include(if: false) { stock } orders @skip(if: true) }",
      ["QUERY payroll", "QUERY stock", "QUERY orders"],
    ],
    ["{ __schema { types { name } } __typename }", ["QUERY __schema", "QUERY __typename"]],
    ["{ orders { ...on Order { id } } } fragment Unused on Query { payroll }", ["QUERY orders"]],
  ])("%s", (query, operations) => expect(operationsOf(query)).toEqual(operations));

  it("is that of the operation that runs, and of no other", () => {
    const query = "query A { orders } mutation B { addOrder }";
    expect(operationsOf(query, "A")).toEqual(["QUERY orders"]);
    expect(operationsOf(query, "B")).toEqual(["MUTATION addOrder"]);
    expect(operationsOf("query A { orders }", "A")).toEqual(["QUERY orders"]);
    expect(() => operationsOf(query)).toThrow(/operationName/);
    expect(() => operationsOf(query, null)).toThrow(/operationName/);
    expect(() => operationsOf(query, "C")).toThrow(/one operation named C/);
    expect(() => operationsOf(`${query} query A { payroll }`, "A")).toThrow(/one operation named A/);
  });

  it("is not clear, and so refused, where a fragment is missing or there twice", () => {
    expect(() => operationsOf("{ ...More }")).toThrow(/fragment named More/);
    const twice = "{ ...More } fragment More on Query { a } fragment More on Query { b }";
    expect(() => operationsOf(twice)).toThrow(/fragment named More/);
  });

  it.each(["", "{", "type Query { a: Int }", "orders", "fragment A on Query { a }", "{ a ".repeat(20_000)])(
    "is nothing that can be read: %#",
    (query) => expect(() => operationsOf(query)).toThrow(),
  );
});
