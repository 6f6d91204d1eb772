/** Runs parts of the tests and reads what came of them. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { root } from "../bootstrap/checkout.mjs";

const report = z.object({
  /** False also where no test failed, but what comes before or after them. */
  success: z.boolean(),
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(
        z.object({
          ancestorTitles: z.array(z.string()),
          title: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

/** What Vitest's JSON reporter tells of each file and its tests, and what Vitest says to people. */
export type Report = z.output<typeof report> & { said: string };
export type Assertion = Report["testResults"][number]["assertionResults"][number];

/**
 * Runs Vitest.
 *
 * @param args beside `run`: projects and files
 * @param environment beside that of this process
 * @returns what came of each test, failed ones included
 * @throws {Error} with Vitest's own words, where it ended without a report
 */
export async function runTests(args: readonly string[], environment: Record<string, string> = {}): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-conformance-"));
  const file = join(folder, "report.json");
  try {
    const said = await runVitest(
      ["run", ...args, "--reporter=default", "--reporter=json", `--outputFile.json=${file}`],
      environment,
    );
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (cause) {
      throw new Error(`The suite did not run.\n${said}`, { cause });
    }
    return { ...report.parse(JSON.parse(text)), said };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @returns what it wrote. How it ended is not asked: the report says more. */
function runVitest(args: readonly string[], environment: Record<string, string>): Promise<string> {
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [vitest, ...args], {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const chunks: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
    }
    child.once("error", reject).once("close", () => resolve(chunks.join("")));
  });
}
