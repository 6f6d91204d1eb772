/**
 * Vitest's global set-up for integration tests: one fresh database for the run, migrated, on the server
 * that LATCHKEY_TEST_SERVER names (a role that may create databases and is no superuser).
 */
import { fileURLToPath } from "node:url";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { migrate } from "#lib/data/migrate.ts";
import { randomToken } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";

declare module "vitest" {
  interface ProvidedContext {
    databaseUrl: string;
  }
}

const migrations = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = process.env["LATCHKEY_TEST_SERVER"];
  if (!server) throw new Error("LATCHKEY_TEST_SERVER must name a PostgreSQL server; npm test sets it.");
  const name = `latchkey_test_${randomToken(6)
    .replace(/[^A-Za-z0-9]/g, "")
    .toLowerCase()}`;
  await run(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  await migrate(new Secret(url.href), migrations);
  project.provide("databaseUrl", url.href);
  return () => run(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

async function run(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
