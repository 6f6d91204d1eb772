import { spawn } from "node:child_process";
import { root } from "../bootstrap/checkout.mjs";
import type { stageNames } from "./names.mjs";

export type Outcome =
  { result: "passed"; reason?: string } | { result: "failed"; reason: string } | { result: "skipped"; reason: string };

/** A program that takes longer hangs: no stage needs half of this on two cores. */
const longestRunMs = 30 * 60_000;

export type StageTools = {
  /**
   * Runs a program to its end in the checkout's folder; what it writes belongs to the stage's output.
   *
   * @returns what the program wrote
   * @throws {Error} where it ends with anything but 0, or not at all
   */
  run(program: string, args: readonly string[], environment?: Record<string, string>): Promise<string>;
  /** Adds a line to the stage's output, shown when it fails. */
  say(text: string): void;
  /** Puts on the line of a stage that passes what it did not try. */
  remark(text: string): void;
  /** Ends the stage as skipped. */
  skip(reason: string): never;
};

type StageName = (typeof stageNames)[number];

export type Stage = {
  name: StageName;
  /** Names of stages without which this one proves nothing. */
  needs?: readonly StageName[];
  /** Wants the machine to itself: browsers, timings, the build. */
  alone?: boolean;
  run(tools: StageTools): Promise<unknown>;
};

const skipMark = Symbol("skip");

/** Ends every process of a group; one that has ended already is no news. */
function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Runs one stage; never throws. Its output is returned, not printed, so that stages can run side by side. */
export async function runStage(
  stage: Stage,
  interruption: AbortSignal,
): Promise<Outcome & { output: string; milliseconds: number }> {
  const startedAt = performance.now();
  const chunks: string[] = [];
  let remark: string | undefined;
  const tools: StageTools = {
    say: (text) => void chunks.push(`${text}\n`),
    remark: (text) => void (remark = text),
    skip(reason) {
      throw Object.assign(new Error(reason), { [skipMark]: true });
    },
    run: (program, args, environment = {}) =>
      new Promise((resolve, reject) => {
        interruption.throwIfAborted();
        const child = spawn(program, args, {
          cwd: root,
          stdio: ["ignore", "pipe", "pipe"],
          // A group of its own, so that what it started ends with it.
          detached: true,
          env: { ...process.env, FORCE_COLOR: "0", ...environment },
        });
        const written: string[] = [];
        for (const stream of [child.stdout, child.stderr]) {
          stream.setEncoding("utf8").on("data", (chunk: string) => {
            written.push(chunk);
            chunks.push(chunk);
          });
        }
        const end = () => endGroup(child.pid);
        interruption.addEventListener("abort", end, { once: true });
        const hanging = setTimeout(() => {
          chunks.push(`\n${program} did not end within ${longestRunMs / 60_000} minutes.\n`);
          end();
        }, longestRunMs);
        const settle = () => {
          clearTimeout(hanging);
          interruption.removeEventListener("abort", end);
        };
        child.once("error", (error) => {
          settle();
          reject(error);
        });
        child.once("exit", () => {
          settle();
          // A forgotten child of it would keep the output open for ever.
          setTimeout(end, 5_000).unref();
        });
        child.once("close", (code, signal) => {
          if (code === 0) resolve(written.join(""));
          else reject(new Error(`${program.split("/").at(-1)} ended with ${code ?? signal}`));
        });
      }),
  };
  const end = (outcome: Outcome) => ({
    ...outcome,
    output: chunks.join(""),
    milliseconds: performance.now() - startedAt,
  });
  try {
    await stage.run(tools);
    return end({ result: "passed", ...(remark !== undefined && { reason: remark }) });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (skipMark in error) return end({ result: "skipped", reason: error.message });
    chunks.push(`${error.stack ?? error.message}\n`);
    return end({ result: "failed", reason: error.message.split("\n")[0] ?? "" });
  }
}
