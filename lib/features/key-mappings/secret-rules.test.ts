import { describe, expect, it } from "vitest";
import type { KeyMappingIntent, SecretsMemory } from "#lib/data/key-mappings.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { additionProblem, identify, lostSecrets, removalProblem, works } from "./secret-rules.ts";

const now = new Date("2026-03-01T12:00:00Z");
const past = "2026-03-01T11:59:59Z";
const future = "2026-03-01T12:00:01Z";

function memory(secrets: SecretsMemory["secrets"], storedId: string | null = null): SecretsMemory {
  return { readAt: past, storedId, secrets };
}

describe("a secret works", () => {
  it.each([
    [{ isActive: true }, true],
    [{ isActive: true, expiresAt: future }, true],
    [{ isActive: true, expiresAt: past }, false],
    [{ isActive: false, expiresAt: future }, false],
  ])("%o: %s", (secret, expected) => expect(works(secret, now)).toBe(expected));
});

describe("the stored secret is recognised", () => {
  const stored = new Secret("abcd-1234");
  const of = (secrets: SecretsMemory["secrets"], knownId: string | null = null) =>
    identify(secrets, { stored, knownId, now });

  it.each([
    ["by its last characters", "…1234"],
    ["by its first characters", "abc"],
    ["by what stands before the dots", "abc***"],
  ])("%s", (_, hint) => {
    expect(
      of([
        { id: "other", hint: "…9999", isActive: true },
        { id: "mine", hint, isActive: true },
      ]),
    ).toBe("mine");
  });

  it("not where two may be it, nor among those that have ended", () => {
    expect(
      of([
        { id: "one", isActive: true },
        { id: "two", hint: "abc", isActive: true },
      ]),
    ).toBeNull();
    expect(of([{ id: "one", hint: "abc", isActive: false }])).toBeNull();
  });

  it("as it was known before, while it is listed", () => {
    const two = [
      { id: "one", isActive: true },
      { id: "two", isActive: true },
    ];
    expect(of(two, "two")).toBe("two");
    expect(of(two, "gone")).toBeNull();
  });

  it("not where none is stored", () => {
    expect(identify([{ id: "one", isActive: true }], { stored: undefined, knownId: "one", now })).toBeNull();
  });
});

describe("a secret is removed", () => {
  const [works1, works2] = [
    { id: "one", isActive: true },
    { id: "two", isActive: true },
  ];
  const ended = { id: "old", isActive: false };

  it("unless it is the last that works", () => {
    expect(removalProblem(memory([works1, works2]), "one", now)).toBeNull();
    expect(removalProblem(memory([works1, ended]), "one", now)).toContain("last secret that works");
    expect(removalProblem(memory([works1, { ...works2, expiresAt: past }]), "one", now)).toContain("last");
  });

  it("also where it has ended, or is gone already", () => {
    expect(removalProblem(memory([works1, ended]), "old", now)).toBeNull();
    expect(removalProblem(memory([works1]), "gone", now)).toBeNull();
  });

  it("unless the portal uses it", () => {
    expect(removalProblem(memory([works1, works2], "one"), "one", now)).toContain("The portal itself");
  });
});

describe("a further secret", () => {
  it("is made up to the limit, whatever state the others are in", () => {
    const two = memory([
      { id: "one", isActive: true },
      { id: "two", isActive: false },
    ]);
    expect(additionProblem(two, 2)).toContain("at most 2");
    expect(additionProblem(two, 3)).toBeNull();
    expect(additionProblem(two, null)).toBeNull();
  });
});

describe("secrets that nobody has seen", () => {
  const intent: KeyMappingIntent = {
    ...{ operation: "add_secret", attemptId: "x", leaseUntil: "2026-03-01T12:10:00Z" },
    ...{ startedAt: "2026-03-01T12:00:00Z", triedUntil: "2026-03-01T12:00:40Z" },
  };
  const made = (id: string, at?: string) => ({ id, isActive: true, ...(at ? { createdAt: new Date(at) } : {}) });

  it("are those that an earlier try may have made, and no others", () => {
    const listed = [
      made("known", "2026-03-01T12:00:10Z"),
      made("lost", "2026-03-01T12:00:10Z"),
      made("older", "2026-03-01T11:58:00Z"),
      made("newer", "2026-03-01T12:05:00Z"),
      made("undated"),
    ];
    const lost = lostSecrets(listed, memory([{ id: "known", isActive: true }]), intent);
    expect(lost.map(({ id }) => id)).toEqual(["lost"]);
  });

  it("are none in the first try", () => {
    const { triedUntil: _, ...first } = intent;
    expect(lostSecrets([made("any", "2026-03-01T12:00:10Z")], null, first)).toEqual([]);
  });
});
