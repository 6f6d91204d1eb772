import { describe, expect, it } from "vitest";
import type { ScopeMirrorRecord } from "#lib/data/scope-mirrors.ts";
import type { KeyManagerId } from "#lib/foundation/ids.ts";
import { planMirror, retryDelaySeconds } from "./plan.ts";

const now = new Date("2026-01-01T12:00:00Z");
const after = (seconds: number) => new Date(now.getTime() + seconds * 1_000);

function row(name: string, changes: Partial<ScopeMirrorRecord> = {}): ScopeMirrorRecord {
  return {
    id: name,
    keyManagerId: "key-manager" as KeyManagerId,
    name,
    description: "",
    state: "WAITING",
    madeHere: false,
    unwanted: false,
    attempts: 0,
    problem: null,
    nextTryAt: now,
    leaseUntil: null,
    attemptId: null,
    ...changes,
  };
}
const mirrored = (name: string) => row(name, { state: "MIRRORED", madeHere: true, nextTryAt: null });
const plan = (rows: ScopeMirrorRecord[], ...there: string[]) =>
  planMirror(rows, new Set(there), now).map((step) => [step.kind, step.row.name, "claims" in step && step.claims]);

describe("the plan for the scopes of a key manager", () => {
  it("makes what is missing, and claims it", () => {
    expect(plan([row("read")])).toEqual([["save", "read", true]]);
  });

  it("leaves alone what somebody else made there, wanted or not", () => {
    expect(plan([row("read"), row("write", { unwanted: true })], "read", "write")).toEqual([
      ["leave", "read", false],
      ["forget", "write", false],
    ]);
  });

  it("says nothing of what stands at the key manager and belongs to no API", () => {
    expect(plan([], "read", "roles")).toEqual([]);
  });

  it("does nothing where everything is as it should be", () => {
    const found = row("write", { state: "FOUND", nextTryAt: null });
    expect(plan([mirrored("read"), found], "read", "write")).toEqual([]);
  });

  it("changes what was made here, and tries again what may have been made by a run that died", () => {
    const changed = row("read", { state: "MIRRORED", madeHere: true });
    const died = row("write", { madeHere: true, attemptId: "dead", leaseUntil: after(-1) });
    expect(plan([changed, died], "read", "write")).toEqual([
      ["save", "read", false],
      ["save", "write", false],
    ]);
  });

  it("makes again what was made here and has vanished, and what somebody else took away", () => {
    expect(plan([mirrored("read"), row("write", { state: "FOUND", nextTryAt: null })])).toEqual([
      ["save", "read", false],
      ["save", "write", true],
    ]);
  });

  it("removes what was made here and is not needed, and forgets it where it is gone", () => {
    const unwanted = { madeHere: true, unwanted: true };
    expect(plan([row("read", unwanted), row("write", unwanted)], "read")).toEqual([
      ["remove", "read", false],
      ["forget", "write", false],
    ]);
  });

  it("waits with what is not due", () => {
    const waiting = [row("read", { nextTryAt: after(1) }), row("write", { unwanted: true, nextTryAt: after(1) })];
    expect(plan(waiting)).toEqual([]);
  });
});

describe("the pause after a failure", () => {
  it("doubles up to an hour, and is never shorter than the key manager asks for", () => {
    expect([0, 1, 2, 8, 9, 500].map((attempts) => retryDelaySeconds(attempts))).toEqual([
      10, 20, 40, 2_560, 3_600, 3_600,
    ]);
    expect(retryDelaySeconds(0, 90)).toBe(90);
    expect(retryDelaySeconds(9, 7_200)).toBe(7_200);
  });
});
