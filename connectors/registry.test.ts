import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { connectorFacts, connectorMatrix } from "#tooling/docs/connector-facts.ts";
import { connectors, findConnector } from "./registry.ts";

/** Tables may be drawn wide or narrow. */
const plain = (markdown: string) =>
  markdown
    .replaceAll(/-{3,}/g, "---")
    .replaceAll(/[ \t]+/g, " ")
    .trim();

async function declaredIn(file: string): Promise<string> {
  const [, facts] = /<!-- declared -->\n([^]*?)<!-- end -->/.exec(await readFile(file, "utf8")) ?? [];
  return plain(facts ?? "");
}

describe("the registry", () => {
  it("finds each connector by its id, and nothing by another", () => {
    for (const connector of connectors) expect(findConnector(connector.id)).toBe(connector);
    expect(new Set(connectors.map(({ id }) => id)).size).toBe(connectors.length);
    expect(findConnector("nothing")).toBeUndefined();
  });

  it.each(connectors.map((connector) => [connector.id, connector] as const))(
    "has a page for %s that states what the connector declares and leads to its guide (npm run docs)",
    async (id, connector) => {
      const file = `connectors/${id}/README.md`;
      expect(await declaredIn(file)).toBe(plain(connectorFacts(connector)));
      expect(await readFile(file, "utf8")).toContain(`](guide.md)`);
      expect(connector.guide).toBe(`connectors/${id}/guide.md`);
      expect(existsSync(`connectors/${id}/guide.md`)).toBe(true);
    },
  );

  it("has a matrix that compares what connectors declare (npm run docs)", async () => {
    expect(await declaredIn("docs/connectors/README.md")).toBe(plain(connectorMatrix(connectors)));
  });
});
