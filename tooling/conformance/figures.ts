/** Every connector of ours with its checks passed and its size, counted anew each time. */
import { relative } from "node:path";
import { connectors } from "#connectors/registry.ts";
import { root } from "../bootstrap/checkout.mjs";
import { startTemporary } from "../database/temporary.ts";
import { tableOf } from "../table.ts";
import { codeSize } from "./code-size.ts";
import { runTests, type Assertion, type Report } from "./report.ts";

type Against = "simulator" | "server";
/** `missed` could not run, such as all checks over a server that did not start; `skipped` says why there is no server. */
type Count = { passed: number; missed: number; failures: string[]; skipped: string[] };

/**
 * Runs the suite over every connector, and prints a line for each.
 *
 * @param options.live over the real servers too that can run here; takes minutes
 * @returns the exit code: 1 where a check failed, or where a connector was checked against nothing
 */
export async function checkAll({ live }: { live: boolean }): Promise<number> {
  console.log(`Checking every connector${live ? ", over real servers too" : ""} …\n`);
  const report = live ? await runEverywhere() : await runTests(["--project", "unit", "/conformance.test.ts"]);
  const rows = connectors.map(({ id, name, permanent }) => {
    const simulator = countChecks(report, { id, against: "simulator" });
    const server = countChecks(report, { id, against: "server" });
    // The one that each tenant has by itself stands in for no vendor: it is its own server.
    const asked = permanent && !live ? [] : [simulator, server];
    const isUnchecked = asked.length > 0 && asked.every(({ passed }) => passed === 0);
    const failures = [...asked.flatMap((one) => one.failures), ...(isUnchecked ? [`${id}: nothing was checked`] : [])];
    const counts = [inWords(simulator), ...(live ? [inWords(server)] : [])];
    return { cells: [name, ...counts, String(codeSize(`connectors/${id}`))], failures, skipped: server.skipped };
  });
  const head = ["connector", "simulator", ...(live ? ["real server"] : []), "lines of code"];
  console.log(tableOf([head, ...rows.map(({ cells }) => cells)]));
  const failures = rows.flatMap((row) => row.failures);
  for (const text of [...new Set(rows.flatMap((row) => row.skipped)), ...failures]) console.log(`\n${text}`);
  // What kept checks from running belongs to none of them, and a connector's own tests may fail beside the suite.
  if (!report.success && failures.length === 0) console.log(`\n${report.said}`);
  return report.success && failures.length === 0 ? 0 : 1;
}

/** The one that each tenant has by itself needs a database. */
async function runEverywhere(): Promise<Report> {
  const database = await startTemporary({ mayCreateDatabases: true });
  try {
    const projects = ["unit", "integration", "live"].flatMap((project) => ["--project", project]);
    return await runTests([...projects, "/conformance."], { LATCHKEY_TEST_SERVER: database.url.reveal() });
  } finally {
    await database.stop();
  }
}

/**
 * Counts the checks of the suite alone: what a connector's own tests hold it to beside them is not compared.
 *
 * @param of.against tells files over simulators from files over real servers, by their names
 */
export function countChecks({ testResults }: Report, { id, against }: { id: string; against: Against }): Count {
  const file = against === "simulator" ? /\/conformance\.test\.ts$/ : /\/conformance\.(live|int)\.test\.ts$/;
  const checks = testResults
    .filter(({ name }) => file.test(name) && relative(root, name).startsWith(`connectors/${id}/`))
    .flatMap(({ assertionResults }) => assertionResults.filter((one) => partOf(one, id) !== ""));
  const skipped = checks
    .map((one) => partOf(one, id))
    .filter((part) => part.startsWith(`${id}: behaviour: skipped, because: `));
  const ran = checks.filter(({ status }) => status === "passed" || status === "failed");
  return {
    passed: checks.filter(({ status }) => status === "passed").length,
    missed: checks.length - ran.length - skipped.length,
    failures: checks.flatMap((one) => (one.status === "failed" ? [failure(one)] : [])),
    skipped,
  };
}

/** The title under which the suite holds this check, or "" where it is none of the suite's. */
function partOf({ ancestorTitles, title }: Assertion, id: string): string {
  return [...ancestorTitles, title].find((text) => text.startsWith(`${id}: `)) ?? "";
}

function failure({ ancestorTitles, title, failureMessages }: Assertion): string {
  return [[...ancestorTitles, title].join(" › "), ...(failureMessages ?? [])].join("\n");
}

function inWords({ passed, missed, failures }: Count): string {
  const words = [
    passed > 0 && `${String(passed)} passed`,
    failures.length > 0 && `${String(failures.length)} failed`,
    missed > 0 && `${String(missed)} did not run`,
  ];
  return words.filter(Boolean).join(", ") || "–";
}
