import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import type { Secret } from "../foundation/secret.ts";

/** One instance migrates at a time; the number is Prisma's own, so its tools wait for us too. */
const advisoryLock = 72707369;

/**
 * Brings a database to the newest schema. Keeps Prisma's own ledger (`_prisma_migrations`), so Prisma's
 * tools agree about what was applied. Each migration is one transaction.
 *
 * @param folder the migrations folder
 * @returns names of the migrations applied now, oldest first
 * @throws {Error} where an applied migration was edited, or a migration fails (it is rolled back)
 */
export async function migrate(url: Secret, folder: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url.reveal() });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [advisoryLock]);
    await client.query(ledger);
    const applied = await appliedChecksums(client);
    const done: string[] = [];
    for (const { name, sql } of await readMigrations(folder)) {
      const checksum = createHash("sha256").update(sql).digest("hex");
      const known = applied.get(name);
      if (known === checksum) continue;
      if (known !== undefined) throw new Error(`The migration ${name} was edited after it had been applied.`);
      await apply(client, name, sql, checksum);
      done.push(name);
    }
    return done;
  } finally {
    await client.end();
  }
}

/**
 * Refuses a database role that row-level security does not bind.
 *
 * @throws {Error} with the statements that make a fitting role
 */
export async function requireBoundRole(url: Secret): Promise<void> {
  const client = new pg.Client({ connectionString: url.reveal() });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; unbound: boolean }>(
      "SELECT rolname AS name, rolsuper OR rolbypassrls AS unbound FROM pg_roles WHERE rolname = current_user",
    );
    if (!rows[0]?.unbound) return;
    throw new Error(
      `The database role "${rows[0].name}" is a superuser or bypasses row-level security, which keeps tenants apart. ` +
        `Make a role of its own: CREATE ROLE latchkey LOGIN PASSWORD '…'; ALTER DATABASE … OWNER TO latchkey; ` +
        `then name it in DATABASE_URL.`,
    );
  } finally {
    await client.end();
  }
}

const ledger = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY,
  checksum varchar(64) NOT NULL,
  finished_at timestamptz,
  migration_name varchar(255) NOT NULL,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`;

async function appliedChecksums(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; checksum: string }>(
    "SELECT migration_name AS name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL",
  );
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

async function readMigrations(folder: string): Promise<{ name: string; sql: string }[]> {
  const entries = await readdir(/* turbopackIgnore: true */ folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return Promise.all(
    names.map(async (name) => ({
      name,
      sql: await readFile(/* turbopackIgnore: true */ join(folder, name, "migration.sql"), "utf8"),
    })),
  );
}

async function apply(client: pg.Client, name: string, sql: string, checksum: string): Promise<void> {
  await client.query("BEGIN");
  try {
    // Without parameters the simple protocol is used, which takes several statements and DO blocks.
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
       VALUES (gen_random_uuid()::text, $1, now(), $2, 1)`,
      [checksum, name],
    );
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw new Error(`The migration ${name} failed and was rolled back.`, { cause: error });
  }
}
