import { readFile } from "node:fs/promises";
import { join } from "node:path";

const page = join(/*turbopackIgnore: true*/ process.cwd(), "docs", "gateways", "events.md");

/** What webhooks are told and how, as Markdown: the sections of the docs that whoever writes a receiver needs. */
export async function readWebhookFormat(): Promise<string> {
  return sectionsOf(await readFile(page, "utf8"), ["Events", "Webhooks"]);
}

/** The sections of a page in Markdown that have these titles, in the order of the page. */
export function sectionsOf(markdown: string, titles: readonly string[]): string {
  return markdown
    .split(/^(?=## )/m)
    .filter((section) => titles.some((title) => section.startsWith(`## ${title}\n`)))
    .join("");
}
