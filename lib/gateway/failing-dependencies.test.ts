/**
 * What callers are told while something fails that the validator depends on: no, or yes for a time that the documentation
 * states. Snapshots, grants, key sets and introspection are the real ones; what stands behind them is the test's.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TenantId } from "#lib/foundation/ids.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { createValidator } from "#lib/token-validation/validator.ts";
import type { SubscriptionState, TrustAnchor } from "#lib/token-validation/snapshot.ts";
import {
  consumerKey,
  ordersApi,
  signingPair,
  signToken,
  snapshotData,
  trustAnchor,
  type SigningPair,
} from "#tooling/testing/validation.ts";
import { GrantStore } from "./grant-store.ts";
import { defaultKeeperLimits, SnapshotKeeper } from "./snapshot-keeper.ts";
import type { TenantRevocation } from "./snapshot-source.ts";
import { createValidate } from "./validate.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const tenant = snapshotData.tenantId as TenantId;
const opaque = "2YotnFZFEjr1zCsicMWpAA";
const introspecting: TrustAnchor = {
  ...trustAnchor,
  keyManagerId: "km-2",
  issuer: "https://opaque.example",
  validation: "INTROSPECT",
  fingerprint: "km-2:1",
};

let pair: SigningPair;
let nextPair: SigningPair;
beforeAll(async () => {
  [pair, nextPair] = await Promise.all([signingPair(), signingPair("ES256", "key-2")]);
});
const keepers: SnapshotKeeper[] = [];
afterEach(() => keepers.splice(0).forEach((keeper) => keeper.close()));

type Dependency = "database" | "key set" | "introspection";

/** An installation whose parts fail when the test says so. */
function installation() {
  const start = Date.parse("2026-01-01T00:00:00Z");
  const made = {
    clock: start,
    /** Milliseconds that have passed, whatever the clock is set to. */
    passed: 0,
    /** How far the clock of the database is behind ours. */
    databaseBehind: 0,
    away: new Set<Dependency>(),
    state: "ACTIVE" as SubscriptionState,
    version: 1n,
    revoked: [] as { at: number; revocation: TenantRevocation }[],
    isActive: true,
    /** What happens while an introspection is under way, once. */
    meanwhile: undefined as (() => unknown) | undefined,
    keys: [pair.publicJwk],
    lastAsked: "",
  };
  const databaseNow = () => made.clock - made.databaseBehind;
  async function from<T>(dependency: Dependency, answer: () => T): Promise<T> {
    if (made.away.has(dependency)) throw new Error("away");
    return answer();
  }
  const grants = new GrantStore({
    read: (_tenant, keys) =>
      from("database", () => {
        const subscriptions = new Map([[ordersApi.id, { view: { id: "sub-1" }, state: made.state, planId: "plan-1" }]]);
        const grant = { application: { id: "app-1", name: "Shop" }, keyType: "PRODUCTION" as const, subscriptions };
        const held = keys.filter((key) => key === consumerKey);
        return ["km-1", "km-2"].flatMap((keyManagerId) =>
          held.map((key) => ({ consumerKey: key, keyManagerId, grant })),
        );
      }),
  });
  const clock = { now: () => new Date(made.clock) };
  const keeper = new SnapshotKeeper({
    grants,
    clock,
    timer: () => made.passed,
    log: silentLog,
    // The test compares when it wants to.
    limits: { ...defaultKeeperLimits, checkEveryMs: 24 * hour, longestRestMs: 0, tenants: 1 },
    source: {
      load: () =>
        from("database", () => {
          const snapshot = { ...snapshotData, trustAnchors: [trustAnchor, introspecting], version: made.version };
          return { snapshot, credentials: [], backendJwt: null };
        }),
      changes: (_tenant, after) =>
        from("database", () => {
          const change = { subject: "subscription", applicationId: "app-1", consumerKey: null };
          return after < made.version ? [{ version: made.version, ...change }] : [];
        }),
      revocations: () =>
        from("database", () => ({ revocations: made.revoked.map((one) => one.revocation), next: null })),
      check: (tenantIds, since) =>
        from("database", () => ({
          versions: new Map(tenantIds.map((id) => [id, made.version])),
          revocations:
            since === null ? [] : made.revoked.filter(({ at }) => at > since.getTime()).map((one) => one.revocation),
          readAt: new Date(databaseNow()),
        })),
    },
  });
  keepers.push(keeper);
  const isUpToDate = async () => (await keeper.current(tenant))?.snapshot.version === made.version;
  const validator = createValidator({
    clock,
    timer: () => made.passed,
    log: silentLog,
    snapshot: async (tenantId) => (await keeper.current(tenantId as TenantId))?.snapshot ?? null,
    grant: (tenantId, keyManagerId, key) => grants.find(tenantId as TenantId, keyManagerId, key),
    isRevoked: (tenantId, { revocationName }, token) => keeper.isRevoked(tenantId as TenantId, revocationName, token),
    fetchKeySet: () => from("key set", () => ({ keys: made.keys })),
    async introspect() {
      await made.meanwhile?.();
      made.meanwhile = undefined;
      const claims = { jti: "opaque-1" };
      return from("introspection", () =>
        made.isActive
          ? { active: true, consumerKey, scopes: ["orders:read"], audiences: [], claims }
          : { active: false },
      );
    },
  });
  const validate = createValidate(validator, { complete: (_tenant, verdict) => verdict });
  return {
    made,
    keeper,
    grants,
    pass(milliseconds: number) {
      made.clock += milliseconds;
      made.passed += milliseconds;
    },
    async ask(token: string) {
      made.lastAsked = token;
      const verdict = await validate({
        tenantId: tenant,
        token,
        method: "GET",
        target: { requestPath: "/orders/1.0.0/items" },
      });
      return verdict.allowed ? "yes" : verdict.reason;
    },
    /** A token that is good for a day. */
    token: (claims: Record<string, unknown> = {}) =>
      signToken(pair, { claims: { exp: start / 1000 + 48 * 3600, iat: start / 1000, ...claims } }, start / 1000),
    block() {
      made.state = "BLOCKED";
      made.version += 1n;
    },
    revoke(tokenId: string) {
      const expiresAt = new Date(start + 48 * hour);
      const kind = "TOKEN_ID" as const;
      const revocation = { tenantId: tenant, keyManager: "", kind, value: tokenId, issuedBefore: null, expiresAt };
      made.revoked.push({ at: databaseNow(), revocation });
    },
    async compare() {
      await keeper.compare();
      // What it found out is loaded in the background, in several steps.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      const until = performance.now() + 1_000;
      while (!made.away.has("database") && performance.now() < until && !(await isUpToDate())) await sleep(1);
    },
  };
}

