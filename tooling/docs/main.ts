/** `npm run docs`: brings the declared parts of the connectors' pages and the matrix up to date. */
import { readFileSync, writeFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";
import { connectors } from "#connectors/registry.ts";
import { connectorFacts, connectorMatrix, withDeclared } from "./connector-facts.ts";

await bringUpToDate("docs/connectors/README.md", connectorMatrix(connectors));
for (const connector of connectors)
  await bringUpToDate(`connectors/${connector.id}/README.md`, connectorFacts(connector));

async function bringUpToDate(file: string, facts: string): Promise<void> {
  const page = withDeclared(readFileSync(file, "utf8"), facts);
  if (page === null) throw new Error(`${file} has no part between <!-- declared --> and <!-- end -->.`);
  writeFileSync(file, await format(page, { ...(await resolveConfig(file)), parser: "markdown" }));
}
