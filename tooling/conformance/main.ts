/** `npm run conformance`: the suite that our own connectors pass, over somebody else's; or over all of ours, counted. */
import { parseArgs } from "node:util";
import { loadConnector } from "#lib/runtime/own-connectors.ts";
import { checkAll } from "./figures.ts";
import { runTests, type Report } from "./report.ts";

const help = `
npm run conformance -- <connector> <vendor>

  connector   a description (.yaml, .json), a module (a file or a folder) or an npm package
  vendor      a module whose default export starts the server side: a simulator, or the way to a real server

For example:
  npm run conformance -- docs/connectors/example/northwind.yaml docs/connectors/example/northwind.vendor.ts

npm run conformance -- --all [--live]

  --all       every connector of ours over its simulator: checks passed, and lines of code
  --live      over the real servers too that can run here
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: "boolean", default: false },
    live: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
const [connector, vendor] = positionals;
try {
  if (values.all && !values.help) process.exitCode = await checkAll(values);
  else if (!connector || !vendor || values.help) console.log(help);
  else process.exitCode = await check(connector, vendor);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** @returns the exit code */
async function check(entry: string, vendorFile: string): Promise<number> {
  const { name } = await loadConnector(entry);
  const report = await runTests(["--project", "conformance"], {
    CONFORMANCE_CONNECTOR: entry,
    CONFORMANCE_VENDOR: vendorFile,
  });
  return print(name, report);
}

function print(name: string, { testResults, success, said }: Report): number {
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  let part = "";
  for (const { ancestorTitles, title, status, failureMessages } of results) {
    const heading = ancestorTitles.slice(1).join(" › ") || (ancestorTitles[0] ?? "");
    if (heading !== part) console.log(`\n${(part = heading)}`);
    console.log(`  ${status === "passed" ? "✓" : status === "failed" ? "✗" : "–"} ${title}`);
    for (const message of failureMessages ?? []) console.log(message.replaceAll(/^/gm, "      "));
  }
  const count = (wanted: string) => results.filter(({ status }) => status === wanted).length;
  const failed = count("failed");
  // What kept checks from running, such as a server that did not start, belongs to none of them.
  if (!success && failed === 0) console.log(`\n${said}`);
  const missed = results.length - count("passed") - failed;
  const rest = missed > 0 ? `, ${String(missed)} did not run` : "";
  console.log(`\n${name}: ${String(count("passed"))} passed, ${String(failed)} failed${rest}`);
  return success && results.length > 0 ? 0 : 1;
}
