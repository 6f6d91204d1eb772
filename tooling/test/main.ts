/**
 * Every stage of `npm test`, at most two at a time, and at the end one line for each: passed, failed, or
 * skipped and exactly why.
 */
import { parseArgs } from "node:util";
import { runStage, type Outcome, type Stage } from "./stage.ts";
import { stages } from "./stages.ts";

const help = `
npm test                              every stage
npm test -- --only unit,lint          some of them
npm test -- --no-skip                 a stage, or a test in one, that cannot run here counts as failed

Stages: ${stages.map(({ name }) => name).join(", ")}
`;

type Done = Outcome & { name: string; milliseconds: number };

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    "no-skip": { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  console.log(help);
} else {
  const chosen = choose(values.only);
  // Read by tests that lack something of this machine: see tooling/testing/needs.ts.
  if (values["no-skip"]) process.env["LATCHKEY_NO_SKIP"] = "1";
  // What runs ends at once and is cleared away. A terminal may send the same signal by several ways.
  const interruption = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => interruption.abort());
  const done = await runAll(chosen, { noSkip: values["no-skip"], interruption: interruption.signal });
  process.exitCode = report(done) && !interruption.signal.aborted ? 0 : 1;
}

function choose(only: string | undefined): Stage[] {
  if (only === undefined) return [...stages];
  const names = only.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !stages.some((stage) => stage.name === name));
  if (unknown.length > 0) {
    console.error(`There is no stage ${unknown.join(", ")}.\n${help}`);
    process.exit(2);
  }
  return stages.filter(({ name }) => names.includes(name));
}

/** Two lanes take the stages in order; one that wants the machine to itself waits for the other lane to be idle. */
async function runAll(
  chosen: Stage[],
  { noSkip, interruption }: { noSkip: boolean; interruption: AbortSignal },
): Promise<Done[]> {
  const waiting = [...chosen];
  const running = new Map<string, { alone: boolean; promise: Promise<void> }>();
  const done: Done[] = [];

  const take = (): Stage | undefined => {
    const isWaitingOrRunning = (name: string) => running.has(name) || waiting.some((other) => other.name === name);
    const ready = waiting.find((stage) => !stage.needs?.some(isWaitingOrRunning));
    if (!ready) return undefined;
    const mayStart = ready.alone ? running.size === 0 : ![...running.values()].some(({ alone }) => alone);
    if (!mayStart) return undefined;
    waiting.splice(waiting.indexOf(ready), 1);
    return ready;
  };
  const runOne = async (stage: Stage): Promise<void> => {
    const unmet = stage.needs?.find((name) => done.some((other) => other.name === name && other.result !== "passed"));
    const outcome = unmet
      ? {
          result: "failed" as const,
          reason: `needs the stage ${unmet}, which did not pass`,
          output: "",
          milliseconds: 0,
        }
      : await runStage(stage, interruption);
    const { output, ...rest } = outcome;
    const judged: Done =
      rest.result === "skipped" && noSkip
        ? { ...rest, name: stage.name, result: "failed", reason: `must not be skipped: ${rest.reason}` }
        : { ...rest, name: stage.name };
    done.push(judged);
    if (judged.result === "failed" && output !== "") {
      console.log(`\n──── ${stage.name} ────\n${output.trimEnd()}\n──── end of ${stage.name} ────\n`);
    }
    console.log(line(judged));
  };

  while (waiting.length > 0 || running.size > 0) {
    if (interruption.aborted) waiting.length = 0;
    const next = running.size < 2 ? take() : undefined;
    if (next) {
      const promise = runOne(next).finally(() => running.delete(next.name));
      running.set(next.name, { alone: next.alone ?? false, promise });
    } else if (running.size > 0) {
      await Promise.race([...running.values()].map(({ promise }) => promise));
    }
  }
  return stages.flatMap(({ name }) => done.filter((one) => one.name === name));
}

function report(done: Done[]): boolean {
  console.log("\n────────────────────────────────────────");
  for (const one of done) console.log(line(one));
  const count = (result: Outcome["result"]) => done.filter((one) => one.result === result).length;
  console.log(`\n${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`);
  return count("failed") === 0;
}

function line(one: Done): string {
  const seconds = `${(one.milliseconds / 1000).toFixed(1)} s`;
  const why = one.reason === undefined ? "" : `  ${one.reason}`;
  return `  ${one.result.padEnd(8)} ${one.name.padEnd(28)} ${seconds.padStart(8)}${why}`;
}
