/** `npm run conformance -- <connector> <vendor>`: the suite that our own connectors pass, over somebody else's. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { z } from "zod";
import { loadConnector } from "#lib/runtime/own-connectors.ts";

const help = `
npm run conformance -- <connector> <vendor>

  connector   a description (.yaml, .json), a module (a file or a folder) or an npm package
  vendor      a module whose default export starts the server side: a simulator, or the way to a real server

For example:
  npm run conformance -- docs/connectors/example/northwind.yaml docs/connectors/example/northwind.vendor.ts
`;

const report = z.object({
  testResults: z.array(
    z.object({
      message: z.string().optional(),
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

const [connector, vendor] = process.argv.slice(2);
if (!connector || !vendor || connector === "--help") console.log(help);
else process.exitCode = await check(connector, vendor);

async function check(entry: string, vendorFile: string): Promise<number> {
  let name: string;
  try {
    ({ name } = await loadConnector(entry));
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
  const folder = mkdtempSync(join(tmpdir(), "latchkey-conformance-"));
  const file = join(folder, "report.json");
  try {
    const vitest = join(import.meta.dirname, "../../node_modules/vitest/vitest.mjs");
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [vitest, "run", "--project", "conformance", "--reporter=json", `--outputFile=${file}`],
      {
        encoding: "utf8",
        cwd: join(import.meta.dirname, "../.."),
        env: { ...process.env, CONFORMANCE_CONNECTOR: entry, CONFORMANCE_VENDOR: vendorFile },
      },
    );
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch {
      console.error(`The suite did not run.\n${stdout}\n${stderr}`);
      return 1;
    }
    return print(name, report.parse(JSON.parse(text)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function print(name: string, { testResults }: z.output<typeof report>): number {
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  let part = "";
  for (const { ancestorTitles, title, status, failureMessages } of results) {
    const heading = ancestorTitles.slice(1).join(" › ") || (ancestorTitles[0] ?? "");
    if (heading !== part) console.log(`\n${(part = heading)}`);
    console.log(`  ${status === "passed" ? "✓" : status === "failed" ? "✗" : "–"} ${title}`);
    for (const message of failureMessages ?? []) console.log(message.replaceAll(/^/gm, "      "));
  }
  for (const { message } of testResults) if (message) console.log(`\n${message}`);
  const count = (wanted: string) => results.filter(({ status }) => status === wanted).length;
  const failed = count("failed") + testResults.filter(({ message }) => message).length;
  console.log(`\n${name}: ${String(count("passed"))} passed, ${String(failed)} failed`);
  return failed === 0 && results.length > 0 ? 0 : 1;
}
