import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { newId, type ApiId, type ApplicationId, type PersonId, type PlanId } from "#lib/foundation/ids.ts";
import { testDatabase, testTenant, type TestTenant } from "#tooling/testing/tenant.ts";
import { ownership } from "./classification.ts";
import { insertCrossTenantSubscription, listSubscribedForeignScopes } from "./cross-tenant-subscriptions.ts";
import { installationDb, tenantDb } from "./database.ts";
import { Prisma } from "./generated/client.ts";
import { findSharedApi, listSharedApis } from "./shared-apis.ts";

/** Every table with a tenant_id column, as the database itself knows it. */
const tenantTables = `
  SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
         (SELECT count(*)::int FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
   WHERE c.relkind = 'r'
   ORDER BY 1`;

type TenantTable = { name: string; enabled: boolean; forced: boolean; policies: number };

let client: pg.Client;
let tables: TenantTable[];
let here: TestTenant;
let there: TestTenant;

beforeAll(async () => {
  client = new pg.Client({ connectionString: inject("databaseUrl") });
  await client.connect();
  tables = (await client.query<TenantTable>(tenantTables)).rows;
  [here, there] = await Promise.all([testTenant(), testTenant()]);
  await here.caller("ADMINISTRATOR");
});

afterAll(() => client.end());

/** Counts rows of a table as a plain SQL session would, in a transaction with these settings. */
async function count(table: string, settings: Record<string, string>): Promise<number> {
  await client.query("BEGIN");
  try {
    for (const [name, value] of Object.entries(settings)) {
      await client.query("SELECT set_config($1, $2, true)", [name, value]);
    }
    const { rows } = await client.query<{ rows: number }>(`SELECT count(*)::int AS rows FROM "${table}"`);
    return rows[0]?.rows ?? -1;
  } finally {
    await client.query("ROLLBACK");
  }
}

