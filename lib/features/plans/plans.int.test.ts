import { describe, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import { createPlan } from "./create.ts";
import { listPlans } from "./list.ts";

const gold = { name: "Gold", description: "For partners", requestsPerMinute: 600 };

describe("plans", () => {
  it("creates a plan, with one audit row in the same tenant", async () => {
    const creator = await (await testTenant()).caller("CREATOR");
    const plan = await createPlan(creator, gold);
    expect(await listPlans(creator, {})).toEqual([plan]);

    const rows = await creator.deps.database.inTenant(creator.tenant.id, (ctx) =>
      tenantDb(ctx).auditEvent.findMany({ where: { subjectId: plan.id } }),
    );
    expect(rows).toMatchObject([{ action: "plan.create", subjectName: "Gold", after: { requestsPerMinute: 600 } }]);
  });

  it("refuses a name that is taken, at its field, and writes nothing", async () => {
    const creator = await (await testTenant()).caller("CREATOR");
    await createPlan(creator, gold);
    await expect(createPlan(creator, gold)).rejects.toMatchObject({
      code: "plan.conflict",
      fields: [{ path: "name" }],
    });
    expect(await listPlans(creator, {})).toHaveLength(1);
  });

  it("shows another tenant nothing", async () => {
    const [here, there] = await Promise.all([testTenant(), testTenant()]);
    await createPlan(await here.caller("CREATOR"), gold);
    expect(await listPlans(await there.caller("CREATOR"), {})).toEqual([]);
  });

  it("refuses a developer", async () => {
    const developer = await (await testTenant()).caller("DEVELOPER");
    await expect(createPlan(developer, gold)).rejects.toMatchObject({ code: "auth.forbidden" });
  });
});
