import { describe, expect, it } from "vitest";
import type { TenantId } from "#lib/foundation/ids.ts";
import { defaultGrantLimits, GrantStore, type FoundGrant, type GrantLimits } from "./grant-store.ts";

const tenant = "tenant-a" as TenantId;
const other = "tenant-b" as TenantId;

function found(
  consumerKey: string,
  application: string,
  { subscriptions = 1, keyManagerId = "km-1" } = {},
): FoundGrant {
  const all = Array.from({ length: subscriptions }, (_, index) => [
    `api-${index}`,
    { view: { id: `sub-${index}` }, state: "ACTIVE" as const, planId: "plan-1" },
  ]);
  return {
    consumerKey,
    keyManagerId,
    grant: {
      application: { id: application, name: application },
      keyType: "PRODUCTION",
      subscriptions: new Map(all as [string, { view: { id: string }; state: "ACTIVE"; planId: string }][]),
    },
  };
}

/** A database of consumer keys, whose answers the test may hold back. */
function world(limits: Partial<GrantLimits> = {}) {
  const made = {
    held: [] as FoundGrant[],
    reads: [] as string[][],
    gate: Promise.resolve(),
    isDown: false,
  };
  const store = new GrantStore({
    limits: { ...defaultGrantLimits, ...limits },
    async read(tenantId, consumerKeys) {
      made.reads.push(consumerKeys.map((key) => `${tenantId} ${key}`));
      const answer = made.held.filter(({ consumerKey }) => consumerKeys.includes(consumerKey));
      await made.gate;
      if (made.isDown) throw new Error("down");
      return tenantId === tenant ? answer : [];
    },
  });
  const applicationOf = async (consumerKey: string, keyManagerId = "km-1", tenantId = tenant) =>
    (await store.find(tenantId, keyManagerId, consumerKey))?.application.id ?? null;
  return { made, store, applicationOf };
}

