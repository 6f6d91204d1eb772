import { inject } from "vitest";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { TenantId } from "#lib/foundation/ids.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { testDatabase, testTenant } from "#tooling/testing/tenant.ts";
import { openJobStore, type JobStore, type JobSubject } from "./jobs.ts";

let store: JobStore;
beforeAll(async () => {
  store = openJobStore({ url: new Secret(inject("databaseUrl")), log: silentLog });
  await store.start();
});
afterAll(() => store.stop(2_000));

/** A queue of its own for each test, and what it ran. */
async function working(kind: string, run: (job: JobSubject) => Promise<void> = async () => {}) {
  const seen: JobSubject[] = [];
  const record = async (job: JobSubject) => {
    seen.push(job);
    await run(job);
  };
  await store.work(kind, record, { atOnce: 4, ofOneTenant: 2 });
  return seen;
}

describe("the job queue", () => {
  it("runs a job that was enqueued in a transaction, with nothing but ids", async () => {
    const { id: tenantId } = await testTenant();
    const seen = await working("test.commit");
    await testDatabase().inTenant(tenantId, (tx) =>
      store.enqueue(tx, { kind: "test.commit", tenantId, subjectId: "one" }),
    );
    await vi.waitFor(() => expect(seen).toEqual([{ tenantId, subjectId: "one" }]), 10_000);
  });

  it("knows nothing of a job whose transaction was rolled back", async () => {
    const { id: tenantId } = await testTenant();
    const seen = await working("test.rollback");
    await testDatabase()
      .inTenant(tenantId, async (tx) => {
        await store.enqueue(tx, { kind: "test.rollback", tenantId, subjectId: "one" });
        throw new Error("changed my mind");
      })
      .catch(() => undefined);
    await testDatabase().inTenant(tenantId, (tx) =>
      store.enqueue(tx, { kind: "test.rollback", tenantId, subjectId: "two" }),
    );
    await vi.waitFor(() => expect(seen.map(({ subjectId }) => subjectId)).toEqual(["two"]), 10_000);
  });

  it("keeps one waiting job for a subject, at the time named last", async () => {
    const { id: tenantId } = await testTenant();
    const seen = await working("test.single");
    const enqueue = (delaySeconds: number) =>
      testDatabase().inTenant(tenantId, (tx) =>
        store.enqueue(tx, { kind: "test.single", tenantId, subjectId: "one", delaySeconds }),
      );
    await Promise.all([enqueue(600), enqueue(600), enqueue(600)]);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(seen).toEqual([]);
    await enqueue(0);
    await vi.waitFor(() => expect(seen).toHaveLength(1), 10_000);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(seen).toHaveLength(1);
  });

  it("runs as many at once as are named, and tries the one that failed again, not those beside it", async () => {
    const { id: tenantId } = await testTenant();
    const subjects = ["one", "two", "three"];
    await testDatabase().inTenant(tenantId, async (tx) => {
      for (const subjectId of subjects) await store.enqueue(tx, { kind: "test.at_once", tenantId, subjectId });
    });
    const began: string[] = [];
    const allBegan = Promise.withResolvers<undefined>();
    await store.work(
      "test.at_once",
      async ({ subjectId }) => {
        began.push(subjectId);
        if (began.length === subjects.length) allBegan.resolve(undefined);
        await allBegan.promise;
        if (began.length === subjects.length && subjectId === "two") throw new Error("not yet");
      },
      { atOnce: 3, ofOneTenant: 3 },
    );
    await vi.waitFor(() => expect(began.slice(3)).toEqual(["two"]), 25_000);
    expect(new Set(began.slice(0, 3))).toEqual(new Set(subjects));
  });

  it("lets no tenant hold up another, however long its jobs take", async () => {
    const [busy, other] = [await testTenant(), await testTenant()];
    const enqueue = (tenantId: TenantId, subjectId: string) =>
      testDatabase().inTenant(tenantId, (tx) => store.enqueue(tx, { kind: "test.shares", tenantId, subjectId }));
    for (const subjectId of ["one", "two", "three", "four"]) await enqueue(busy.id, subjectId);
    const began: string[] = [];
    const released = Promise.withResolvers<undefined>();
    await store.work(
      "test.shares",
      async ({ tenantId, subjectId }) => {
        began.push(subjectId);
        if (tenantId === busy.id) await released.promise;
      },
      { atOnce: 4, ofOneTenant: 2 },
    );
    await vi.waitFor(() => expect(began).toHaveLength(2), 10_000);
    await enqueue(other.id, "other");
    await vi.waitFor(() => expect(began).toContain("other"), 10_000);
    expect(began).toHaveLength(3);
    released.resolve(undefined);
    await vi.waitFor(() => expect(new Set(began)).toEqual(new Set(["one", "two", "three", "four", "other"])), 10_000);
  });

  it("tries a job that failed again, and lets the others pass meanwhile", async () => {
    const { id: tenantId } = await testTenant();
    let failures = 1;
    const seen = await working("test.retry", async ({ subjectId }) => {
      if (subjectId === "bad" && failures-- > 0) throw new Error("not yet");
    });
    for (const subjectId of ["bad", "good"]) {
      await testDatabase().inTenant(tenantId, (tx) => store.enqueue(tx, { kind: "test.retry", tenantId, subjectId }));
    }
    await vi.waitFor(() => expect(seen).toHaveLength(3), 25_000);
    expect(seen.at(-1)).toMatchObject({ subjectId: "bad" });
  });
});
