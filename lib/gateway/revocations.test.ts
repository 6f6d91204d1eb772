import { describe, expect, it } from "vitest";
import type { TokenFacts } from "#lib/token-validation/facts.ts";
import { noFacts } from "#tooling/testing/validation.ts";
import { Revocations, type Revocation } from "./revocations.ts";

const now = 1_800_000_000;
const at = (seconds: number) => new Date(seconds * 1000);

const facts: TokenFacts = {
  ...noFacts,
  consumerKey: "client-1",
  subject: "user-1",
  issuedAt: now,
  tokenId: "token-1",
};

function revocation(change: Partial<Revocation> = {}): Revocation {
  const one = { keyManager: "km-1", kind: "TOKEN_ID", value: "token-1", issuedBefore: null } as const;
  return { ...one, expiresAt: at(now + 300), ...change };
}

function revoked(...all: Partial<Revocation>[]) {
  const revocations = new Revocations();
  for (const one of all) revocations.add(revocation(one));
  return (change: Partial<TokenFacts> = {}, keyManager = "km-1", digest = "digest-1") =>
    revocations.covers(keyManager, { ...facts, ...change }, digest);
}

describe("a revocation", () => {
  it("of one token covers that token of that key manager, and no other", () => {
    const covers = revoked({});
    expect(covers()).toBe(true);
    expect(covers({ tokenId: "token-2" })).toBe(false);
    expect(covers({ tokenId: null })).toBe(false);
    expect(covers({}, "km-2")).toBe(false);
  });

  it("of one token by its digest covers one that has no id", () => {
    const covers = revoked({ kind: "TOKEN_DIGEST", value: "digest-1" });
    expect(covers({ tokenId: null })).toBe(true);
    expect(covers({ tokenId: null }, "km-1", "digest-2")).toBe(false);
  });

  it.each([
    ["client", "CONSUMER_KEY", "client-1", { consumerKey: "client-2" }, { consumerKey: null }],
    ["subject", "SUBJECT", "user-1", { subject: "user-2" }, { subject: null }],
  ] as const)("of a %s covers what was issued to it before that moment", (_case, kind, value, other, nobody) => {
    const covers = revoked({ kind, value, issuedBefore: at(now) });
    expect(covers({ issuedAt: now - 1 })).toBe(true);
    expect(covers({ issuedAt: now })).toBe(false);
    expect(covers({ issuedAt: null })).toBe(true);
    expect(covers({ issuedAt: now - 1, ...other })).toBe(false);
    expect(covers({ issuedAt: now - 1, ...nobody })).toBe(false);
  });

  it("of the same tokens twice counts with its later moment, in whichever order they come", () => {
    const [early, late] = [at(now - 100), at(now + 100)].map(
      (issuedBefore) => ({ kind: "SUBJECT", value: "user-1", issuedBefore }) as const,
    );
    if (!early || !late) throw new Error("unreachable");
    expect(revoked(early, late)({ issuedAt: now })).toBe(true);
    expect(revoked(late, early)({ issuedAt: now })).toBe(true);
  });

  it("never mistakes one kind, key manager and value for another with the same letters", () => {
    const covers = revoked({ keyManager: "", value: "km-1 token-1" }, { keyManager: "km-1", value: " token-1" });
    expect(covers({ tokenId: "token-1" }, "km-1")).toBe(false);
    expect(covers({ tokenId: "km-1 token-1" }, "")).toBe(true);
  });
});

describe("a token that was looked up before", () => {
  it("is covered by what is added afterwards, and by what names another key manager or token", () => {
    const revocations = new Revocations();
    revocations.add(revocation({ value: "another" }));
    const asked = (keyManager = "km-1", digest = "digest-1") => revocations.covers(keyManager, facts, digest);
    expect([asked(), asked()]).toEqual([false, false]);
    revocations.add(revocation({ kind: "SUBJECT", value: "user-1", issuedBefore: at(now + 1) }));
    expect([asked(), asked()]).toEqual([true, true]);

    revocations.add(revocation({ keyManager: "km-2" }));
    revocations.add(revocation({ keyManager: "km-3", kind: "TOKEN_DIGEST", value: "digest-2" }));
    expect([asked("km-3"), asked("km-2"), asked("km-3"), asked("km-3", "digest-2")]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });
});

describe("a hundred thousand revoked tokens", () => {
  const amount = 100_000;
  const all = () => {
    const revocations = new Revocations();
    for (let index = 0; index < amount; index++) {
      revocations.add(revocation({ value: `revoked-${index}`, expiresAt: at(now + (index % 2 === 0 ? 0 : 10_000)) }));
    }
    return revocations;
  };

  it("are each found, and nothing else is", () => {
    const revocations = all();
    expect(revocations.size).toBe(amount);
    for (let index = 0; index < amount; index++) {
      const isFound = (tokenId: string) => revocations.covers("km-1", { ...facts, tokenId }, "");
      if (!isFound(`revoked-${index}`) || isFound(`good-${index}`)) throw new Error(`wrong at ${index}`);
    }
  });

  it("are forgotten when they have expired, the others are not", () => {
    const revocations = all();
    revocations.sweep(now + 5_000);
    expect(revocations.size).toBe(amount / 2);
    expect(revocations.covers("km-1", { ...facts, tokenId: "revoked-1" }, "")).toBe(true);
    expect(revocations.covers("km-1", { ...facts, tokenId: "revoked-0" }, "")).toBe(false);
    revocations.sweep(now + 20_000);
    expect(revocations.size).toBe(0);
    expect(revocations.covers("km-1", { ...facts, tokenId: "revoked-1" }, "")).toBe(false);
  });
});
