/** `npm run migration -- name`: writes the next migration from what the schema file has and they lack. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { migrationNames, migrationsFolder, schemaDiff } from "./schema-diff.ts";

const name = process.argv[2];
if (!name || !/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error("Name the migration in lower_snake_case: npm run migration -- add_plan_order");
  process.exit(2);
}
const sql = await schemaDiff();
if (sql === "") {
  console.log("The migrations already lead to the schema; nothing written.");
  process.exit(0);
}
const number = String(migrationNames().length + 1).padStart(4, "0");
const folder = join(migrationsFolder, `${number}_${name}`);
mkdirSync(folder);
writeFileSync(join(folder, "migration.sql"), `${sql}\n`);
console.log(`Wrote prisma/migrations/${number}_${name}/migration.sql; read it before you commit it.`);
process.exit(0);
