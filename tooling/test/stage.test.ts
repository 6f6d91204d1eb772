import { describe, expect, it } from "vitest";
import { leftOutOf } from "./left-out.ts";
import { runStage, type Stage } from "./stage.ts";

const calm = new AbortController().signal;
const stage = (run: Stage["run"]): Stage => ({ name: "unit", run });
const writing = (code: string) => ["--eval", code] as const;

describe("a stage", () => {
  it("passes with a remark about what it did not try", async () => {
    const outcome = await runStage(
      stage(async ({ run, remark }) =>
        remark(await run(process.execPath, writing(`process.stdout.write("one left")`))),
      ),
      calm,
    );
    expect(outcome).toMatchObject({ result: "passed", reason: "one left", output: "one left" });
  });

  it("passes without words where it tried everything", async () => {
    const outcome = await runStage(
      stage(({ run }) => run(process.execPath, writing(""))),
      calm,
    );
    expect(outcome).toMatchObject({ result: "passed" });
    expect(outcome).not.toHaveProperty("reason");
  });

  it("fails with the program that it ran, and tells what that wrote", async () => {
    const outcome = await runStage(
      stage(({ run }) => run(process.execPath, writing(`console.error("no luck"); process.exit(3)`))),
      calm,
    );
    expect(outcome).toMatchObject({ result: "failed", reason: "node ended with 3" });
    expect(outcome.output).toContain("no luck");
  });

  it("is skipped for a reason", async () => {
    const outcome = await runStage(
      stage(({ skip }) => Promise.reject(skip("there is no lamp"))),
      calm,
    );
    expect(outcome).toMatchObject({ result: "skipped", reason: "there is no lamp" });
  });
});

describe("what a run left out", () => {
  it("is its first skipped test, and the number of the others", () => {
    expect(leftOutOf("✓ a.test.ts\nleft out: one > runs\nleft out: two > runs\nleft out: three\n")).toBe(
      "left out: one > runs, and 2 more",
    );
    expect(leftOutOf("left out: one > runs\n")).toBe("left out: one > runs");
  });

  it("is nothing where every test ran", () => {
    expect(leftOutOf("✓ a.test.ts says left out: nothing\n")).toBeUndefined();
  });
});
