import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../bootstrap/checkout.mjs";
import { countChecks } from "./figures.ts";
import type { Assertion, Report } from "./report.ts";

const checkOf = (status: string, ...titles: string[]): Assertion => ({
  ancestorTitles: titles.slice(0, -1),
  title: titles.at(-1) ?? "",
  status,
  failureMessages: status === "failed" ? ["Expected one thing"] : [],
});

const fileOf = (path: string, ...assertionResults: Assertion[]) => ({ name: join(root, path), assertionResults });

const report: Report = {
  success: false,
  said: "",
  testResults: [
    fileOf(
      "connectors/harbour/conformance.test.ts",
      checkOf("passed", "below a path", "harbour: behaviour", "registers"),
      checkOf("failed", "harbour: behaviour", "deletes twice"),
      checkOf("passed", "signing in", "happens once"),
      checkOf("skipped", "harbour: behaviour", "lags"),
    ),
    fileOf("connectors/harbour/contract.test.ts", checkOf("passed", "harbour: behaviour", "is described")),
    fileOf(
      "connectors/harbour/conformance.live.test.ts",
      checkOf("skipped", "harbour: behaviour: skipped, because: there is no Java"),
    ),
    fileOf("connectors/built/conformance.int.test.ts", checkOf("passed", "built: declaration", "is complete")),
  ],
};

describe("counting", () => {
  it("takes the suite's checks alone, wherever they are nested", () => {
    expect(countChecks(report, { id: "harbour", against: "simulator" })).toEqual({
      passed: 1,
      missed: 1,
      failures: ["harbour: behaviour › deletes twice\nExpected one thing"],
      skipped: [],
    });
  });

  it("tells why a real server was not asked", () => {
    expect(countChecks(report, { id: "harbour", against: "server" })).toEqual({
      passed: 0,
      missed: 0,
      failures: [],
      skipped: ["harbour: behaviour: skipped, because: there is no Java"],
    });
  });

  it("takes a server in a database for a real one, and finds nothing where nothing ran", () => {
    expect(countChecks(report, { id: "built", against: "server" }).passed).toBe(1);
    expect(countChecks(report, { id: "built", against: "simulator" }).passed).toBe(0);
  });
});
