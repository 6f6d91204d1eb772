import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../bootstrap/checkout.mjs";
import { lackingProgram } from "./needs.ts";

describe("a program that is needed", () => {
  it("is there, or is said not to be", () => {
    expect(lackingProgram(process.execPath)).toBeNull();
    expect(lackingProgram("no-such-program")).toBe("no-such-program is not installed.");
  });
});

describe("tests that lack something", () => {
  let folder: string;
  beforeAll(() => {
    // Vitest looks for its parts from here.
    folder = mkdtempSync(join(root, "node_modules/.latchkey-needs-"));
    writeFileSync(
      join(folder, "lacking.test.ts"),
      `import { expect, it } from "vitest";
       import { describeUnless } from ${JSON.stringify(join(root, "tooling/testing/needs.ts"))};
       describeUnless("There is no lamp.", "in the dark", () => it("sees", () => expect(1).toBe(1)));
       describeUnless(null, "by day", () => it("sees", () => expect(1).toBe(1)));`,
    );
    writeFileSync(
      join(folder, "vitest.config.mjs"),
      `import LeftOut from ${JSON.stringify(join(root, "tooling/test/left-out.ts"))};
       export default { test: { include: ["*.test.ts"], exclude: [], reporters: ["default", new LeftOut()] } };`,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function run(environment: Record<string, string>) {
    const { LATCHKEY_NO_SKIP: _, ...inherited } = process.env;
    const { status, stdout } = spawnSync(
      process.execPath,
      [join(root, "node_modules/vitest/vitest.mjs"), "run", "--root", folder],
      { encoding: "utf8", env: { ...inherited, ...environment } },
    );
    return { status, said: stripVTControlCharacters(stdout) };
  }

  it("are skipped, and the run says which and why", () => {
    const { status, said } = run({});
    expect(status).toBe(0);
    expect(said).toContain("left out: in the dark: skipped, because: There is no lamp.");
    expect(said).toMatch(/1 passed \| 1 skipped/);
  }, 30_000);

  it("fail where nothing may be skipped", () => {
    const { status, said } = run({ LATCHKEY_NO_SKIP: "1" });
    expect(status).toBe(1);
    expect(said).toMatch(/1 failed \| 1 passed/);
    expect(said).not.toContain("left out: ");
  }, 30_000);
});
