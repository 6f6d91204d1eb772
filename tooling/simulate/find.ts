import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Simulator } from "#lib/connector-kit/simulator.ts";

const folder = "connectors";
const fileOf = (vendor: string) => join(folder, vendor, "simulator.ts");

/** Vendors that have a simulator, in alphabetical order. */
export function simulatedVendors(): string[] {
  return readdirSync(folder)
    .filter((vendor) => existsSync(fileOf(vendor)))
    .sort();
}

/**
 * A vendor's simulator.
 *
 * @throws {Error} where there is none, naming those that there are
 */
export async function findSimulator(vendor: string): Promise<Simulator> {
  if (!simulatedVendors().includes(vendor)) {
    throw new Error(`There is no simulator of “${vendor}”. There are: ${simulatedVendors().join(", ")}.`);
  }
  const { simulator } = (await import(pathToFileURL(fileOf(vendor)).href)) as { simulator: Simulator };
  return simulator;
}
