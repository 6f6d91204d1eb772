import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { newId, type ApiId, type PersonId, type PlanId } from "#lib/foundation/ids.ts";
import { testDatabase, testTenant, type TestTenant } from "#tooling/testing/tenant.ts";
import { ownership } from "./classification.ts";
import { installationDb, tenantDb } from "./database.ts";
import { Prisma } from "./generated/client.ts";

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
});
