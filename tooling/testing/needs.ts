/** What tests need of the machine that they run on. Missing, it skips them, unless nothing may be skipped. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

const mayBeSkipped = process.env["LATCHKEY_NO_SKIP"] !== "1";

/**
 * Describes tests that need something of this machine. Where it is missing, one test stands in their place whose title
 * says why: skipped, and failing where `npm test -- --no-skip` sets LATCHKEY_NO_SKIP.
 *
 * @param lacking what is missing, in a sentence; null where the tests can run
 * @param title as for Vitest's `describe`
 * @param body as for Vitest's `describe`
 */
export function describeUnless(lacking: string | null, title: string, body: () => void): void {
  if (lacking === null) describe(title, body);
  else it.skipIf(mayBeSkipped)(`${title}: skipped, because: ${lacking}`, () => expect.fail(lacking));
}

/**
 * Asks whether a program can be called.
 *
 * @param program its name, or its path
 * @returns null where it can, otherwise a sentence for {@link describeUnless}
 */
export function lackingProgram(program: string): string | null {
  return spawnSync(program, ["--version"], { timeout: 30_000 }).status === 0 ? null : `${program} is not installed.`;
}
