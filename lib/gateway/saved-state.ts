import { createHmac, timingSafeEqual } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { deserialize, serialize } from "node:v8";
import type { Secret } from "#lib/foundation/secret.ts";

/** Raised with every change of what is saved, and of how revoked tokens are hashed: a file of another format is not read. */
const format = "latchkey validator state 4\n";
const formatBytes = Buffer.byteLength(format);
const lengthBytes = 4;
const macBytes = 32;

/**
 * What a validator knows, kept in a file between two runs, so that it can start while its database is away. The file
 * decides whose tokens are trusted: it is signed with a key of the installation, and one that somebody else wrote is
 * not read. It holds no secret in clear.
 *
 * The file is the format, each part of the state behind its length, and the signature of all that.
 */
export class SavedState {
  readonly #path: string;
  readonly #key: Secret;
  #lastWrite: Promise<unknown> = Promise.resolve();

  /** @param key of which nobody but this installation knows; another one where what was saved does not hold any more */
  constructor({ path, key }: { path: string; key: Secret }) {
    this.#path = path;
    this.#key = key;
  }

  /**
   * Writes the state, after whatever is being written. What was there stays whole until the new one is. Calls are answered
   * between two parts, and each is only made when it is its turn.
   *
   * @param parts plain data, as the structured clone algorithm takes it
   * @throws {Error} where it cannot be written
   */
  write(parts: Iterable<unknown>): Promise<void> {
    const written = this.#lastWrite.then(() => this.#replace(parts));
    this.#lastWrite = written.catch(() => {});
    return written;
  }

  async #replace(parts: Iterable<unknown>): Promise<void> {
    const draft = `${this.#path}.${process.pid}.draft`;
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    try {
      await pipeline(Readable.from(this.#signed(parts)), createWriteStream(draft, { mode: 0o600, flush: true }));
      await rename(draft, this.#path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  *#signed(parts: Iterable<unknown>): Generator<Buffer> {
    const mac = this.#mac();
    mac.update(format);
    yield Buffer.from(format);
    for (const part of parts) {
      const body = serialize(part);
      const length = Buffer.alloc(lengthBytes);
      length.writeUInt32BE(body.length);
      mac.update(length).update(body);
      yield Buffer.concat([length, body]);
    }
    yield mac.digest();
  }

  /**
   * Reads what was written last.
   *
   * @returns its parts; null where there is nothing
   * @throws {Error} where the file was not written by this version of this installation, set up as it is, or is damaged
   */
  async read(): Promise<unknown[] | null> {
    const bytes = await readFile(this.#path).catch((error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
      throw error;
    });
    if (!bytes) return null;
    if (!bytes.subarray(0, formatBytes).equals(Buffer.from(format))) {
      throw new Error("The saved state has another format.");
    }
    const end = bytes.length - macBytes;
    if (
      end < formatBytes ||
      !timingSafeEqual(bytes.subarray(end), this.#mac().update(bytes.subarray(0, end)).digest())
    ) {
      throw new Error(
        "The saved state was not written by this installation with its present connectors and address, or is damaged.",
      );
    }
    return [...partsOf(bytes.subarray(formatBytes, end))];
  }

  #mac() {
    return createHmac("sha256", this.#key.reveal());
  }
}

/** @param framed parts behind their lengths, as they were signed */
function* partsOf(framed: Buffer): Generator {
  let at = 0;
  while (at < framed.length) {
    const from = at + lengthBytes;
    at = from + framed.readUInt32BE(at);
    yield deserialize(framed.subarray(from, at));
  }
}
