import { createHmac, timingSafeEqual } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { Secret } from "#lib/foundation/secret.ts";

/** Raised with every change of what is saved, and of how revoked tokens are hashed: a file of another format is not read. */
const format = "latchkey validator state 2\n";
const macBytes = 32;

/**
 * What a validator knows, kept in a file between two runs, so that it can start while its database is away. The file
 * decides whose tokens are trusted: it is signed with a key of the installation, and one that somebody else wrote is
 * not read. It holds no secret in clear.
 */
export class SavedState {
  readonly #path: string;
  readonly #key: Secret;

  /** @param key of which nobody but this installation knows */
  constructor({ path, key }: { path: string; key: Secret }) {
    this.#path = path;
    this.#key = key;
  }

  /**
   * Writes the state. What was there stays whole until the new one is.
   *
   * @param state plain data, as the structured clone algorithm takes it
   * @throws {Error} where it cannot be written
   */
  async write(state: unknown): Promise<void> {
    const body = serialize(state);
    const draft = `${this.#path}.${process.pid}.draft`;
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    try {
      await writeFile(draft, Buffer.concat([Buffer.from(format), this.#mac(body), body]), { mode: 0o600, flush: true });
      await rename(draft, this.#path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  /**
   * Reads what was written last.
   *
   * @returns null where there is nothing
   * @throws {Error} where the file was not written by this version of this installation, or is damaged
   */
  async read(): Promise<unknown> {
    const bytes = await readFile(this.#path).catch((error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
      throw error;
    });
    if (!bytes) return null;
    const head = Buffer.byteLength(format);
    const body = bytes.subarray(head + macBytes);
    if (!bytes.subarray(0, head).equals(Buffer.from(format))) throw new Error("The saved state has another format.");
    const mac = bytes.subarray(head, head + macBytes);
    if (mac.length !== macBytes || !timingSafeEqual(mac, this.#mac(body))) {
      throw new Error("The saved state was not written by this installation, or is damaged.");
    }
    return deserialize(body);
  }

  #mac(body: Buffer): Buffer {
    return createHmac("sha256", this.#key.reveal()).update(format).update(body).digest();
  }
}