describe("what a consumer key opens", () => {
  it("is read once, and then known without waiting", async () => {
    const { made, store, applicationOf } = world();
    made.held = [found("a", "app-1")];
    expect(await applicationOf("a")).toBe("app-1");
    expect(store.find(tenant, "km-1", "a")).not.toBeInstanceOf(Promise);
    expect(made.reads).toHaveLength(1);
  });

  it("is nothing at another key manager and in another tenant", async () => {
    const { made, applicationOf } = world();
    made.held = [found("a", "app-1")];
    expect(await applicationOf("a", "km-2")).toBeNull();
    expect(await applicationOf("a", "km-1", other)).toBeNull();
  });

  it("is remembered where it is nothing", async () => {
    const { made, store, applicationOf } = world();
    expect(await applicationOf("nobody")).toBeNull();
    expect(store.find(tenant, "km-1", "nobody")).toBeNull();
    expect(made.reads).toHaveLength(1);
  });

  it("is read for all that arrive together at once, within the limit of one reading", async () => {
    const { made, applicationOf } = world({ batch: 2 });
    await Promise.all(["a", "b", "a", "c"].map((key) => applicationOf(key)));
    expect(made.reads).toEqual([["tenant-a a", "tenant-a b"], ["tenant-a c"]]);
  });

  it("is read by no more readers at a time than allowed, and nobody is left waiting", async () => {
    const { made, applicationOf } = world({ batch: 1, concurrentReads: 2 });
    let underWay = 0;
    let most = 0;
    const gate = made.gate;
    Object.defineProperty(made, "gate", {
      get: async () => {
        most = Math.max(most, ++underWay);
        await gate;
        await new Promise((resolve) => setTimeout(resolve, 2));
        underWay--;
      },
    });
    await Promise.all(Array.from({ length: 9 }, (_, index) => applicationOf(`key-${index}`)));
    expect(most).toBe(2);
    expect(made.reads).toHaveLength(9);
  });

  it("cannot be told while it cannot be read, and is read again afterwards", async () => {
    const { made, applicationOf } = world();
    made.held = [found("a", "app-1")];
    made.isDown = true;
    await expect(applicationOf("a")).rejects.toThrow("down");
    made.isDown = false;
    expect(await applicationOf("a")).toBe("app-1");
  });

  it("cannot be told by a database that says nothing, which is asked for no more meanwhile, and is read when it speaks", async () => {
    const { made, store, applicationOf } = world({ deadlineMs: 50, batch: 1, concurrentReads: 2 });
    made.held = [found("a", "app-1"), found("c", "app-1")];
    const open = Promise.withResolvers<void>();
    made.gate = open.promise;
    for (let round = 0; round < 2; round++) {
      const asked = await Promise.allSettled(["a", "b", "c"].map((key) => applicationOf(key)));
      expect(asked.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    }
    expect(made.reads).toHaveLength(2);
    open.resolve();
    expect(await applicationOf("c")).toBe("app-1");
    // What came too late for who asked is known to the next.
    expect(store.find(tenant, "km-1", "a")).toMatchObject({ application: { id: "app-1" } });
    expect(made.reads).toHaveLength(3);
  });

  it("is read again once a reading that hung has failed", async () => {
    const { made, applicationOf } = world({ deadlineMs: 50, concurrentReads: 1 });
    const lost = Promise.withResolvers<void>();
    made.gate = lost.promise;
    await expect(applicationOf("a")).rejects.toThrow();
    lost.reject(new Error("lost"));
    made.gate = Promise.resolve();
    made.held = [found("a", "app-1")];
    expect(await applicationOf("a").catch(() => applicationOf("a"))).toBe("app-1");
  });

  it("is refused at once where too many wait already", async () => {
    const { made, store, applicationOf } = world({ deadlineMs: 60_000, concurrentReads: 1, batch: 1, waiting: 2 });
    const open = Promise.withResolvers<void>();
    made.gate = open.promise;
    const reading = applicationOf("a");
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = ["b", "c", "b"].map((key) => applicationOf(key));
    await expect(store.find(tenant, "km-1", "d")).rejects.toThrow("wait");
    open.resolve();
    expect(await Promise.all([reading, ...waiting])).toEqual([null, null, null, null]);
    expect(await applicationOf("d")).toBeNull();
  });

  it("gives way to what is used more, by weight", async () => {
    const { made, store, applicationOf } = world({ weight: 10 });
    made.held = [
      found("a", "app-1", { subscriptions: 4 }),
      found("b", "app-2", { subscriptions: 4 }),
      found("c", "app-3", { subscriptions: 4 }),
    ];
    await applicationOf("a");
    await applicationOf("b");
    await applicationOf("a");
    await applicationOf("c");
    expect(store.size).toBe(2);
    expect(store.find(tenant, "km-1", "a")).not.toBeInstanceOf(Promise);
  });
});

describe("a change", () => {
  it.each([
    ["of its consumer key", { consumerKey: "a", applicationId: null }],
    ["of its application", { consumerKey: null, applicationId: "app-1" }],
  ])("%s makes it be read again, and no other", async (_case, change) => {
    const { made, store, applicationOf } = world();
    made.held = [found("a", "app-1"), found("b", "app-2")];
    await applicationOf("a");
    await applicationOf("b");
    made.held = [];
    store.forget(tenant, [change]);
    expect(await applicationOf("a")).toBeNull();
    expect(store.find(tenant, "km-1", "b")).not.toBeInstanceOf(Promise);
  });

  it("brings a consumer key to somebody that was nobody's", async () => {
    const { made, store, applicationOf } = world();
    await applicationOf("a");
    made.held = [found("a", "app-1")];
    store.forget(tenant, [{ consumerKey: "a", applicationId: "app-1" }]);
    expect(await applicationOf("a")).toBe("app-1");
  });

  it("that comes while it is being read keeps what was read from being kept", async () => {
    const { made, store, applicationOf } = world();
    made.held = [found("a", "app-1")];
    const open = Promise.withResolvers<void>();
    made.gate = open.promise;
    const early = applicationOf("a");
    await new Promise((resolve) => setImmediate(resolve));
    expect(made.reads).toHaveLength(1);
    store.forget(tenant, [{ consumerKey: "a", applicationId: null }]);
    made.held = [found("a", "app-2")];
    open.resolve();
    expect(await early).toBe("app-1");
    expect(await applicationOf("a")).toBe("app-2");
    expect(made.reads).toHaveLength(2);
  });

  it("of everything concerns what is nobody's too, and a consumer key that is another's at another key manager", async () => {
    const { made, store, applicationOf } = world();
    const elsewhere = { keyManagerId: "km-2" };
    made.held = [found("ended", "app-1"), found("ended", "app-2", elsewhere), found("begun", "app-3")];
    await Promise.all(["ended", "begun", "nobody"].map((key) => applicationOf(key)));
    made.held = [found("ended", "app-1"), found("begun", "app-3"), found("begun", "app-4", elsewhere)];
    store.forgetAll(tenant);
    expect(await applicationOf("ended", "km-2")).toBeNull();
    expect(await applicationOf("begun", "km-2")).toBe("app-4");
    expect(store.find(tenant, "km-1", "nobody")).toBeInstanceOf(Promise);
    expect(await applicationOf("ended")).toBe("app-1");
  });

  it("of everything concerns one tenant only", async () => {
    const { store, applicationOf } = world();
    await applicationOf("a");
    await applicationOf("a", "km-1", other);
    store.forgetAll(tenant);
    expect(store.find(tenant, "km-1", "a")).toBeInstanceOf(Promise);
    expect(store.find(other, "km-1", "a")).toBeNull();
  });
});

describe("what was saved", () => {
  it("is known again without reading, and forgotten like anything else", async () => {
    const before = world();
    before.made.held = [found("a", "app-1"), found("b", "app-2")];
    await Promise.all(["a", "b", "nobody"].map((key) => before.applicationOf(key)));
    const after = world();
    after.store.restore(structuredClone([...before.store.save()]));
    expect(await Promise.all(["a", "b", "nobody"].map((key) => after.applicationOf(key)))).toEqual([
      "app-1",
      "app-2",
      null,
    ]);
    expect(after.made.reads).toEqual([]);
    after.store.forget(tenant, [{ applicationId: "app-1", consumerKey: null }]);
    expect(await Promise.all(["a", "b"].map((key) => after.applicationOf(key)))).toEqual([null, "app-2"]);
    after.store.forgetAll(tenant);
    expect([...after.store.save()].flat()).toEqual([]);
    expect(await Promise.all(["a", "b", "nobody"].map((key) => after.applicationOf(key)))).toEqual([null, null, null]);
    expect(after.made.reads.flat()).toHaveLength(4);
  });
});