type Installation = ReturnType<typeof installation>;
type Step = (at: Installation) => void | Promise<void>;
/** What happens between the first answer and the last, and what the last one is. */
type Line = [what: string, steps: readonly Step[], answer: string];

/** @param first what is asked before; null for nothing */
function table(lines: Line[], { first = "signed", last = "signed" }: { first?: string | null; last?: string } = {}) {
  it.each(lines)("%s", async (_what, steps, answer) => {
    const at = installation();
    const tokens: Record<string, string> = {
      signed: await at.token(),
      opaque,
      fresh: await at.token({ jti: "fresh" }),
      stranger: await at.token({ client_id: "never-seen" }),
      "another opaque": `${opaque}x`,
    };
    if (first !== null) expect(await at.ask(tokens[first] ?? "")).toBe("yes");
    for (const step of steps) await step(at);
    expect(await at.ask(tokens[last] ?? "")).toBe(answer);
  });
}

const away =
  (...dependencies: Dependency[]): Step =>
  (at) =>
    dependencies.forEach((dependency) => at.made.away.add(dependency));
const back: Step = (at) => at.made.away.clear();
const pass =
  (milliseconds: number): Step =>
  (at) =>
    at.pass(milliseconds);
/** The clock alone. */
const setClock =
  (by: number): Step =>
  (at) =>
    void (at.made.clock += by);
