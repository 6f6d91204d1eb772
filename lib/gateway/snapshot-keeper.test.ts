import { afterEach, describe, expect, it } from "vitest";
import type { TenantId } from "#lib/foundation/ids.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { noFacts, snapshotData } from "#tooling/testing/validation.ts";
import type { Revocation } from "./revocations.ts";
import { defaultKeeperLimits, SnapshotKeeper, UnknownForNow, type KeeperLimits } from "./snapshot-keeper.ts";
import type { ConfigChange, LoadedTenant, TenantRevocation } from "./snapshot-source.ts";

const tenant = snapshotData.tenantId as TenantId;
/** A machine that does other things besides takes longer. */
const patiently = { timeout: 4_000 };
const keepers: SnapshotKeeper[] = [];
afterEach(() => keepers.splice(0).forEach((keeper) => keeper.close()));

/** A database of one tenant, whose version and moods the test decides. */
function world(ofLimits: Partial<KeeperLimits> = {}) {
  const made = {
    time: 1_000_000,
    version: 1n,
    exists: true,
    isDown: false,
    /** Whether it says nothing at all. */
    isSilent: false,
    /** How long each of its answers takes. */
    takesMs: 0,
    loads: 0,
    /** What is on record; null where it was swept. */
    changes: [] as ConfigChange[] | null,
    /** What was told to be forgotten of consumer keys. */
    forgotten: [] as string[],
    /** All that is revoked, by when it was; each is a page of its own. */
    listed: [] as { at: number; revocation: Revocation }[],
    /** From where pages were read, and of whom. */
    pagesRead: [] as number[],
    readOf: [] as TenantId[],
    /** What happens with each page. */
    onPage: undefined as (() => void) | undefined,
    failAtPage: undefined as number | undefined,
    /** Pages wait for it. */
    gate: undefined as Promise<void> | undefined,
    /** What a comparison brings of it; null where that is too much. */
    revocations: [] as TenantRevocation[] | null,
    revocationsAskedSince: [] as (Date | null)[],
    /** How far the clock of the database is ahead of ours. */
    databaseAheadMs: 0,
    /** Milliseconds that have passed for the timer alone. */
    passedMs: 0,
    /** What a load answers instead of the present version: a read replica that lags behind. */
    laggingVersion: undefined as bigint | undefined,
    /** What happens while a load is under way, once. */
    duringLoad: undefined as (() => void) | undefined,
  };
  /** A change of the tenant's configuration. */
  const change = (subject = "api", ids: Partial<ConfigChange> = {}) => {
    made.version += 1n;
    made.changes?.push({ version: made.version, subject, applicationId: null, consumerKey: null, ...ids });
    return made.version;
  };
  async function answered(): Promise<void> {
    if (made.isSilent) await new Promise(() => {});
    if (made.takesMs > 0) await new Promise((resolve) => setTimeout(resolve, made.takesMs));
    if (made.isDown) throw new Error("down");
  }
  const keeper = new SnapshotKeeper({
    grants: {
      forget: (_tenant, changes) => {
        for (const { consumerKey, applicationId } of changes) {
          made.forgotten.push(...[consumerKey, applicationId].filter((id) => id !== null));
        }
      },
      forgetAll: () => void made.forgotten.push("all"),
    },
    clock: { now: () => new Date(made.time) },
    log: silentLog,
    timer: () => made.passedMs,
    // The test compares when it wants to, and waits for no rest.
    limits: { ...defaultKeeperLimits, checkEveryMs: 1_000_000, longestRestMs: 0, ...ofLimits },
    source: {
      async load(): Promise<LoadedTenant | null> {
        made.loads++;
        await answered();
        if (!made.exists) return null;
        const { duringLoad } = made;
        made.duringLoad = undefined;
        duringLoad?.();
        const version = made.laggingVersion ?? made.version;
        return { snapshot: { ...snapshotData, version }, credentials: ["digest"], backendJwt: null };
      },
      async revocations(tenantId, { at }) {
        await answered();
        await made.gate;
        made.readOf.push(tenantId);
        made.onPage?.();
        if (at.getTime() === made.failAtPage) throw new Error("down");
        made.pagesRead.push(at.getTime());
        const [first, ...others] = made.listed.filter((one) => one.at > at.getTime());
        if (!first) return { revocations: [], next: null };
        const next = others.length > 0 ? { at: new Date(first.at), id: "id" } : null;
        return { revocations: [first.revocation], next };
      },
      async changes(_tenant, after) {
        await answered();
        return made.changes && made.changes.filter(({ version }) => version > after);
      },
      async check(tenantIds, revokedSince) {
        await answered();
        made.revocationsAskedSince.push(revokedSince);
        const versions = new Map(made.exists ? tenantIds.map((id) => [id, made.version]) : []);
        const readAt = new Date(made.time + made.databaseAheadMs);
        return { versions, revocations: made.revocations, readAt };
      },
    },
  });
  keepers.push(keeper);
  const versionNow = async () => (await keeper.current(tenant))?.snapshot.version ?? null;
  return { made, keeper, versionNow, change };
}

