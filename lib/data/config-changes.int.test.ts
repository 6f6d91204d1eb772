import { describe, expect, it } from "vitest";
import { gatewayTenant } from "#tooling/testing/gateway.ts";
import { testDatabase, testDependencies } from "#tooling/testing/tenant.ts";
import { consumerKey } from "#tooling/testing/validation.ts";
import { deleteConfigChanges, readConfigChanges } from "./config-changes.ts";
import { installationDb, tenantDb, type TenantContext } from "./database.ts";
import { readGrants } from "./validation-grants.ts";

const database = testDatabase();

/** A tenant that a gateway could ask about, and what has changed since it was made. */
async function world() {
  const tenant = await gatewayTenant(testDependencies());
  const { tenantId, ids } = tenant;
  const versionNow = () =>
    database.inInstallation(async (ctx) => {
      const { configVersion } = await installationDb(ctx).tenant.findUniqueOrThrow({ where: { id: tenantId } });
      return configVersion;
    });
  const after = await versionNow();
  const change = (work: (ctx: TenantContext) => Promise<unknown>) => database.inTenant(tenantId, work);
  const rename = (name: string) =>
    change((ctx) => tenantDb(ctx).application.update({ where: { tenantId, id: ids.application }, data: { name } }));
  const changes = (limit = 100, since = after) =>
    database.inInstallation((ctx) => readConfigChanges(ctx, { tenantId, after: since, limit }));
  return { tenantId, ids, after, versionNow, change, rename, changes };
}

describe("what changed for gateways", () => {
  it("is on record with the version that came with it, and with the consumer keys that it concerns", async () => {
    const { tenantId, ids, after, versionNow, change, changes } = await world();
    await change(async (ctx) => {
      await tenantDb(ctx).keyMapping.delete({ where: { tenantId, id: ids.keyMapping } });
      await tenantDb(ctx).subscription.delete({ where: { tenantId, id: ids.subscription } });
    });
    const version = after + 1n;
    expect(await versionNow()).toBe(version);
    const applicationId = ids.application;
    expect(await changes()).toEqual([
      { version, subject: "key_mapping", operation: "delete", applicationId, consumerKey },
      { version, subject: "subscription", operation: "delete", applicationId, consumerKey: null },
    ]);
  });

  it("leaves nothing where the change was rolled back", async () => {
    const { after, versionNow, change, changes, tenantId } = await world();
    const failing = change(async (ctx) => {
      await tenantDb(ctx).plan.updateMany({ where: { tenantId }, data: { name: "Silver" } });
      throw new Error("undone");
    });
    await expect(failing).rejects.toThrow("undone");
    expect(await versionNow()).toBe(after);
    expect(await changes()).toEqual([]);
  });

  it("is complete and in order, however many change at once", async () => {
    const { after, versionNow, rename, changes } = await world();
    await Promise.all(Array.from({ length: 12 }, (_, index) => rename(`Shop ${index}`)));
    const versions = (await changes())?.map(({ version }) => version);
    expect(versions).toEqual(Array.from({ length: 12 }, (_, index) => after + BigInt(index + 1)));
    expect(await versionNow()).toBe(after + 12n);
  });

  it("is the reader's no longer where there is too much of it, or where some of it was swept", async () => {
    const { tenantId, after, rename, changes } = await world();
    await rename("one");
    await rename("two");
    expect(await changes(1)).toBeNull();
    expect(await changes(2)).toHaveLength(2);
    await database.inInstallation((ctx) =>
      installationDb(ctx).configChange.updateMany({
        where: { tenantId, version: { lte: after + 1n } },
        data: { occurredAt: new Date("2020-01-01T00:00:00Z") },
      }),
    );
    const gone = await database.inInstallation((ctx) => deleteConfigChanges(ctx, new Date("2020-01-02T00:00:00Z")));
    expect(gone).toBeGreaterThan(0);
    expect(await changes()).toBeNull();
    expect(await changes(100, after + 1n)).toHaveLength(1);
  });

  it("is one tenant's and hidden from others", async () => {
    const { rename } = await world();
    const elsewhere = await world();
    await rename("mine");
    const seen = await elsewhere.change(
      (ctx) => tenantDb(ctx).$queryRaw`SELECT DISTINCT tenant_id::text FROM config_change`,
    );
    expect(seen).toEqual([{ tenant_id: elsewhere.tenantId }]);
  });
});

describe("what a consumer key opens", () => {
  it("is its application with all of that one's subscriptions; nothing for keys that are nobody's", async () => {
    const { tenantId, ids } = await world();
    const read = (...keys: string[]) => database.inInstallation((ctx) => readGrants(ctx, tenantId, keys));
    expect(await read(consumerKey, "nobody's", "strange ' \\ % {}")).toEqual([
      {
        consumerKey,
        keyManagerId: ids.keyManager,
        keyType: "PRODUCTION",
        application: { id: ids.application, name: "Läden & Co" },
        subscriptions: [{ id: ids.subscription, apiId: ids.api, planId: ids.plan, state: "ACTIVE" }],
      },
    ]);
    expect(await read("nobody's")).toEqual([]);
  });
});
