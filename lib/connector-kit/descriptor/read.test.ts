import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { systemClock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import northwind from "#docs/connectors/example/northwind.vendor.ts";
import { describeConnector, simulated } from "../conformance.ts";
import { vendorKit } from "../conformance/vendor-kit.ts";
import { readDescribedConnector } from "./read.ts";

const source = "northwind.yaml";
const text = readFileSync(`docs/connectors/example/${source}`, "utf8");
const example = readDescribedConnector(text, source);

describe("the described connector of the documentation", () => {
  describeConnector(example, {
    start: async () => simulated(await northwind(vendorKit)),
    client: { kind: "machine" },
  });
});

/** The message for the example with one change, and the line in which the change stands. */
function refusalOf(from: string | RegExp, to: string): { message: string; line: number } {
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  const line = changed.split("\n").findIndex((words, at) => words !== text.split("\n")[at]) + 1;
  try {
    readDescribedConnector(changed, source);
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error), line };
  }
  throw new Error("The mistake was not found.");
}

describe("a mistake", () => {
  it.each([
    [
      "a member that is misspelled",
      "    kind: url\n",
      "    kind: url\n    lable: Api\n",
      /lable: This is not known here/,
      1,
    ],
    ["a value that does not exist", "algorithms: [RS256]", "algorithms: [HS256]", /trust\.algorithms\.0/, 0],
    [
      "a placeholder that names nothing",
      "{ref.consumerKey}/secret",
      "{ref.clientKey}/secret",
      /\{ref\.clientKey\} names nothing here/,
      0,
    ],
    ["a pointer that is none", "consumerSecret: /clientSecret", "consumerSecret: clientSecret", /JSON pointer/, 0],
    ["a bad id", "id: northwind", "id: North Wind", /small letters/, 0],
    ["an ability that is both there and missing", "missing:\n", "missing:\n  issueToken: No.\n", /not missing/, 1],
    ["an ability that nobody has heard of", "missing:\n", "missing:\n  fly: No.\n", /no ability of this name/, 1],
  ])("is named with its line: %s", (_name, from, to, words, below) => {
    const { message, line } = refusalOf(from, to);
    expect(message).toMatch(words);
    expect(message).toMatch(new RegExp(`^${source}:${String(line + below - (below ? 1 : 0))}:\\d+:`, "m"));
  });

  it("in the writing itself is named too", () => {
    expect(refusalOf("id: northwind", "id: [northwind").message).toMatch(/^northwind\.yaml:\d+:\d+: /);
  });

  it("in what is missing stands at the object that lacks it", () => {
    expect(refusalOf(/^name: .*\n/m, "").message).toMatch(/name/);
    expect(refusalOf("  exchangeToken: Northwind Identity does not exchange tokens.\n", "").message).toMatch(
      /Say why “exchangeToken” is missing/,
    );
  });

  it("is named with all others, not one by one", () => {
    const { message } = refusalOf(/id: northwind([^]*)monogram: Nw/, "id: X$1monogram: long");
    expect(message.split("\n").length).toBeGreaterThan(1);
  });
});

describe("a template", () => {
  it("never lets a value climb out of its path", async () => {
    const vendor = await northwind(vendorKit);
    const adapter = example.open(vendor.settings, { fetch: vendor.fetch, clock: systemClock, log: silentLog });
    expect(await adapter.readClient?.({ consumerKey: "../../id/keys" })).toBeNull();
    expect(vendor.requests.at(-1)?.url).toContain("..%2F..%2Fid%2Fkeys");
  });
});
