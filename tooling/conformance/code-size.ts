/** How much code a connector takes: what has to be read and kept up, without what only tests and simulations load. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const onlyForTests = /\.test\.ts$|^(simulator(-[a-z-]+)?|testing)\.ts$/;

/**
 * Counts a connector's lines of production code.
 *
 * @param folder the connector's own, such as `connectors/okta`
 */
export function codeSize(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !onlyForTests.test(entry.name))
    .reduce((lines, { parentPath, name }) => lines + codeLines(readFileSync(join(parentPath, name), "utf8")), 0);
}

/** Lines of a source text that are neither blank nor nothing but a comment. */
export function codeLines(source: string): number {
  let isInComment = false;
  return source.split("\n").filter((line) => {
    const text = line.trim();
    const wasInComment = isInComment;
    // Prettier puts comments of several lines on lines of their own.
    if (text.startsWith("/*")) isInComment = true;
    const isComment = isInComment || wasInComment || text.startsWith("//");
    if (text.endsWith("*/")) isInComment = false;
    return text !== "" && !isComment;
  }).length;
}
