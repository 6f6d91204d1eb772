import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { together } from "./together.ts";

describe("what arrives at the same moment", () => {
  it("is done in one go, in the order of arrival, once all of it was read", async () => {
    const done: string[] = [];
    const add = together<string>((item) => done.push(item));
    add("first");
    await Promise.resolve();
    add("second");
    expect(done).toEqual([]);
    await setImmediate();
    expect(done).toEqual(["first", "second"]);
  });

  it("is done once, and what comes meanwhile is done the next time", async () => {
    const done: string[] = [];
    const add = together<string>((item) => {
      done.push(item);
      if (item === "first") add("caused by the first");
    });
    add("first");
    add("second");
    await setImmediate();
    expect(done).toEqual(["first", "second"]);
    await setImmediate();
    expect(done).toEqual(["first", "second", "caused by the first"]);
  });
});
