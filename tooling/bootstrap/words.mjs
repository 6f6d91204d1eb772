// @ts-check
/** What a start or a test run says on the terminal. */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

const place = Symbol.for("latchkey.Refusal");

/**
 * An expected end: something about this machine has to change first. Shown without a stack.
 *
 * @param {string} message what is the matter and what to do
 * @param {unknown} [cause]
 */
export function refusal(message, cause) {
  return Object.assign(new Error(message, { cause }), { [place]: true });
}

/**
 * Says why the program ends, and with what exit code: refusals in their own words, bugs with their stack.
 *
 * @param {unknown} error
 */
export function explain(error) {
  if (typeof error === "object" && error !== null && place in error && error instanceof Error) {
    console.error(`\n${error.message}\n`);
  } else {
    console.error("\nSomething went wrong that should not:\n", error, "\n");
  }
  return 1;
}

/** @param {number} startedAt performance.now() of then */
export function secondsSince(startedAt) {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

/**
 * Names a step, shows that it goes on, and says how long it took.
 *
 * @template T
 * @param {string} name
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(name, work) {
  const startedAt = performance.now();
  const terminal = process.stdout.isTTY;
  const line = () => `  … ${name} (${Math.round((performance.now() - startedAt) / 1000)} s)`;
  if (terminal) process.stdout.write(line());
  else console.log(`  … ${name}`);
  const beat = terminal
    ? setInterval(() => process.stdout.write(`\r${line()}`), 1000)
    : setInterval(() => console.log(line()), 20_000);
  try {
    const result = await work();
    console.log(`${terminal ? "\r\u001b[K" : ""}  ✓ ${name} (${secondsSince(startedAt)})`);
    return result;
  } catch (error) {
    console.log(`${terminal ? "\r\u001b[K" : ""}  ✗ ${name} (${secondsSince(startedAt)})`);
    throw error;
  } finally {
    clearInterval(beat);
  }
}

/**
 * Runs a program to its end; its output goes to a file, whose end is shown when it fails.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ log: string, cwd: string, env?: NodeJS.ProcessEnv, failure: string }} options
 * @returns {Promise<void>}
 */
export async function run(program, args, { log, cwd, env = process.env, failure }) {
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, "w", 0o600);
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", output, output] });
  closeSync(output);
  // What stops us stops the program we wait for.
  const pass = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
  process.on("SIGTERM", pass);
  process.on("SIGINT", pass);
  try {
    const code = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (exitCode, signal) => resolve(exitCode ?? signal));
    });
    if (code === 0) return;
    const tail = readFileSync(log, "utf8").trimEnd().split("\n").slice(-30).join("\n");
    throw refusal(`${failure} (${code}). The end of its output, all of which is in ${log}:\n\n${tail}`);
  } finally {
    process.off("SIGTERM", pass);
    process.off("SIGINT", pass);
  }
}
