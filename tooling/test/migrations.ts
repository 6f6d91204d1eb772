import { cpSync, appendFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { migrate, requireBoundRole } from "#lib/data/migrate.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { root } from "../bootstrap/checkout.mjs";
import { temporaryFolder } from "../database/temporary.ts";

const folder = join(root, "prisma/migrations");

/**
 * Leads an empty database to the newest schema, as the application's own role, and tries what must not work.
 *
 * @throws {Error} where a migration fails, is applied twice, or an edited one is accepted
 */
export async function tryMigrations(url: string, say: (text: string) => void): Promise<void> {
  const secret = new Secret(url);
  await requireBoundRole(secret);
  const first = await migrate(secret, folder);
  say(`Applied ${first.join(", ")}.`);
  const expected = readdirSync(folder).filter((name) => !name.endsWith(".toml"));
  if (first.length !== expected.length) throw new Error(`applied ${first.length} of ${expected.length} migrations`);

  // Two instances that start at the same moment wait for each other.
  const again = (await Promise.all([migrate(secret, folder), migrate(secret, folder)])).flat();
  if (again.length > 0) throw new Error(`applied ${again.join(", ")} twice`);

  const copy = temporaryFolder();
  try {
    cpSync(folder, join(copy, "migrations"), { recursive: true });
    appendFileSync(join(copy, "migrations", first[0] ?? "", "migration.sql"), "-- edited\n");
    const refused = await migrate(secret, join(copy, "migrations")).then(
      () => false,
      (error: unknown) => String(error).includes("edited"),
    );
    if (!refused) throw new Error("accepted a migration that was edited after it had been applied");
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
