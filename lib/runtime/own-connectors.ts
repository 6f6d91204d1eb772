/** Connectors that the operator brings along: descriptions, modules and packages, named in LATCHKEY_CONNECTORS. */
import { readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { bringConnectors } from "#connectors/registry.ts";
import { ConfigurationError } from "#lib/foundation/configuration-error.ts";
import type { Connector } from "#lib/connector-kit/contract.ts";
import { readDescribedConnector } from "#lib/connector-kit/descriptor/read.ts";
import { kit, type ConnectorModule } from "#lib/connector-kit/kit.ts";

/**
 * Loads them and makes them known to the process.
 *
 * @param entries paths from the working folder, or names of packages
 * @throws {ConfigurationError} naming the entry that cannot be used, and why
 */
export async function loadOwnConnectors(entries: readonly string[]): Promise<void> {
  bringConnectors(await Promise.all(entries.map(loadConnector)));
}

/**
 * Loads one connector.
 *
 * @param entry path of a description (.yaml, .yml, .json), of a module or a folder with an index, or a package's name
 * @throws {ConfigurationError} naming the entry and what is wrong with it
 */
export async function loadConnector(entry: string): Promise<Connector> {
  try {
    if (/^\.ya?ml$|^\.json$/.test(extname(entry))) {
      return readDescribedConnector(await readFile(entry, "utf8"), basename(entry));
    }
    const loaded = (await import(await addressOf(entry))) as { default?: unknown };
    if (typeof loaded.default !== "function") {
      throw new Error("its default export must be a function that takes the kit and returns a connector");
    }
    return (loaded.default as ConnectorModule)(kit);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(`The connector “${entry}” cannot be used: ${reason}`, { cause: error });
  }
}

async function addressOf(entry: string): Promise<string> {
  if (!/^[./]/.test(entry))
    return pathToFileURL(createRequire(join(process.cwd(), "package.json")).resolve(entry)).href;
  const path = resolve(entry);
  if (!(await stat(path)).isDirectory()) return pathToFileURL(path).href;
  for (const name of ["index.ts", "index.mjs", "index.js"]) {
    const file = join(path, name);
    if (await stat(file).catch(() => null)) return pathToFileURL(file).href;
  }
  throw new Error("the folder has no index.ts, index.mjs or index.js");
}
