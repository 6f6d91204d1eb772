import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";

const remembered = z.object({
  /** Ids of tenants that are furnished: what somebody changes there afterwards stays changed. */
  furnished: z.array(z.string()).default([]),
  /** Kept to be shown again: the portal itself knows its digest only. */
  gatewayCredential: z.string().optional(),
});

export type Remembered = z.output<typeof remembered>;

/** What the demo has to know at its next start beside what is in the database. */
export type DemoMemory = { read(): Remembered; write(next: Remembered): void };

/** A memory in a file that only its owner may read. */
export function memoryIn(file: string): DemoMemory {
  return {
    read: () => remembered.parse(existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {}),
    write: (next) => writeWhole(file, next),
  };
}

/** Writes JSON so that a reader finds the old or the new state and never half of one. */
export function writeWhole(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify(value), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
