import { describe, expect, it } from "vitest";
import { idFromMarker, plainName } from "./naming.ts";

describe("idFromMarker", () => {
  it("gives the same id for the same marker, another for another, and nothing but what picky servers take", () => {
    const form = { prefix: "ab_", length: 30 };
    const id = idFromMarker("latchkey-1", form);
    expect(id).toMatch(/^ab_[0-9a-f]{27}$/);
    expect(idFromMarker("latchkey-1", form)).toBe(id);
    expect(idFromMarker("latchkey-2", form)).not.toBe(id);
  });
});

describe("plainName", () => {
  it.each([
    ["Weather (Production)", "Weather Production"],
    ["Conformance é ☂ <b>", "Conformance e b"],
    [" a.b_c-d  e ", "a.b_c-d e"],
    ["☂☂", "client"],
    ["", "client"],
    [`${"a".repeat(99)} b`, "a".repeat(99)],
  ])("turns %j into %j", (name, plain) => {
    expect(plainName(name)).toBe(plain);
  });
});
