// @ts-check
/** Names of the stages of `npm test`, in their order; read also where nothing is installed yet. */
export const stageNames = /** @type {const} */ ([
  "install",
  "generate",
  "types",
  "format",
  "lint",
  "boundaries",
  "dead code",
  "unit",
  "vendor contracts",
  "schema drift",
  "migrations",
  "container files",
  "embedded database",
  "integration on PostgreSQL 18",
  "integration on PostgreSQL 15",
  "live servers",
  "build",
  "end to end",
  "bench smoke",
]);

/**
 * Words for a run that ended before any stage could begin.
 *
 * @param {unknown} error why it ended
 * @returns {string} a line for each stage, in the form of the report of a whole run, and their number
 */
export function nothingRan(error) {
  const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
  const [install, ...others] = stageNames;
  const lines = [`  failed   ${install.padEnd(28)}  ${reason}`, ...others.map((name) => `  not run  ${name}`)];
  return `\n${lines.join("\n")}\n\n0 passed, 1 failed, 0 skipped, ${others.length} not run`;
}
