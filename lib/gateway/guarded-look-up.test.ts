import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { systemClock } from "#lib/foundation/clock.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { GuardedLookUp } from "./guarded-look-up.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Look-ups that take as long as the test says. */
function world(takesMs: number) {
  const asked: string[] = [];
  const lookUps = new GuardedLookUp<string>({
    clock: systemClock,
    log: silentLog,
    async find(digest) {
      asked.push(digest);
      await new Promise((resolve) => setTimeout(resolve, takesMs));
      return "somebody";
    },
  });
  return { asked, lookUps };
}

it("answers in time whoever asks again, where the database answers too late for the first", async () => {
  const { asked, lookUps } = world(8_000);
  const first = lookUps.find("a");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await first).toBe("unavailable");
  const second = lookUps.find("a");
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await second).toBe("somebody");
  expect(asked).toEqual(["a"]);
});

it("asks for no more at a time, however long an answer takes", async () => {
  const { asked, lookUps } = world(12_000);
  const first = Promise.all(["a", "b", "c", "d"].map((digest) => lookUps.find(digest)));
  await vi.advanceTimersByTimeAsync(6_000);
  expect(await first).toEqual(Array.from({ length: 4 }, () => "unavailable"));
  expect(await lookUps.find("e")).toBe("unavailable");
  expect(asked).toHaveLength(4);
  await vi.advanceTimersByTimeAsync(6_000);
  const other = lookUps.find("e");
  await vi.advanceTimersByTimeAsync(12_000);
  expect(await other).toBe("unavailable");
  expect(asked).toHaveLength(5);
});
