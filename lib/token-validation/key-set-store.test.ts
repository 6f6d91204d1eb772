import type { JWK } from "jose";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "#lib/foundation/log.ts";
import { OutboundError } from "#lib/foundation/outbound-error.ts";
import { signingPair, trustAnchor } from "#tooling/testing/validation.ts";
import { defaultKeySetLimits, KeySetStore, type KeyOrigin } from "./key-set-store.ts";
import type { TrustAnchor } from "./snapshot.ts";

let first: JWK;
let second: JWK;
beforeAll(async () => {
  [first, second] = [(await signingPair()).publicJwk, (await signingPair()).publicJwk];
});

/** By the timer, and what the clock has gone beyond that. */
let now: number;
let clockAhead: number;
let published: JWK;
let failure: Error | null;
let fetches: string[];
beforeEach(() => {
  [now, clockAhead, published, failure, fetches] = [0, 0, first, null, []];
});

const storeOf = (sets: number) =>
  new KeySetStore({
    fetchKeySet: async (url) => {
      fetches.push(url);
      if (failure) throw failure;
      return { keys: [published] };
    },
    clock: { now: () => new Date(1_900_000_000_000 + now + clockAhead) },
    timer: () => now,
    log: silentLog,
    limits: { ...defaultKeySetLimits, sets },
  });

const anchorAt = (url: string): TrustAnchor => ({ ...trustAnchor, signingKeys: { kind: "jwks", url } });

async function originOf(store: KeySetStore, anchor: TrustAnchor): Promise<KeyOrigin> {
  const found = await store.find(anchor, undefined, "ES256");
  if (found.found !== "key") throw new Error("There is no key.");
  return found.origin;
}

/** Past its maximum age a set is fetched again in the background, by the next who asks. */
async function refresh(store: KeySetStore, anchor: TrustAnchor, origin: KeyOrigin): Promise<void> {
  now += defaultKeySetLimits.maximumAgeMs + 1;
  expect(store.stillTrusts(anchor, origin)).toBe(true);
  await new Promise((resolve) => setTimeout(resolve));
}

describe("where a key comes from", () => {
  it("is trusted as long as the set there is the same, fetched again or not", async () => {
    const store = storeOf(10);
    const origin = await originOf(store, trustAnchor);
    await refresh(store, trustAnchor, origin);
    expect(fetches).toHaveLength(2);
    expect(store.stillTrusts(trustAnchor, origin)).toBe(true);
    published = second;
    await refresh(store, trustAnchor, origin);
    expect(store.stillTrusts(trustAnchor, origin)).toBe(false);
    expect(store.stillTrusts(trustAnchor, await originOf(store, trustAnchor))).toBe(true);
  });

  it("is not trusted any more once the set is too old", async () => {
    const store = storeOf(10);
    const origin = await originOf(store, trustAnchor);
    now += defaultKeySetLimits.maximumStaleMs + 1;
    expect(store.stillTrusts(trustAnchor, origin)).toBe(false);
  });

  it("is as old as the clock says where the timer stood still, as on a machine that was suspended", async () => {
    const store = storeOf(10);
    const origin = await originOf(store, trustAnchor);
    clockAhead += defaultKeySetLimits.maximumAgeMs + 1;
    expect(store.stillTrusts(trustAnchor, origin)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve));
    expect(fetches).toHaveLength(2);
    clockAhead += defaultKeySetLimits.maximumStaleMs + 1;
    expect(store.stillTrusts(trustAnchor, origin)).toBe(false);
  });

  it("is not trusted any more once its place was given to another, not even when the set is back", async () => {
    const store = storeOf(1);
    const other = anchorAt("https://other.example/keys");
    const origin = await originOf(store, trustAnchor);
    await originOf(store, other);
    expect(store.stillTrusts(trustAnchor, origin)).toBe(false);
    const again = await originOf(store, trustAnchor);
    expect(store.stillTrusts(trustAnchor, again)).toBe(true);
    expect(store.stillTrusts(trustAnchor, origin)).toBe(false);
    expect(fetches).toHaveLength(3);
  });
});

describe("a way out on which too many calls are waiting", () => {
  it("keeps no key set from being fetched as soon as there is room", async () => {
    const store = storeOf(10);
    failure = new OutboundError("busy");
    expect(await store.find(trustAnchor, "key-1", "ES256")).toEqual({ found: "unavailable", retryAfterSeconds: 1 });
    failure = null;
    expect(await store.find(trustAnchor, "key-1", "ES256")).toMatchObject({ found: "key" });
  });

  it("proves of no key that it is unknown", async () => {
    const store = storeOf(10);
    await originOf(store, trustAnchor);
    now += defaultKeySetLimits.coolDownMs;
    failure = new OutboundError("busy");
    expect(await store.find(trustAnchor, "key-2", "ES256")).toEqual({ found: "unavailable", retryAfterSeconds: 1 });
    failure = null;
    published = { ...second, kid: "key-2" };
    expect(await store.find(trustAnchor, "key-2", "ES256")).toMatchObject({ found: "key" });
  });
});

describe("a server that fails", () => {
  it("is left alone for the cool-down", async () => {
    const store = storeOf(10);
    failure = new OutboundError("timeout");
    expect(await store.find(trustAnchor, "key-1", "ES256")).toEqual({ found: "unavailable", retryAfterSeconds: 30 });
    failure = null;
    now += defaultKeySetLimits.coolDownMs - 1;
    expect(await store.find(trustAnchor, "key-1", "ES256")).toEqual({ found: "unavailable", retryAfterSeconds: 1 });
    expect(fetches).toHaveLength(1);
  });
});

describe("a server that many key managers trust", () => {
  const copies = Array.from({ length: 20 }, (_, at): TrustAnchor => ({ ...trustAnchor, keyManagerId: `km-${at}` }));
  const findAll = (store: KeySetStore, keyId: string) =>
    Promise.all(copies.map(async (anchor) => store.find(anchor, keyId, "ES256")));

  it("is asked once for all of them, and once in a cool-down about keys that it does not know", async () => {
    const store = storeOf(10);
    for (const found of await findAll(store, "key-1")) expect(found).toMatchObject({ found: "key" });
    expect(fetches).toHaveLength(1);
    now += defaultKeySetLimits.coolDownMs;
    for (let time = 0; time < 2; time++) {
      for (const found of await findAll(store, "key-9")) expect(found).toEqual({ found: "nothing" });
    }
    expect(fetches).toHaveLength(2);
  });

  it("gives no key to a key manager that names another source", async () => {
    const store = storeOf(10);
    await originOf(store, trustAnchor);
    published = { ...second, kid: "key-2" };
    const elsewhere = anchorAt("https://other.example/keys");
    expect(await store.find(elsewhere, "key-1", "ES256")).toEqual({ found: "nothing" });
    expect(await store.find(elsewhere, "key-2", "ES256")).toMatchObject({ found: "key" });
    expect(await store.find(trustAnchor, "key-2", "ES256")).toEqual({ found: "nothing" });
    const { signingKeys } = trustAnchor;
    const value = signingKeys.kind === "jwks" ? signingKeys.url : "";
    const pem: TrustAnchor = { ...trustAnchor, signingKeys: { kind: "pem", value } };
    expect(await store.find(pem, "key-1", "ES256")).toMatchObject({ found: "unavailable" });
    expect(await store.find({ ...trustAnchor, signingKeys: { kind: "none" } }, "key-1", "ES256")).toMatchObject({
      found: "unavailable",
    });
  });
});
