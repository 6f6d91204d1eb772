/**
 * Compares prisma/migrations with prisma/schema.prisma, using Prisma's own engine in its WebAssembly
 * form and an in-memory PostgreSQL as the shadow database. Needs no server and no download.
 */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import { PrismaPGlite } from "pglite-prisma-adapter";

const root = fileURLToPath(new URL("../../", import.meta.url));
export const migrationsFolder = join(root, "prisma/migrations");

/** The names of the migration folders, oldest first. */
export function migrationNames(): string[] {
  return readdirSync(migrationsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/**
 * The SQL that leads from the committed migrations to the schema file.
 * Row-level security, triggers and grants are invisible to it: they stand in migrations only.
 *
 * @returns SQL text; "" where the two agree.
 */
export async function schemaDiff(): Promise<string> {
  const engineModule = await import("@prisma/schema-engine-wasm/schema_engine_bg");
  const wasmFile = join(
    dirname(fileURLToPath(import.meta.resolve("@prisma/schema-engine-wasm/schema_engine_bg"))),
    "schema_engine_bg.wasm",
  );
  const { instance } = await WebAssembly.instantiate(readFileSync(wasmFile), {
    "./schema_engine_bg.js": engineModule as unknown as WebAssembly.ModuleImports,
  });
  engineModule.__wbg_set_wasm(instance.exports);
  (instance.exports["__wbindgen_start"] as () => void)();

  const schemaFile = join(root, "prisma/schema.prisma");
  const schema = { path: schemaFile, content: readFileSync(schemaFile, "utf8") };
  const engine = await engineModule.SchemaEngine.new(
    { datamodels: [[schema.path, schema.content]] },
    () => {},
    bindMigrationAwareSqlAdapterFactory(new PrismaPGlite(new PGlite())),
  );
  const { stdout } = await engine.diff({
    from: {
      tag: "migrations",
      baseDir: migrationsFolder,
      shadowDbInitScript: "",
      lockfile: { path: "migration_lock.toml", content: 'provider = "postgresql"\n' },
      migrationDirectories: migrationNames().map((name) => ({
        path: name,
        migrationFile: {
          path: "migration.sql",
          content: {
            tag: "ok",
            value: readFileSync(join(migrationsFolder, name, "migration.sql"), "utf8"),
          },
        },
      })),
    },
    to: { tag: "schemaDatamodel", files: [schema] },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  });
  const sql = (stdout ?? "").trim();
  return sql === "-- This is an empty migration." ? "" : sql;
}