/** On a busy machine, a timer alone may be over before what it waits for has begun. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("snapshots", () => {
  it("are loaded when first asked for, once for all who ask, and then answered without waiting", async () => {
    const { made, keeper } = world();
    await Promise.all([keeper.current(tenant), keeper.current(tenant), keeper.current(tenant)]);
    expect(made.loads).toBe(1);
    expect(keeper.current(tenant)).not.toBeInstanceOf(Promise);
  });

  it("follow an announcement", async () => {
    const { keeper, versionNow, change } = world();
    await versionNow();
    keeper.hear(tenant, change());
    await settled();
    expect(await versionNow()).toBe(2n);
  });

  it("follow the comparison where the announcement was lost", async () => {
    const { keeper, versionNow, change } = world();
    await versionNow();
    change();
    await keeper.compare();
    await settled();
    expect(await versionNow()).toBe(2n);
  });

  it("are not loaded again for what is known, nor for tenants that nobody asked for", async () => {
    const { made, keeper, versionNow } = world();
    keeper.hear("somebody-else" as TenantId, 9n);
    await versionNow();
    keeper.hear(tenant, 1n);
    await keeper.compare();
    await settled();
    expect(made.loads).toBe(1);
  });

  it("never go back to an older version", async () => {
    const { made, keeper, versionNow } = world();
    made.version = 5n;
    await versionNow();
    made.laggingVersion = 4n;
    made.changes = null;
    await keeper.reload(tenant);
    expect(await versionNow()).toBe(5n);
  });

  it("serve for a while without the database, then no longer; and again when it is back", async () => {
    const { made, keeper, versionNow, change } = world();
    await versionNow();
    made.isDown = true;
    made.time += defaultKeeperLimits.maximumUncheckedMs;
    await keeper.compare();
    expect(await versionNow()).toBe(1n);
    made.time += 1;
    expect(await versionNow()).toBeNull();
    made.isDown = false;
    change();
    change();
    expect(await versionNow()).toBe(3n);
  });

  it("are refused in time where the database says nothing, and follow again as soon as it answers", async () => {
    const { made, keeper, versionNow, change } = world({ deadlineMs: 50, answerDeadlineMs: 100 });
    await versionNow();
    made.isSilent = true;
    const unanswered = keeper.compare();
    expect(await keeper.current("somebody-else" as TenantId)).toBeNull();
    expect(await keeper.reload(tenant)).toBeNull();
    await unanswered;
    made.time += defaultKeeperLimits.maximumUncheckedMs + 1;
    expect(await versionNow()).toBeNull();
    made.isSilent = false;
    change();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await versionNow()).toBe(2n);
    expect((await keeper.current("somebody-else" as TenantId))?.snapshot.version).toBe(2n);
  });

  it("follow a database that answers later than calls wait", async () => {
    const { made, keeper, versionNow, change } = world({ deadlineMs: 20 });
    made.takesMs = 60;
    expect(await versionNow()).toBeNull();
    await expect.poll(versionNow, patiently).toBe(1n);
    change();
    made.time += defaultKeeperLimits.maximumUncheckedMs - 1;
    await keeper.compare();
    await expect.poll(versionNow, patiently).toBe(2n);
    made.time += 2;
    expect(await versionNow()).toBe(2n);
  });

  it("are no fresher for a comparison whose change could not be loaded", async () => {
    const { made, keeper, versionNow } = world();
    await versionNow();
    made.version = 2n;
    made.laggingVersion = 1n;
    made.time += defaultKeeperLimits.maximumUncheckedMs - 1_000;
    keeper.hear(tenant, 2n);
    made.isDown = true;
    await settled();
    made.time += 1_001;
    expect(await versionNow()).toBeNull();
  });

  it("are no fresher for a comparison that ran while they were first loaded", async () => {
    // What the comparison finds is loaded after a rest, when nothing can be read any more.
    const { made, keeper, versionNow, change } = world({ longestRestMs: 1_000 });
    const revocation = { keyManager: "km-1", kind: "TOKEN_ID", issuedBefore: null, expiresAt: new Date() } as const;
    made.listed = [1, 2].map((at) => ({ at, revocation: { ...revocation, value: `t-${at}` } }));
    const open = Promise.withResolvers<void>();
    made.gate = open.promise;
    const first = versionNow();
    await settled();
    // What was loaded so far is older than this change, and than the comparison that finds it.
    change();
    made.time += defaultKeeperLimits.maximumUncheckedMs - 1;
    await keeper.compare();
    open.resolve();
    expect(await first).toBe(1n);
    made.isDown = true;
    made.time += 2;
    expect(await versionNow()).toBeNull();
  });

  it("serve on where they change faster than they load", async () => {
    const { made, keeper, versionNow, change } = world();
    await versionNow();
    await keeper.compare();
    const limit = defaultKeeperLimits.maximumUncheckedMs;
    let waited = 0;
    let loadsToCome = 5;
    made.duringLoad = function changeAgain() {
      made.time += 0.4 * limit;
      keeper.hear(tenant, change());
      void keeper.compare();
      if (keeper.current(tenant) instanceof Promise) waited++;
      if (--loadsToCome > 0) made.duringLoad = changeAgain;
    };
    keeper.hear(tenant, change());
    await expect.poll(() => loadsToCome).toBe(0);
    expect(waited).toBe(0);
    await settled();
    expect(await versionNow()).toBe(7n);
  });

  it("are gone with their tenant", async () => {
    const { made, keeper, versionNow } = world();
    await versionNow();
    made.exists = false;
    await keeper.compare();
    expect(await versionNow()).toBeNull();
  });
});

describe("what was saved", () => {
  it("serves again as it was, as old as it is, and follows what has changed since", async () => {
    const before = world();
    const token = { keyManager: "km-1", kind: "TOKEN_ID", value: "t-1", issuedBefore: null } as const;
    before.made.listed = [{ at: 1, revocation: { ...token, expiresAt: new Date(9_000_000) } }];
    await before.versionNow();
    await before.keeper.compare();
    const saved = structuredClone([...before.keeper.save()]);

    const after = world();
    after.made.isDown = true;
    after.made.time += 60_000;
    expect(after.keeper.isCertain()).toBe(false);
    after.keeper.restore(saved);
    expect(after.keeper.isCertain()).toBe(true);
    expect(await after.versionNow()).toBe(1n);
    const asked = { facts: { ...noFacts, tokenId: "t-1" }, digest: "" };
    expect(after.keeper.isRevoked(tenant, "km-1", asked)).toBe(true);

    after.made.isDown = false;
    after.change();
    await after.keeper.compare();
    await settled();
    expect(await after.versionNow()).toBe(2n);
    const [since] = after.made.revocationsAskedSince;
    expect(since?.getTime()).toBe(before.made.time - defaultKeeperLimits.revocationOverlapMs);
  });

  it("is not handed out once it is too old", async () => {
    const before = world();
    await before.versionNow();
    await before.keeper.compare();
    const after = world();
    after.made.isDown = true;
    after.keeper.restore(structuredClone([...before.keeper.save()]));
    after.made.time += defaultKeeperLimits.maximumUncheckedMs + 1;
    expect(await after.versionNow()).toBeNull();
    expect(after.keeper.isCertain()).toBe(false);
  });
});

describe("changes that concern consumer keys alone", () => {
  it("make those be forgotten, and nothing be loaded", async () => {
    const { made, keeper, versionNow, change } = world();
    await versionNow();
    change("key_mapping", { applicationId: "app-1", consumerKey: "client-1" });
    keeper.hear(tenant, change("subscription", { applicationId: "app-2" }));
    await settled();
    expect(await versionNow()).toBe(3n);
    expect(made.loads).toBe(1);
    expect(made.forgotten.slice(1)).toEqual(["client-1", "app-1", "app-2"]);
  });

  it("of other tenants make everything be forgotten; so does a change of the snapshot", async () => {
    const { made, keeper, versionNow, change } = world();
    await versionNow();
    keeper.hear(tenant, change("cross_tenant_subscription", { applicationId: "app-9" }));
    await settled();
    expect(made.forgotten.slice(1)).toEqual(["all"]);
    keeper.hear(tenant, change("api"));
    await settled();
    expect(made.forgotten.slice(2)).toEqual(["all"]);
    expect(made.loads).toBe(2);
  });

  it.each([
    ["are no longer on record", null],
    ["are on record only in part", []],
  ])("make everything be forgotten and loaded where they %s", async (_case, left) => {
    const { made, keeper, versionNow, change } = world();
    await versionNow();
    const version = change("key_mapping", { consumerKey: "client-1" });
    made.changes = left;
    keeper.hear(tenant, version);
    await settled();
    expect(await versionNow()).toBe(2n);
    expect(made.loads).toBe(2);
    expect(made.forgotten).toEqual(["all", "all"]);
  });

  it("are asked for again where what was loaded is newer than they were", async () => {
    const { made, keeper, versionNow, change } = world();
    await versionNow();
    const heard = change("api");
    // While the snapshot is being loaded, a consumer key changes too.
    made.duringLoad = () => void change("key_mapping", { consumerKey: "client-1" });
    keeper.hear(tenant, heard);
    await settled();
    expect(await versionNow()).toBe(3n);
    expect(made.forgotten).toContain("client-1");
  });
});

describe("revocations", () => {
  const revocation = (made: { time: number }, value: string): Revocation => ({
    keyManager: "km-1",
    kind: "TOKEN_ID",
    value,
    issuedBefore: null,
    expiresAt: new Date(made.time + 60_000),
  });
  const isRevoked = async (keeper: SnapshotKeeper, tokenId: string, tenantId = tenant) =>
    keeper.isRevoked(tenantId, "km-1", { facts: { ...noFacts, tokenId }, digest: "" });

  it("that stand already come with the tenant, every page of them", async () => {
    const { made, keeper, versionNow } = world();
    made.listed = [revocation(made, "t-1"), revocation(made, "t-2")].map((one, at) => ({
      at: at + 1,
      revocation: one,
    }));
    await versionNow();
    const asked = ["t-1", "t-2", "t-3"].map((tokenId) => isRevoked(keeper, tokenId));
    expect(await Promise.all(asked)).toEqual([true, true, false]);
  });

  it("that stand already are read on from where it failed, when the tenant is asked for again", async () => {
    const { made, keeper, versionNow } = world();
    const listed = ["t-1", "t-2", "t-3"].map((value) => revocation({ time: made.time + 7_200_000 }, value));
    made.listed = listed.map((one, at) => ({ at: at + 1, revocation: one }));
    made.failAtPage = 2;
    expect(await versionNow()).toBeNull();
    made.failAtPage = undefined;
    made.time += 3_600_000;
    expect(await versionNow()).toBe(1n);
    expect(made.pagesRead).toEqual([0, 1, 2]);
    expect(await isRevoked(keeper, "t-3")).toBe(true);
  });

  it("are known of a tenant that gave way to others meanwhile, and of one that is still being loaded", async () => {
    const { made, keeper, versionNow } = world({ tenants: 1 });
    made.listed = [{ at: 1, revocation: revocation(made, "t-1") }];
    await versionNow();
    await keeper.current("somebody-else" as TenantId);
    expect(await isRevoked(keeper, "t-1")).toBe(true);
    await keeper.current("somebody-else" as TenantId);
    void keeper.current(tenant);
    expect(await isRevoked(keeper, "t-1")).toBe(true);
  });

  it("are not said to be none where the tenant is lost", async () => {
    const { made, keeper, versionNow } = world({ tenants: 1 });
    await versionNow();
    await keeper.current("somebody-else" as TenantId);
    made.isDown = true;
    await expect(isRevoked(keeper, "t-1")).rejects.toThrow(UnknownForNow);
  });

  it("that follow arrive with the comparison, asked for with an overlap", async () => {
    const { made, keeper, versionNow } = world();
    await versionNow();
    await keeper.compare();
    made.revocations = [{ tenantId: tenant, ...revocation(made, "t-1") }];
    made.time += 2_000;
    await keeper.compare();
    expect(await isRevoked(keeper, "t-1")).toBe(true);
    expect(await isRevoked(keeper, "t-2")).toBe(false);
    expect(await isRevoked(keeper, "t-1", "somebody-else" as TenantId)).toBe(false);
    const [since] = made.revocationsAskedSince.slice(-1);
    expect(since?.getTime()).toBe(made.time - 2_000 - defaultKeeperLimits.revocationOverlapMs);
  });

  describe("that are too many for a comparison", () => {
    const overlap = defaultKeeperLimits.revocationOverlapMs;

    const revokedUpTo = (keeper: SnapshotKeeper) => {
      const [reach] = keeper.save();
      return reach && "revokedUpTo" in reach ? reach.revokedUpTo : undefined;
    };

    /** A tenant that is known, of which five tokens were revoked since. */
    async function behind() {
      const at = world();
      await at.versionNow();
      const { made } = at;
      const lastHeard = made.time;
      made.time += 600_000;
      made.revocations = null;
      made.listed = Array.from({ length: 5 }, (_, index) => ({
        at: lastHeard + 1_000 * index,
        revocation: revocation(made, `t-${index}`),
      }));
      made.pagesRead = [];
      return { ...at, lastHeard };
    }

    it("are read page by page, beside the comparisons", async () => {
      const { made, keeper, lastHeard } = await behind();
      await keeper.compare();
      await settled();
      expect(made.pagesRead).toEqual([lastHeard - overlap, ...[0, 1, 2, 3].map((page) => lastHeard + 1_000 * page)]);
      expect(await isRevoked(keeper, "t-0")).toBe(true);
      expect(await isRevoked(keeper, "t-4")).toBe(true);
    });

    it("are read on from where it failed, and asked for no more by comparisons", async () => {
      const { made, keeper, lastHeard } = await behind();
      const readAt = made.time;
      made.failAtPage = lastHeard + 2_000;
      await keeper.compare();
      await settled();
      expect(await isRevoked(keeper, "t-2")).toBe(true);
      expect(await isRevoked(keeper, "t-3")).toBe(false);
      expect(revokedUpTo(keeper)).toBe(lastHeard + 2_000 + overlap);

      made.failAtPage = undefined;
      made.pagesRead = [];
      made.revocations = [];
      made.time += 2_000;
      await keeper.compare();
      await settled();
      expect(made.revocationsAskedSince.at(-1)?.getTime()).toBe(readAt - overlap);
      expect(made.pagesRead).toEqual([lastHeard + 2_000, lastHeard + 3_000]);
      expect(await isRevoked(keeper, "t-4")).toBe(true);
      expect(revokedUpTo(keeper)).toBe(made.time);
    });

    it("make their tenant no fresher before they are read, whatever is loaded meanwhile", async () => {
      const { made, keeper, versionNow, change, lastHeard } = await behind();
      made.failAtPage = lastHeard;
      made.time = lastHeard + defaultKeeperLimits.maximumUncheckedMs;
      await keeper.compare();
      keeper.hear(tenant, change());
      await settled();
      expect(await versionNow()).toBe(2n);
      made.time += 1;
      expect(await versionNow()).toBeNull();
      made.failAtPage = undefined;
      await keeper.compare();
      await settled();
      expect(await versionNow()).toBe(2n);
    });

    it("all the time, keep no tenant from following", async () => {
      const { made, keeper, versionNow } = await behind();
      const other = "somebody-else" as TenantId;
      await keeper.current(other);
      made.readOf = [];
      let pages = 0;
      made.onPage = () => {
        made.time += 10_000;
        if (++pages < 200) void keeper.compare();
      };
      await keeper.compare();
      await expect.poll(() => pages).toBeGreaterThan(199);
      // Both are there in each part of it, and fresh although no comparison ever brought everything.
      for (let from = 0; from < 200; from += 20) {
        expect(new Set(made.readOf.slice(from, from + 20))).toEqual(new Set([tenant, other]));
      }
      expect(keeper.secondsUnchecked()).toBeLessThan(600);
      made.isDown = true;
      expect(await versionNow()).toBe(1n);
      expect((await keeper.current(other))?.snapshot.version).toBe(1n);
    });

    it("are read of others where one's cannot be, and that one makes all count as not compared", async () => {
      const { made, keeper } = await behind();
      const other = "somebody-else" as TenantId;
      await keeper.current(other);
      made.readOf = [];
      made.onPage = () => {
        if (made.readOf.at(-1) === tenant) throw new Error("too much");
      };
      await keeper.compare();
      await settled();
      expect(made.readOf).toContain(other);
      made.revocations = [];
      made.time += 120_000;
      await keeper.compare();
      await settled();
      expect(keeper.secondsUnchecked()).toBe(720);
      made.onPage = undefined;
      await keeper.compare();
      await settled();
      expect(keeper.secondsUnchecked()).toBe(0);
    });

    it("again and again, are read each time", async () => {
      const { made, keeper, versionNow, lastHeard } = await behind();
      const open = Promise.withResolvers<void>();
      made.gate = open.promise;
      await keeper.compare();
      const readAt = made.time;
      made.time += 2_000;
      await keeper.compare();
      open.resolve();
      await settled();
      expect(made.pagesRead[0]).toBe(lastHeard - overlap);
      expect(made.pagesRead.at(-1)).toBe(readAt - overlap);
      made.time += defaultKeeperLimits.maximumUncheckedMs;
      await keeper.compare();
      await settled();
      expect(await versionNow()).toBe(1n);
    });
  });

  it("are asked for since the last comparison that succeeded, however long that is ago", async () => {
    const { made, keeper, versionNow } = world();
    await versionNow();
    await keeper.compare();
    const lastHeard = made.time;
    made.isDown = true;
    made.time += 3_600_000;
    await keeper.compare();
    made.isDown = false;
    await keeper.compare();
    const [since] = made.revocationsAskedSince.slice(-1);
    expect(since?.getTime()).toBe(lastHeard - defaultKeeperLimits.revocationOverlapMs);
  });

  it("make nothing be loaded or forgotten, whatever they change beside it", async () => {
    const { made, keeper, versionNow, change } = world();
    await versionNow();
    keeper.hear(tenant, change("revocation"));
    await settled();
    expect(await versionNow()).toBe(2n);
    expect([made.loads, made.forgotten]).toEqual([1, ["all"]]);
    change("revocation");
    keeper.hear(tenant, change("key_mapping", { consumerKey: "client-1" }));
    await settled();
    expect([made.loads, made.forgotten]).toEqual([1, ["all", "client-1"]]);
  });

  it("are forgotten after their tokens have expired", async () => {
    const { made, keeper, versionNow } = world();
    made.listed = [{ at: 1, revocation: revocation(made, "t-1") }];
    await versionNow();
    made.time += 60_000;
    await keeper.compare();
    expect(await isRevoked(keeper, "t-1")).toBe(true);
    made.time += 600_000 + defaultKeeperLimits.sweepEveryMs;
    await keeper.compare();
    expect(await isRevoked(keeper, "t-1")).toBe(false);
  });
});
