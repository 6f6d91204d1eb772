import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbedded, type EmbeddedDatabase, type EmbeddedOptions } from "./embedded.ts";

/** A database server for a test or a measurement: in a folder of its own, both gone after `stop`. */
export async function startTemporary(options: Omit<EmbeddedOptions, "folder"> = {}): Promise<EmbeddedDatabase> {
  const folder = temporaryFolder();
  try {
    const database = await startEmbedded({ ...options, folder: join(folder, "data") });
    return {
      ...database,
      async stop() {
        await database.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** A new folder under the system's temporary one, that the database's own user can pass through. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  chmodSync(folder, 0o711);
  return folder;
}
