import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { codeLines, codeSize } from "./code-size.ts";

const source = `
/** Says hello. */
// To whom?
export function hello(): string {
  /*
   * Many words,

   * on many lines.
   */
  const who = "you"; // Everybody.

  return \`hello \${who}\`;
}
`;

it("counts lines that hold code, however it is commented", () => {
  expect(codeLines(source)).toBe(4);
  expect(codeLines("")).toBe(0);
});

it("leaves out what only tests and simulations load, and what is no code", () => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-size-"));
  try {
    mkdirSync(join(folder, "deep"));
    const files = ["index.ts", "deep/adapter.ts"];
    const others = ["a.test.ts", "simulator.ts", "simulator-two-words.ts", "testing.ts", "guide.md"];
    for (const file of [...files, ...others]) writeFileSync(join(folder, file), source);
    expect(codeSize(folder)).toBe(8);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
