import { setTimeout as pause } from "node:timers/promises";
import { afterEach, expect, inject, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import { openJobStore } from "#lib/data/jobs.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { startValidationPlane } from "#lib/runtime/validation-plane.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import { gatewayTenant } from "#tooling/testing/gateway.ts";
import { testDatabase, testDependencies } from "#tooling/testing/tenant.ts";
import { deliverToWebhook, deliverWebhookJob } from "./deliver.ts";
import { createWebhook } from "./verbs.ts";
import { createWebhookWaker, type WebhookWaker } from "./waker.ts";

const databaseUrl = new Secret(inject("databaseUrl"));
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A tenant with a webhook, and when each of its deliveries came. */
async function world(overrides: Parameters<typeof testDependencies>[0] = {}) {
  const received: number[] = [];
  const deps = testDependencies({
    outbound: () => {
      received.push(performance.now());
      return Promise.resolve(new Response(null, { status: 204 }));
    },
    ...overrides,
  });
  const { administrator, tenantId, ids } = await gatewayTenant(deps);
  await createWebhook(administrator, { name: "Inventory", url: "https://hooks.example/latchkey" });
  deps.enqueued.splice(0);
  const rename = (name: string) =>
    deps.database.inTenant(tenantId, (tx) =>
      tenantDb(tx).plan.update({ where: { tenantId, id: ids.plan }, data: { name } }),
    );
  /** The waker, deaf to the tenants of other tests in this database. */
  const only = (waker: WebhookWaker) => ({
    hear: (changed: TenantId) => (changed === tenantId ? waker.hear(changed) : undefined),
    hearAll: () => waker.hear(tenantId),
  });
  return { deps, tenantId, received, rename, only };
}

it("tells a webhook within seconds what changed, over the connection that listens for gateways", async () => {
  const jobs = openJobStore({ url: databaseUrl, log: silentLog });
  closing.push(() => jobs.stop(2_000));
  const { deps, received, rename, only, tenantId } = await world({ jobs });
  await jobs.work(
    deliverWebhookJob,
    (job) => (job.tenantId === tenantId ? deliverToWebhook(deps, tenantId, job.subjectId) : Promise.resolve()),
    { atOnce: 4, ofOneTenant: 2 },
  );
  const waker = createWebhookWaker(deps);
  closing.push(() => waker.close());
  const listening = Promise.withResolvers<undefined>();
  const { hear, hearAll } = only(waker);
  const alsoTell = { hear, hearAll: () => (hearAll(), listening.resolve(undefined)) };
  const plane = startValidationPlane({ deps, databaseUrl, alsoTell });
  closing.push(() => plane.close());
  await listening.promise;
  for (const name of ["Silver", "Bronze"]) {
    const before = received.length;
    const changedAt = performance.now();
    await rename(name);
    await expect.poll(() => received.length, { timeout: 10_000, interval: 20 }).toBe(before + 1);
    expect((received.at(-1) ?? Infinity) - changedAt).toBeLessThan(5_000);
  }
});

it("makes one wake of a burst, and wakes nobody whose tenant did not change", async () => {
  const { deps, tenantId, rename } = await world();
  const other = await world();
  await other.rename("Silver");
  const waker = createWebhookWaker(deps, { gatherMs: 200 });
  closing.push(() => waker.close());
  await rename("Silver");
  for (let index = 0; index < 50; index++) waker.hear(tenantId);
  await expect.poll(() => deps.enqueued).toMatchObject([{ kind: deliverWebhookJob, tenantId }]);
  await pause(400);
  expect(deps.enqueued).toHaveLength(1);
  waker.hear(tenantId);
  await expect.poll(() => deps.enqueued.length).toBe(2);
});

it("wakes all that are behind after announcements may have been missed", async () => {
  const { deps, tenantId, rename } = await world();
  await rename("Silver");
  const waker = createWebhookWaker(deps, { gatherMs: 10 });
  closing.push(() => waker.close());
  waker.hear(tenantId);
  waker.hearAll();
  await expect.poll(() => deps.enqueued.filter((job) => job.tenantId === tenantId).length).toBe(1);
});

it("goes on behind a wake that failed, and says nothing any more once it is closed", async () => {
  const database = testDatabase();
  const state = { isDown: false };
  const { deps, tenantId, rename } = await world({
    database: {
      ...database,
      inTenant: database.inTenant.bind(database),
      inInstallation: (work) => (state.isDown ? Promise.reject(new Error("down")) : database.inInstallation(work)),
    },
  });
  await rename("Silver");
  const waker = createWebhookWaker(deps, { gatherMs: 10 });
  state.isDown = true;
  waker.hear(tenantId);
  await pause(100);
  expect(deps.enqueued).toEqual([]);
  state.isDown = false;
  waker.hear(tenantId);
  await expect.poll(() => deps.enqueued.length).toBe(1);
  await waker.close();
  waker.hear(tenantId);
  await pause(100);
  expect(deps.enqueued).toHaveLength(1);
});
