/**
 * `npm run bench`: the figures that the project promises, side by side with a reference in the same run.
 *
 *   npm run bench -- --only validation,keys           some of validation, validator, comparisons, keys, lists, start
 *   npm run bench -- --fresh                          a fresh clone's first start too (installs and builds)
 *   npm run bench -- --smoke                          quickly, to see that they run; the figures mean nothing. Waits for no
 *                                                     Keycloak, unless keys are named
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../bootstrap/checkout.mjs";
import { refusal, explain } from "../bootstrap/words.mjs";
import { benchComparisons } from "./comparisons.ts";
import { benchGeneration, generationUnavailable } from "./generation.ts";
import { benchLists } from "./lists.ts";
import { benchPlane } from "./plane.ts";
import { keepReport, newReport, textOf, type Findings } from "./report.ts";
import { benchStarts } from "./starts.ts";
import { benchValidation } from "./validation.ts";
import { openWorld } from "./world.ts";

const names = ["validation", "validator", "comparisons", "keys", "lists", "start"];
type Options = { only?: string | undefined; smoke: boolean; fresh: boolean };

try {
  await main();
} catch (error) {
  process.exitCode = explain(error);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      smoke: { type: "boolean", default: false },
      fresh: { type: "boolean", default: false },
    },
  });
  const chosen = values.only?.split(",").map((name) => name.trim()) ?? names;
  const unknown = chosen.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw refusal(`There is no benchmark ${unknown.join(", ")}; there are ${names.join(", ")}.`);
  if (!existsSync(join(root, ".next/BUILD_ID"))) throw refusal("Build first: npm run build");

  const report = newReport({ parts: values.only === undefined ? null : chosen, smoke: values.smoke });
  try {
    await measure(report, chosen, values);
    report.complete = true;
  } finally {
    // What was measured before something went wrong took its time too.
    const file = keepReport(report);
    console.log(`\n${textOf(report)}\n\nWritten to ${file}`);
  }
  if (!values.smoke && report.figures.some(({ promise }) => promise && !promise.kept)) process.exitCode = 1;
}

/** Adds to the report, part by part. */
async function measure(findings: Findings, chosen: readonly string[], { only, smoke, fresh }: Options): Promise<void> {
  const { figures, skipped } = findings;
  // First, while this process holds nothing that works beside it.
  if (chosen.includes("start")) figures.push(...(await benchStarts({ smoke, fresh })));
  if (chosen.includes("start") && !fresh) skipped.push("fresh clone to first page: ask for it with --fresh");
  if (!chosen.some((name) => name !== "start")) return;
  const world = await openWorld();
  try {
    if (chosen.includes("validation")) figures.push(...(await benchValidation(world, smoke)));
    if (chosen.includes("validator")) await benchPlane(world, smoke, findings);
    if (chosen.includes("comparisons")) await benchComparisons(world, smoke, findings);
    if (chosen.includes("keys")) {
      const reason = smoke && !only ? "a quick run does not wait for a Keycloak" : generationUnavailable();
      if (reason === null) figures.push(...(await benchGeneration(world, smoke)));
      else skipped.push(`keys: ${reason}`);
    }
    if (chosen.includes("lists")) figures.push(...(await benchLists(world, smoke)));
  } finally {
    await world.stop();
  }
}
