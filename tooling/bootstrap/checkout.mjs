// @ts-check
/** Brings a checkout to the state that its files describe: dependencies, database client, build. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { refusal, run, step } from "./words.mjs";

/** The checkout's folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");
/** Everything that a start makes for itself, the data included, unless told otherwise. */
export const ownFolder = join(root, ".latchkey");

/**
 * Makes `.latchkey`.
 *
 * @throws where the checkout cannot be written to
 */
export function makeOwnFolder() {
  try {
    mkdirSync(ownFolder, { recursive: true, mode: 0o755 });
    const probe = join(ownFolder, `.probe-${process.pid}`);
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (cause) {
    throw refusal(
      `Latchkey needs to write to ${ownFolder}, and cannot: ${wordsOf(cause)}.\n` +
        `Make the folder writable for you, or clone the project to a place of your own.`,
      cause,
    );
  }
}

/**
 * Installs dependencies with `npm ci` where what is installed differs from package-lock.json. Compares the
 * versions themselves, so a copied, half-installed or hand-made node_modules is judged rightly.
 *
 * @param {{ development: boolean }} options whether tools for development are needed too
 */
export async function installDependencies({ development }) {
  if (isInstalled(development)) return;
  const npm = process.env["npm_execpath"];
  const args = [
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    ...(development ? ["--include=dev"] : ["--omit=dev"]),
  ];
  const [program, ...before] = npm?.endsWith(".js") ? [process.execPath, npm] : ["npm"];
  await step("Installing dependencies", () =>
    run(program ?? "npm", [...before, ...args], {
      cwd: root,
      log: join(ownFolder, "logs/install.log"),
      // NODE_ENV=production would make npm leave out what was asked for.
      env: environmentWithout("NODE_ENV"),
      failure: "npm could not install the dependencies",
    }),
  );
}

/** @param {string} left */
function environmentWithout(left) {
  return /** @type {NodeJS.ProcessEnv} */ (
    Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== left))
  );
}

/** @param {boolean} development */
function isInstalled(development) {
  const installedFile = join(root, "node_modules/.package-lock.json");
  // npm writes this file last, so its absence also tells of an installation that was cut short.
  if (!existsSync(installedFile)) return false;
  const wanted = packagesOf(join(root, "package-lock.json"));
  const installed = packagesOf(installedFile);
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "" || entry.link) return true;
    const present = installed[path];
    if (present) return present.version === entry.version;
    return Boolean(entry.optional || entry.devOptional || entry.peer || (entry.dev && !development));
  });
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, dev?: boolean, optional?: boolean, devOptional?: boolean, peer?: boolean, link?: boolean }>}
 */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages ?? {};
}

/**
 * The Node that runs TypeScript files: this process's own where it is new enough, otherwise the one that
 * came with the dependencies.
 *
 * @returns {string} path of the program
 */
export function modernNode() {
  if (isModern(process.versions.node)) return process.execPath;
  const brought = join(root, "node_modules/.bin/node");
  const answer = existsSync(brought) ? spawnSync(brought, ["--version"], { encoding: "utf8" }).stdout : "";
  if (isModern(answer?.trim().slice(1) ?? "")) return brought;
  throw refusal(
    `Latchkey runs on Node 24. This is Node ${process.versions.node}, and npm has no Node 24 for ` +
      `${process.platform} on ${process.arch} that could be brought along.\n` +
      `Install Node 24 (https://nodejs.org/en/download) and start again.`,
  );
}

/** @param {string} version */
function isModern(version) {
  return Number(version.split(".")[0]) >= 24;
}

/** Generates the database client where the schema changed. */
export async function generateClient() {
  const generated = join(root, "lib/data/generated");
  const stamp = join(generated, "stamp");
  const wanted = digestOf(["prisma/schema.prisma", "prisma.config.ts", "node_modules/prisma/package.json"]);
  if (existsSync(join(generated, "client.ts")) && readIfThere(stamp) === wanted) return;
  await step("Generating the database client", () =>
    run(modernNode(), ["tooling/database/generate.ts"], {
      cwd: root,
      log: join(ownFolder, "logs/generate.log"),
      failure: "The database client could not be generated",
    }),
  );
  writeFileSync(stamp, wanted);
}

/** What the build of the pages reads. */
const sources = [
  "app",
  "components",
  "connectors",
  "lib",
  "public",
  "instrumentation.ts",
  "next.config.js",
  "package-lock.json",
  "postcss.config.mjs",
  "proxy.ts",
  "tsconfig.json",
];

/** Builds the pages where a source changed since the last build. */
export async function buildPages() {
  const stamp = join(root, ".next/latchkey-build");
  const wanted = digestOf(sources);
  if (existsSync(join(root, ".next/BUILD_ID")) && readIfThere(stamp) === wanted) return;
  rmSync(stamp, { force: true });
  await step("Building the portal", () =>
    run(modernNode(), ["node_modules/next/dist/bin/next", "build"], {
      cwd: root,
      env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
      log: join(ownFolder, "logs/build.log"),
      failure: "The portal could not be built",
    }),
  );
  writeFileSync(stamp, wanted);
}

/**
 * A digest of names and contents; tests do not count.
 *
 * @param {string[]} paths files and folders below the checkout
 */
function digestOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths) addTo(hash, path);
  return hash.digest("hex");
}

/**
 * @param {import("node:crypto").Hash} hash
 * @param {string} path
 */
function addTo(hash, path) {
  const full = join(root, path);
  if (!existsSync(full)) return;
  for (const file of filesBelow(full)) {
    hash.update(`${file.slice(root.length)}\0`);
    hash.update(readFileSync(file));
  }
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesBelow(path) {
  const entries = listIfFolder(path);
  if (!entries) return /\.test\.tsx?$/.test(path) ? [] : [path];
  return entries.sort().flatMap((entry) => filesBelow(join(path, entry)));
}

/** @param {string} path */
function listIfFolder(path) {
  try {
    return readdirSync(path);
  } catch (error) {
    if (codeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** @param {string} file */
function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** @param {unknown} error */
function codeOf(error) {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

/**
 * A system error in words that people know.
 *
 * @param {unknown} error
 */
export function wordsOf(error) {
  const words = {
    EACCES: "permission denied",
    EPERM: "not permitted",
    EROFS: "the file system is read-only",
    ENOSPC: "the disk is full",
    ENOTDIR: "a part of the path is a file",
    EEXIST: "a file is in its place",
    EADDRINUSE: "the port is in use",
    EADDRNOTAVAIL: "this machine has no such address",
  };
  const code = String(codeOf(error) ?? "");
  return Object.hasOwn(words, code) ? words[/** @type {keyof typeof words} */ (code)] : String(error);
}
