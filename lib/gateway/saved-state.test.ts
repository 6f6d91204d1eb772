import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Secret } from "#lib/foundation/secret.ts";
import { SavedState } from "./saved-state.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "latchkey-state-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = () => join(folder, "below", "validator.state");
const stateOf = (key = "a key of the installation") => new SavedState({ path: at(), key: new Secret(key) });
const state = { versions: new Map([["tenant", 7n]]), table: new Uint32Array([1, 2, 3]), at: -Infinity };

describe("what a validator knows", () => {
  it("is read as it was written, by nobody but the owner of the file", async () => {
    await stateOf().write([{ old: true }]);
    await stateOf().write([state, { more: true }]);
    expect(await stateOf().read()).toEqual([state, { more: true }]);
    expect(statSync(at()).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, "below"))).toEqual(["validator.state"]);
  });

  it("is written part by part, with time for others in between", async () => {
    let turns = 0;
    let isWriting = true;
    const turn = (): unknown =>
      isWriting &&
      setImmediate(() => {
        turns++;
        turn();
      });
    turn();
    const at: number[] = [];
    function* parts() {
      for (let part = 0; part < 20; part++) {
        at.push(turns);
        yield { part, bytes: new Uint8Array(100_000) };
      }
    }
    await stateOf().write(parts());
    isWriting = false;
    // A part may be made ahead while another is being written.
    expect(new Set(at).size).toBeGreaterThan(10);
    expect(await stateOf().read()).toHaveLength(20);
  });

  it("is written once more after what is being written, and is what it was where that fails", async () => {
    const one = stateOf();
    function* broken() {
      yield state;
      throw new Error("broken");
    }
    const outcomes = await Promise.allSettled([one.write([1]), one.write([2, 3]), one.write(broken())]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(await one.read()).toEqual([2, 3]);
    expect(readdirSync(join(folder, "below"))).toEqual(["validator.state"]);
  });

  it("is nothing where nothing was written", async () => {
    expect(await stateOf().read()).toBeNull();
  });

  it("is not believed where another installation wrote it, where it was changed, cut, or has another format", async () => {
    await stateOf().write([state, { more: true }]);
    await expect(stateOf("another key").read()).rejects.toThrow("not written by this installation");
    const good = readFileSync(at());
    for (const place of [30, good.length - 1]) {
      const changed = Buffer.from(good);
      changed.writeUInt8(changed.readUInt8(place) ^ 1, place);
      writeFileSync(at(), changed);
      await expect(stateOf().read()).rejects.toThrow("not written by this installation");
    }
    writeFileSync(at(), good.subarray(0, -1));
    await expect(stateOf().read()).rejects.toThrow("not written by this installation");
    writeFileSync(at(), good.subarray(0, 40));
    await expect(stateOf().read()).rejects.toThrow("not written by this installation");
    for (const other of ["latchkey validator state 2\n, as it was", "something else altogether"]) {
      writeFileSync(at(), other);
      await expect(stateOf().read()).rejects.toThrow("another format");
    }
  });
});
