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
    await stateOf().write({ old: true });
    await stateOf().write(state);
    expect(await stateOf().read()).toEqual(state);
    expect(statSync(at()).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, "below"))).toEqual(["validator.state"]);
  });

  it("is nothing where nothing was written", async () => {
    expect(await stateOf().read()).toBeNull();
  });

  it("is not believed where another installation wrote it, where it was changed, cut, or has another format", async () => {
    await stateOf().write(state);
    await expect(stateOf("another key").read()).rejects.toThrow("not written by this installation");
    const good = readFileSync(at());
    for (const place of [30, good.length - 1]) {
      const changed = Buffer.from(good);
      changed.writeUInt8(changed.readUInt8(place) ^ 1, place);
      writeFileSync(at(), changed);
      await expect(stateOf().read()).rejects.toThrow("not written by this installation");
    }
    writeFileSync(at(), good.subarray(0, 40));
    await expect(stateOf().read()).rejects.toThrow("not written by this installation");
    writeFileSync(at(), "something else altogether");
    await expect(stateOf().read()).rejects.toThrow("another format");
  });
});
