import type { Reporter, TestModule } from "vitest/node";

const mark = "left out: ";

/** Tells after a run of Vitest which tests were skipped: its own report shows no more than their number. */
export default class LeftOut implements Reporter {
  /** Prints a line for each skipped test, with its reason where it gave one. */
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const test of modules.flatMap(({ children }) => [...children.allTests("skipped")])) {
      const result = test.result();
      const note = result.state === "skipped" && result.note ? ` (${result.note})` : "";
      console.log(`${mark}${test.fullName}${note}`);
    }
  }
}

/**
 * Finds in what a run of Vitest wrote how much of it did not run.
 *
 * @param output everything that was written
 * @returns a few words for the line of a stage; nothing where every test ran
 */
export function leftOutOf(output: string): string | undefined {
  const lines = output.split("\n").filter((line) => line.startsWith(mark));
  const [first] = lines;
  if (first === undefined) return undefined;
  const others = lines.length > 1 ? `, and ${String(lines.length - 1)} more` : "";
  return `${first}${others}`;
}
