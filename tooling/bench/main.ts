/**
 * `npm run bench`: the figures that the project promises, side by side with a reference in the same run.
 *
 *   npm run bench -- --only validation,keys           some of validation, validator, keys, lists, start
 *   npm run bench -- --fresh                          a fresh clone's first start too (installs and builds)
 *   npm run bench -- --smoke                          quickly, to see that they run; the figures mean nothing. Leaves out
 *                                                     keys, for which a Keycloak has to start, unless they are named
 */
import { existsSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeOwnFolder, ownFolder, root } from "../bootstrap/checkout.mjs";
import { refusal, explain } from "../bootstrap/words.mjs";
import { table, type Figure } from "./figures.ts";
import { benchGeneration, generationUnavailable } from "./generation.ts";
import { benchLists } from "./lists.ts";
import { benchPlane } from "./plane.ts";
import { benchStarts } from "./starts.ts";
import { benchValidation } from "./validation.ts";
import { openWorld } from "./world.ts";

const names = ["validation", "validator", "keys", "lists", "start"];

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

  const figures: Figure[] = [];
  const skipped: string[] = [];
  // First, while this process holds nothing that works beside it.
  if (chosen.includes("start")) figures.push(...(await benchStarts({ smoke: values.smoke, fresh: values.fresh })));
  if (chosen.includes("start") && !values.fresh) skipped.push("fresh clone to first page: ask for it with --fresh");
  if (chosen.some((name) => name !== "start")) {
    const world = await openWorld();
    try {
      if (chosen.includes("validation")) figures.push(...(await benchValidation(world, values.smoke)));
      if (chosen.includes("validator")) {
        const measured = await benchPlane(world, values.smoke);
        figures.push(...measured.figures);
        skipped.push(...measured.skipped);
      }
      if (chosen.includes("keys")) {
        const reason =
          values.smoke && !values.only ? "a quick run does not wait for a Keycloak" : generationUnavailable();
        if (reason === null) figures.push(...(await benchGeneration(world, values.smoke)));
        else skipped.push(`keys: ${reason}`);
      }
      if (chosen.includes("lists")) figures.push(...(await benchLists(world, values.smoke)));
    } finally {
      await world.stop();
    }
  }

  makeOwnFolder();
  const file = join(ownFolder, "bench.json");
  const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model };
  writeFileSync(file, JSON.stringify({ at: new Date(), smoke: values.smoke, machine, figures, skipped }, null, 2));
  console.log(`\n${table(figures)}\n`);
  for (const line of skipped) console.log(`Not measured: ${line}`);
  console.log(`Written to ${file}`);
  if (!values.smoke && figures.some(({ promise }) => promise && !promise.kept)) process.exitCode = 1;
}