describe("isolation of tenants", () => {
  it("forces row-level security on every table that has a tenant", () => {
    expect(tables.length).toBeGreaterThan(15);
    expect(tables.filter(({ enabled, forced, policies }) => !(enabled && forced && policies === 1))).toEqual([]);
  });

  it("classifies exactly the models of those tables as tenant-owned", () => {
    const owned = Object.values(Prisma.ModelName).filter((model) => ownership[model] === "tenant");
    const named = owned.map((model) => model.replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase()).sort();
    expect(named).toEqual(tables.map(({ name }) => name));
  });

  it("shows a session without a tenant no row of any of them", async () => {
    for (const { name } of tables) expect([name, await count(name, {})]).toEqual([name, 0]);
  });

  it("shows another tenant's session nothing, and the installation everything", async () => {
    expect(await count("membership", { "app.tenant_id": there.id })).toBe(0);
    expect(await count("membership", { "app.tenant_id": here.id })).toBe(1);
    expect(await count("membership", { "app.scope": "installation" })).toBeGreaterThanOrEqual(1);
  });

  it("forgets the tenant with the transaction, on the same connection", async () => {
    expect(await count("membership", { "app.tenant_id": here.id })).toBe(1);
    expect(await count("membership", {})).toBe(0);
  });

  it("refuses a row written for another tenant by hand", async () => {
    await client.query("BEGIN");
    await client.query("SELECT set_config('app.tenant_id', $1, true)", [here.id]);
    const written = client.query("INSERT INTO plan (id, tenant_id, name) VALUES (gen_random_uuid(), $1, 'x')", [
      there.id,
    ]);
    await expect(written).rejects.toMatchObject({ code: "42501" });
    await client.query("ROLLBACK");
  });

  it("puts every write of a tenant's client into that tenant, whatever the data say", async () => {
    const id = newId<PlanId>();
    await testDatabase().inTenant(here.id, (ctx) =>
      tenantDb(ctx).plan.create({ data: { id, tenantId: there.id, name: "Smuggled" } }),
    );
    const row = await testDatabase().inInstallation((ctx) => installationDb(ctx).plan.findUnique({ where: { id } }));
    expect(row?.tenantId).toBe(here.id);
  });

  it.each(["findUnique", "updateMany", "deleteMany", "count"] as const)(
    "keeps %s by id inside the tenant",
    async (operation) => {
      const id = newId<PlanId>();
      await testDatabase().inTenant(here.id, (ctx) =>
        tenantDb(ctx).plan.create({ data: { id, tenantId: here.id, name: `Kept from ${operation}` } }),
      );
      const answer = await testDatabase().inTenant(there.id, async (ctx) => {
        const { plan } = tenantDb(ctx);
        if (operation === "findUnique") return plan.findUnique({ where: { id } });
        if (operation === "updateMany")
          return (await plan.updateMany({ where: { id }, data: { name: "Taken" } })).count;
        if (operation === "deleteMany") return (await plan.deleteMany({ where: { id } })).count;
        return plan.count({ where: { id } });
      });
      expect(answer === null || answer === 0).toBe(true);
      const kept = await testDatabase().inTenant(here.id, (ctx) => tenantDb(ctx).plan.findUnique({ where: { id } }));
      expect(kept?.name).toBe(`Kept from ${operation}`);
    },
  );

  it("refuses a reference from one tenant's row to another's", async () => {
    const [mine, theirs] = [newId<ApiId>(), newId<ApiId>()];
    const api = { name: "A", version: "1", context: "/a", createdById: newId<PersonId>() };
    await testDatabase().inTenant(here.id, (ctx) =>
      tenantDb(ctx).api.create({ data: { id: mine, tenantId: here.id, ...api } }),
    );
    await testDatabase().inTenant(there.id, (ctx) =>
      tenantDb(ctx).plan.create({ data: { id: theirs, tenantId: there.id, name: "Theirs" } }),
    );
    const crossing = testDatabase().inTenant(here.id, (ctx) =>
      tenantDb(ctx).apiPlan.create({ data: { tenantId: here.id, apiId: mine, planId: theirs } }),
    );
    await expect(crossing).rejects.toMatchObject({ code: "P2003" });
  });

  it("refuses the installation's models to a tenant's client", async () => {
    await expect(testDatabase().inTenant(here.id, (ctx) => tenantDb(ctx).person.findMany())).rejects.toThrow(
      /belongs to the installation/,
    );
  });

  it("never changes or removes an audit row", async () => {
    for (const sql of ["UPDATE audit_event SET actor_name = 'x'", "DELETE FROM audit_event", "TRUNCATE audit_event"]) {
      await client.query("BEGIN");
      await client.query("SELECT set_config('app.scope', 'installation', true)");
      await expect(client.query(sql)).rejects.toMatchObject({ code: "42501" });
      await client.query("ROLLBACK");
    }
  });

  describe("of what stands between two tenants", () => {
    let third: TestTenant;
    let ids: { api: ApiId; plan: PlanId; application: ApplicationId; idle: ApplicationId };

    beforeAll(async () => {
      third = await testTenant();
      ids = { api: newId(), plan: newId(), application: newId(), idle: newId() };
      const api = { name: "Shared", version: "1", context: "/shared", createdById: newId<PersonId>() };
      await testDatabase().inTenant(here.id, async (ctx) => {
        const own = { tenantId: here.id };
        await tenantDb(ctx).plan.create({ data: { ...own, id: ids.plan, name: "For others" } });
        await tenantDb(ctx).api.create({
          data: { ...own, ...api, id: ids.api, status: "PUBLISHED", subscriptionAvailability: "LISTED" },
        });
        await tenantDb(ctx).apiScope.create({ data: { ...own, id: newId(), apiId: ids.api, name: "shared:read" } });
        await tenantDb(ctx).apiSubscriberTenant.create({
          data: { ...own, apiId: ids.api, subscriberTenantId: there.id },
        });
      });
      const application = { tenantId: there.id, ownerId: newId(), ownerName: "Somebody" };
      await testDatabase().inTenant(there.id, (ctx) =>
        tenantDb(ctx).application.createMany({
          data: [
            { ...application, id: ids.application, name: "Subscribed" },
            { ...application, id: ids.idle, name: "Idle" },
          ],
        }),
      );
      await testDatabase().inInstallation((ctx) => insertCrossTenantSubscription(ctx, subscription()));
    });

    const subscription = () => ({
      tenantId: here.id,
      apiId: ids.api,
      planId: ids.plan,
      subscriberTenantId: there.id,
      applicationId: ids.application,
    });

    it("shows a subscription to both of them and to nobody else", async () => {
      expect(await count("cross_tenant_subscription", { "app.tenant_id": here.id })).toBe(1);
      expect(await count("cross_tenant_subscription", { "app.tenant_id": there.id })).toBe(1);
      expect(await count("cross_tenant_subscription", { "app.tenant_id": third.id })).toBe(0);
    });

    it("lets neither of them write one alone", async () => {
      for (const tenant of [here, there]) {
        await client.query("BEGIN");
        await client.query("SELECT set_config('app.tenant_id', $1, true)", [tenant.id]);
        await expect(client.query("UPDATE cross_tenant_subscription SET state = 'BLOCKED'")).rejects.toMatchObject({
          code: "42501",
        });
        await client.query("ROLLBACK");
      }
    });

    it("keeps from the subscriber everything of the API, and from the API's tenant everything of the application", async () => {
      expect(await count("api", { "app.tenant_id": there.id })).toBe(0);
      expect(await count("api_subscriber_tenant", { "app.tenant_id": there.id })).toBe(0);
      expect(await count("application", { "app.tenant_id": here.id })).toBe(0);
    });

    it("refuses an API, a plan or an application that is not of the tenant that the row names", async () => {
      const crossed = [
        { apiId: newId<ApiId>() },
        { planId: newId<PlanId>() },
        { subscriberTenantId: third.id },
        { tenantId: third.id },
      ];
      for (const change of crossed) {
        const written = testDatabase().inInstallation((ctx) =>
          insertCrossTenantSubscription(ctx, { ...subscription(), applicationId: ids.idle, ...change }),
        );
        await expect(written).rejects.toMatchObject({ code: "P2003" });
      }
    });

    it("gives the scopes of the API to the application's tenant only", async () => {
      const scopes = (tenant: TestTenant) =>
        testDatabase().inTenant(tenant.id, async (ctx) => ({
          scopes: await listSubscribedForeignScopes(ctx, ids.application),
          // What the function opened for itself is closed again.
          apis: await tenantDb(ctx).$queryRaw<{ tenant_id: string }[]>`SELECT tenant_id::text FROM api`,
        }));
      const theirs = await scopes(there);
      expect(theirs.scopes).toEqual([{ name: "shared:read", description: "", api: "Shared 1" }]);
      expect(theirs.apis).toEqual([]);
      expect((await scopes(here)).scopes).toEqual([]);
      expect((await scopes(third)).scopes).toEqual([]);
    });

    it("opens the API to the tenant that it lists and to no other", async () => {
      const seenBy = (tenant: TestTenant) =>
        testDatabase().inInstallation(async (ctx) => ({
          found: (await findSharedApi(ctx, tenant.id, ids.api))?.name ?? null,
          listed: (await listSharedApis(ctx, tenant.id, { search: "Shared", after: null, limit: 10 })).length,
        }));
      expect(await seenBy(there)).toEqual({ found: "Shared", listed: 1 });
      expect(await seenBy(third)).toEqual({ found: null, listed: 0 });
      expect(await seenBy(here)).toEqual({ found: null, listed: 0 });
    });
  });

  it("refuses global key managers to a tenant's client", async () => {
    await expect(testDatabase().inTenant(here.id, (ctx) => tenantDb(ctx).globalKeyManager.findMany())).rejects.toThrow(
      /belongs to the installation/,
    );
  });
});
