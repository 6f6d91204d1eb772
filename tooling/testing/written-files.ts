/** Everything that people write in this tree, for tests that hold a rule against all of it. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "../bootstrap/checkout.mjs";

export type WrittenFile = { path: string; text: string };

const made = /^(node_modules|\.git|\.next|\.latchkey|test-results|playwright-report|coverage)$/;
const isText = /(^|\/)(Dockerfile|\.env\.example)$|\.(tsx?|mjs|cjs|js|json|css|ya?ml|md|sql|prisma|conf|sh|toml)$/;
const isGenerated = /^lib\/data\/generated\/|^package-lock\.json$/;

/** @returns texts with their paths from the checkout's folder; nothing that a tool generates */
export function writtenFiles(): WrittenFile[] {
  return readdirSync(root, { withFileTypes: true })
    .filter(({ name }) => !made.test(name))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(root, entry.name)) : [join(root, entry.name)]))
    .map((file) => relative(root, file))
    .filter((path) => isText.test(path) && !isGenerated.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
