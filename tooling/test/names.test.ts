import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../bootstrap/checkout.mjs";
import { stageNames } from "./names.mjs";

it("every stage is named, in the order in which stages run", () => {
  const text = readFileSync(new URL("stages.ts", import.meta.url), "utf8");
  expect([...text.matchAll(/\bname: "([^"]+)"/g)].map(([, name]) => name)).toEqual([...stageNames]);
});

it("a run whose dependencies cannot be installed says why, and that no stage ran", () => {
  const checkout = mkdtempSync(join(tmpdir(), "latchkey-no-install-"));
  try {
    for (const path of ["tooling/test.mjs", "tooling/bootstrap", "tooling/test/names.mjs", "package.json"])
      cpSync(join(root, path), join(checkout, path), { recursive: true });
    const programs = join(checkout, "programs");
    mkdirSync(programs);
    writeFileSync(join(programs, "npm"), "#!/bin/sh\necho the registry is away\nexit 7\n", { mode: 0o755 });
    const { npm_execpath: _, ...environment } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(checkout, "tooling/test.mjs")], {
      encoding: "utf8",
      env: { ...environment, PATH: `${programs}${delimiter}${environment["PATH"] ?? ""}` },
    });
    expect(status).toBe(1);
    expect(stderr).toContain("the registry is away");
    expect(stdout).toMatch(/^ {2}failed {3}install +npm could not install the dependencies \(7\)/m);
    for (const name of stageNames.slice(1)) expect(stdout).toContain(`\n  not run  ${name}\n`);
    expect(stdout).toContain(`0 passed, 1 failed, 0 skipped, ${String(stageNames.length - 1)} not run`);
  } finally {
    rmSync(checkout, { recursive: true });
  }
});
