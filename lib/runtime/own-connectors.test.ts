import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import harbour from "#docs/connectors/example/harbour.vendor.ts";
import { allConnectors, connectors, findConnector } from "#connectors/registry.ts";
import { describeConnector, simulated } from "#lib/connector-kit/conformance.ts";
import { vendorKit } from "#lib/connector-kit/conformance/vendor-kit.ts";
import { loadConnector, loadOwnConnectors } from "./own-connectors.ts";

const described = "docs/connectors/example/northwind.yaml";
const programmed = "./docs/connectors/example/harbour.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "latchkey-connectors-"));
});
afterAll(async () => {
  await loadOwnConnectors([]);
  await rm(folder, { recursive: true });
});

describe("the connector of the tutorial", async () => {
  describeConnector(await loadConnector(programmed), { start: async () => simulated(await harbour(vendorKit)) });
});

describe("connectors that the operator brings along", () => {
  it("stand beside ours, and are found by their ids", async () => {
    await loadOwnConnectors([described, programmed]);
    expect(allConnectors()).toHaveLength(connectors.length + 2);
    expect(findConnector("northwind")?.name).toBe("Northwind Identity");
    expect(findConnector("harbour")?.capabilities).toContain("issueToken");
  });

  it("may be a folder with an index", async () => {
    const body = `export default () => (${JSON.stringify({ id: "from-a-folder" })});`;
    await writeFile(join(folder, "index.mjs"), body);
    expect((await loadConnector(folder)).id).toBe("from-a-folder");
  });

  it.each([
    ["a file that is not there", "./nowhere.yaml", /“\.\/nowhere\.yaml” cannot be used: ENOENT/],
    ["a package that is not installed", "@nobody/connector", /“@nobody\/connector” cannot be used: Cannot find/],
    ["a module without a default export", "./tooling/docs/connector-facts.ts", /default export must be a function/],
    ["a folder without an index", "./docs", /no index\.ts/],
  ])("stop the start where one is %s", async (_name, entry, words) => {
    await expect(loadOwnConnectors([entry])).rejects.toThrow(words);
  });

  it("must have ids of their own", async () => {
    const file = join(folder, "twin.mjs");
    await writeFile(file, `export default () => ({ id: ${JSON.stringify(connectors[0]?.id)} });`);
    await expect(loadOwnConnectors([file])).rejects.toThrow(/Two connectors have the id/);
  });
});