const ahead =
  (of: number): Step =>
  (at) =>
    void (at.made.databaseBehind = of);
const compare: Step = (at) => at.compare();
const block: Step = (at) => at.block();
const revoke: Step = (at) => at.revoke("token-1");
const withdrawKey: Step = (at) => void (at.made.keys = [nextPair.publicJwk]);
/** The same call once more, with time for what it has begun in the background. */
const askAgain: Step = async (at) => {
  await at.ask(at.made.lastAsked);
  await sleep(1);
};
const deactivate: Step = (at) => void (at.made.isActive = false);

describe("without the database, a call that could be judged before", () => {
  table([
    ["still can at once", [away("database")], "yes"],
    ["still can for 15 minutes", [away("database"), pass(15 * minute)], "yes"],
    ["cannot any longer", [away("database"), pass(15 * minute + 1)], "unavailable"],
    ["can again when it is back", [away("database"), pass(hour), back], "yes"],
    [
      "is judged by what happened meanwhile when it is back",
      [away("database"), pass(5 * minute), block, back, compare],
      "subscription_blocked",
    ],
    [
      "is refused for what was revoked meanwhile when it is back",
      [away("database"), pass(10 * minute), revoke, pass(4 * minute), back, compare],
      "token_revoked",
    ],
  ]);
});

describe("without the database, a token that nobody has seen, of a client that is known", () => {
  table(
    [
      ["can be judged for 15 minutes", [away("database"), pass(15 * minute)], "yes"],
      ["cannot any longer", [away("database"), pass(15 * minute + 1)], "unavailable"],
    ],
    { last: "fresh" },
  );
});

describe("without the database, a client that nobody has asked about", () => {
  table([["is not guessed about", [away("database")], "unavailable"]], { last: "stranger" });
});

describe("without the database, a tenant that nobody has asked about", () => {
  table([["is not guessed about", [away("database")], "unavailable"]], { first: null });
});

describe("without the database, from what another process saved", () => {
  it.each([
    ["is judged for 15 minutes since that process heard of it", 15 * minute, "yes"],
    ["is not judged any longer", 15 * minute + 1, "unavailable"],
    ["is not judged where it comes from the future, so that nobody knows how old it is", -1, "unavailable"],
  ])("a call %s", async (_what, later, answer) => {
    const before = installation();
    const token = await before.token();
    expect(await before.ask(token)).toBe("yes");
    const after = installation();
    after.made.away.add("database");
    after.pass(later);
    after.keeper.restore(structuredClone([...before.keeper.save()]));
    after.grants.restore(structuredClone([...before.grants.save()]));
    expect(await after.ask(token)).toBe(answer);
  });
});

describe("without the key set", () => {
  table(
    [
      ["no token can be judged where it was never read", [away("key set")], "unavailable"],
      ["a token can be judged when it is back", [away("key set"), back], "yes"],
    ],
    { first: null },
  );
  table(
    [
      ["a fresh token can be judged for a day by the set that stands", [away("key set"), pass(24 * hour)], "yes"],
      ["a fresh token cannot be judged any longer", [away("key set"), pass(24 * hour + 1)], "unavailable"],
    ],
    { last: "fresh" },
  );
  table([["a known token cannot either", [away("key set"), pass(24 * hour + 1)], "unavailable"]]);
});

describe("without introspection", () => {
  table([["no token can be judged that nobody has asked about", [away("introspection")], "unavailable"]], {
    first: null,
    last: "opaque",
  });
  table(
    [
      ["an answer stands for a minute", [away("introspection"), pass(minute - 1)], "yes"],
      ["an answer does not stand any longer", [away("introspection"), pass(minute)], "unavailable"],
    ],
    { first: "opaque", last: "opaque" },
  );
  table([["an answer about one token says nothing of another", [away("introspection")], "unavailable"]], {
    first: "opaque",
    last: "another opaque",
  });
});

