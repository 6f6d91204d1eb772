/** A database that is gone without a word: whoever is connected to it hears nothing more, not even that. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, inject, it } from "vitest";
import { newId, type TenantId } from "#lib/foundation/ids.ts";
import { silentLog } from "#lib/foundation/log.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { openRoad } from "#tooling/testing/road.ts";
import { testDatabase, testTenant } from "#tooling/testing/tenant.ts";
import { listenForConfigChanges } from "./config-announcements.ts";
import { installationDb, openDatabase, tenantDb, type Database } from "./database.ts";

let road: Awaited<ReturnType<typeof openRoad>>;
let url: Secret;
beforeEach(async () => {
  const target = new URL(inject("databaseUrl"));
  road = await openRoad(Number(target.port));
  target.hostname = "127.0.0.1";
  target.port = String(road.port);
  url = new Secret(target.href);
});
afterEach(() => road.close());

const count = (database: Database, before?: () => void) =>
  database.inInstallation(async (tx) => {
    await installationDb(tx).tenant.count();
    before?.();
    return installationDb(tx).tenant.count();
  });

it("fails what waits for it, and is asked anew when it is back", async () => {
  const database = openDatabase({ url, poolSize: 2, silentMs: 3_000 });
  await Promise.all([count(database), count(database)]);
  const startedAt = performance.now();
  const both = [count(database, () => road.silence()), count(database, () => road.silence())];
  const outcomes = await Promise.allSettled(both);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  road.open();
  // No connection that stands is one of those that fell silent.
  expect(await Promise.all([count(database), count(database), count(database)])).toHaveLength(3);
  await database.close();
});

it("does not keep announcements from being heard when it is back", async () => {
  const { id } = await testTenant();
  const heard: TenantId[] = [];
  let connections = 0;
  const listener = listenForConfigChanges({
    url,
    log: silentLog,
    askEveryMs: 1_000,
    onChange: (tenantId) => heard.push(tenantId),
    onConnect: () => connections++,
  });
  await expect.poll(() => connections).toBe(1);
  // A server that is well and has nothing to announce stays connected.
  await sleep(3_500);
  expect(connections).toBe(1);
  road.silence();
  road.open();
  await expect.poll(() => connections, { timeout: 10_000 }).toBe(2);
  await testDatabase().inTenant(id, (tx) =>
    tenantDb(tx).plan.create({ data: { id: newId(), tenantId: id, name: "New" } }),
  );
  await expect.poll(() => heard, { timeout: 10_000 }).toContain(id);
  await listener.close();
});
