import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Connector } from "#lib/connector-kit/contract.ts";

/** The set-up guide of a connector, as Markdown; blank where it has none. */
export async function readGuide({ guide }: Pick<Connector, "guide">): Promise<string> {
  if (typeof guide !== "string") return guide.markdown;
  const match = /^connectors\/([a-z0-9-]+)\/guide\.md$/.exec(guide);
  if (!match?.[1]) return "";
  const folder = join(/*turbopackIgnore: true*/ process.cwd(), "connectors");
  return readFile(join(folder, match[1], "guide.md"), "utf8").catch((error: unknown) => {
    if (typeof error === "object" && error !== null && "code" in error && error.code === "ENOENT") return "";
    throw error;
  });
}