describe("while introspection is awaited, and its tenant gives way to others", () => {
  const meanwhile =
    (...steps: Step[]): Step =>
    (at) => {
      at.made.meanwhile = async () => {
        await at.keeper.current("somebody-else" as TenantId);
        for (const step of steps) await step(at);
      };
    };
  const revokeOpaque: Step = (at) => at.revoke("opaque-1");
  table(
    [
      ["a call is judged by what is read again", [meanwhile()], "yes"],
      ["a token that was revoked is refused", [revokeOpaque, compare, meanwhile()], "token_revoked"],
      ["no call can be judged without the database", [meanwhile(away("database"))], "unavailable"],
    ],
    { last: "opaque" },
  );
});

describe("without notification", () => {
  table([
    ["a change is seen with the next comparison", [block, compare], "subscription_blocked"],
    ["a revocation is seen with the next comparison", [revoke, compare], "token_revoked"],
    [
      "a revocation is seen although our clock is an hour ahead of the database's",
      [ahead(hour), compare, compare, revoke, pass(2 * second), compare],
      "token_revoked",
    ],
    [
      "a revocation is seen although our clock is an hour behind the database's",
      [ahead(-hour), compare, compare, revoke, pass(2 * second), compare],
      "token_revoked",
    ],
  ]);
});

describe("with a clock that is set forward", () => {
  table([
    ["by an hour, a call is judged by what is read anew", [setClock(hour)], "yes"],
    ["by two days, a token has expired", [setClock(49 * hour)], "token_expired"],
    ["by an hour without the database, no call is judged", [away("database"), setClock(hour)], "unavailable"],
    [
      "and right again, nothing that was revoked meanwhile was missed",
      [setClock(24 * hour), ahead(24 * hour), compare, revoke, setClock(-24 * hour), ahead(0), compare],
      "token_revoked",
    ],
    [
      "and right again, nothing that was revoked before is forgotten",
      [
        revoke,
        compare,
        pass(minute),
        compare,
        setClock(72 * hour),
        ahead(72 * hour),
        compare,
        setClock(-72 * hour),
        ahead(0),
        compare,
      ],
      "token_revoked",
    ],
  ]);
});

describe("with a clock that is set back", () => {
  const again = Array.from({ length: 4 }, () => [pass(4 * minute), setClock(-4 * minute)]).flat();
  table([
    ["by an hour, a known token can be judged", [setClock(-hour)], "yes"],
    [
      "by an hour without the database, a call can be judged for 15 minutes",
      [away("database"), setClock(-hour), pass(15 * minute)],
      "yes",
    ],
    [
      "by an hour without the database, a call cannot be judged any longer",
      [away("database"), setClock(-hour), pass(15 * minute + 1)],
      "unavailable",
    ],
    [
      "again and again without the database, a call cannot be judged any longer",
      [away("database"), ...again],
      "unavailable",
    ],
  ]);
  table([
    ...[-30 * hour, -hour, -5 * minute].map((by): Line => [
      `by ${by / -minute} minutes, a token is refused whose key was withdrawn, once its set is ten minutes old`,
      [pass(9 * minute), setClock(by), withdrawKey, pass(minute + 1), askAgain],
      "key_unknown",
    ]),
    [
      "by an hour, a key is trusted for as long as its set",
      [setClock(-hour), withdrawKey, pass(9 * minute), askAgain],
      "yes",
    ],
    [
      "without the key set, a known token can be judged for a day",
      [away("key set"), setClock(-30 * hour), pass(24 * hour)],
      "yes",
    ],
    [
      "without the key set, a known token cannot be judged any longer",
      [away("key set"), setClock(-30 * hour), pass(24 * hour + 1)],
      "unavailable",
    ],
  ]);
  table([["by an hour, a token that nobody has seen is from the future", [setClock(-hour)], "claims_invalid"]], {
    last: "fresh",
  });
  table(
    [
      ["an answer of introspection stands no longer", [setClock(-hour), deactivate], "token_revoked"],
      [
        "an answer that was replaced is not taken up again",
        [deactivate, pass(minute), askAgain, setClock(-30 * second)],
        "token_revoked",
      ],
      ["without introspection, no answer stands", [setClock(-hour), away("introspection")], "unavailable"],
    ],
    { first: "opaque", last: "opaque" },
  );
});
