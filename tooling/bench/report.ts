/** The report of a run, as a file that can be kept and compared. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { makeOwnFolder, ownFolder, root } from "../bootstrap/checkout.mjs";
import { table, type Figure } from "./figures.ts";
import { hasWrk } from "./wrk.ts";

/** What parts of a run add to. */
export type Findings = {
  figures: Figure[];
  /** What could not be measured, each with the reason. */
  skipped: string[];
};

export type Report = Findings & {
  at: Date;
  /** What was measured: the commit, and whether files differed from it. Null where there is no repository. */
  commit: string | null;
  /** Null where all parts were asked for. */
  parts: readonly string[] | null;
  /** True where figures mean nothing. */
  smoke: boolean;
  /** False where the run ended before its end. */
  complete: boolean;
  machine: { node: string; cpus: number; model: string | undefined; load: "wrk" | "autocannon" };
};

/** A report with nothing in it yet. */
export function newReport({ parts, smoke }: Pick<Report, "parts" | "smoke">): Report {
  const machine = {
    node: process.version,
    cpus: cpus().length,
    model: cpus()[0]?.model,
    load: hasWrk ? "wrk" : "autocannon",
  } as const;
  return { at: new Date(), commit: commit(), parts, smoke, complete: false, machine, figures: [], skipped: [] };
}

function commit(): string | null {
  const { status, stdout } = spawnSync("git", ["describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"], {
    cwd: root,
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : null;
}

/** The report for people: of what and where, the figures, and what is missing. */
export function textOf({ at, commit, machine, complete, figures, skipped }: Report): string {
  return [
    `${at.toISOString()}, commit ${commit ?? "unknown"}, ${machine.cpus} × ${machine.model ?? "unknown"}, Node ${machine.node}, load by ${machine.load}`,
    "",
    table(figures),
    "",
    ...skipped.map((line) => `Not measured: ${line}`),
    ...(complete ? [] : ["The run ended before its end."]),
  ]
    .join("\n")
    .trimEnd();
}

/**
 * Writes the report, as JSON and as text, to `.latchkey/bench`: one of all parts to `report`, others to files with the parts
 * in their names, so that a quick look never takes the place of figures that mean something.
 *
 * @returns the path of the JSON
 */
export function keepReport(report: Report): string {
  makeOwnFolder();
  const folder = join(ownFolder, "bench");
  mkdirSync(folder, { recursive: true });
  const name = [report.smoke ? "smoke" : "report", ...(report.parts ?? [])].join("-");
  const file = join(folder, `${name}.json`);
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(folder, `${name}.txt`), `${textOf(report)}\n`);
  return file;
}
