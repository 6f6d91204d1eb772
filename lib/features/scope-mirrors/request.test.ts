import { afterEach, expect, it } from "vitest";
import { bringConnectors, connectors } from "#connectors/registry.ts";
import { scopeHolders } from "./request.ts";

afterEach(() => bringConnectors([]));

const holder = connectors.find(({ capabilities }) => capabilities.includes("scopes"));
if (!holder) throw new Error("No connector holds scopes.");

it("scopes stand at key managers of connectors that the operator brought along, where those hold scopes", () => {
  const withoutScopes = holder.capabilities.filter((name) => name !== "scopes");
  bringConnectors([
    { ...holder, id: "harbour" },
    { ...holder, id: "northwind", capabilities: withoutScopes },
  ]);
  expect(scopeHolders()).toContain(holder.id);
  expect(scopeHolders()).toContain("harbour");
  expect(scopeHolders()).not.toContain("northwind");
});
