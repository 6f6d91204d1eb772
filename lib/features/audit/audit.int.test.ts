import { describe, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import { createPlan } from "../plans/create.ts";
import { listAudit, listAuditActions } from "./list.ts";

const plan = (name: string) => ({ name, requestsPerMinute: 60 });

describe("audit", () => {
  it("tells who did what, with before and after, newest first", async () => {
    const tenant = await testTenant();
    const [admin, creator] = await Promise.all([tenant.caller("ADMINISTRATOR"), tenant.caller("CREATOR")]);
    await createPlan(creator, plan("Gold"));
    await createPlan(creator, plan("Silver"));
    const { items } = await listAudit(admin, {});
    expect(items.map(({ subject }) => subject.name)).toEqual(["Silver", "Gold"]);
    expect(items[0]?.sentence).toBe(`${creator.actor.name} created the plan Silver`);
    expect(items[0]?.changes).toContainEqual({ field: "requestsPerMinute", before: null, after: "60" });
    expect(await listAuditActions(admin, {})).toEqual([{ value: "plan.create", label: "Create a plan" }]);
  });

  it("narrows by words, action, actor, subject and days", async () => {
    const tenant = await testTenant();
    const [admin, one, two] = await Promise.all([
      tenant.caller("ADMINISTRATOR"),
      tenant.caller("CREATOR"),
      tenant.caller("CREATOR"),
    ]);
    const gold = await createPlan(one, plan("Gold"));
    await createPlan(two, plan("100% free"));
    const names = async (filter: Parameters<typeof listAudit>[1]) =>
      (await listAudit(admin, filter)).items.map(({ subject }) => subject.name);
    const today = new Date().toISOString().slice(0, 10);
    expect(await names({ search: "gol" })).toEqual(["Gold"]);
    expect(await names({ search: "%" })).toEqual(["100% free"]);
    expect(await names({ subject: gold.id })).toEqual(["Gold"]);
    expect(await names({ action: "plan.delete" })).toEqual([]);
    expect(await names({ actor: one.actor.kind === "person" ? one.actor.personId : "" })).toEqual(["Gold"]);
    expect(await names({ from: today, until: today })).toHaveLength(2);
    expect(await names({ until: "2001-01-01" })).toEqual([]);
    await expect(listAudit(admin, { from: "yesterday" })).rejects.toMatchObject({ code: "input.invalid" });
  });

  it("pages without losing or repeating an event", async () => {
    const tenant = await testTenant();
    const [admin, creator] = await Promise.all([tenant.caller("ADMINISTRATOR"), tenant.caller("CREATOR")]);
    for (let index = 0; index < 55; index += 1) await createPlan(creator, plan(`Plan ${String(index)}`));
    const first = await listAudit(admin, {});
    const second = await listAudit(admin, { cursor: first.nextCursor ?? "" });
    expect(first.items).toHaveLength(50);
    expect(second.nextCursor).toBeNull();
    expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(55);
  });

  it("begins at the first page where a position is one that no row has", async () => {
    const tenant = await testTenant();
    const admin = await tenant.caller("ADMINISTRATOR");
    await createPlan(await tenant.caller("CREATOR"), plan("Gold"));
    for (const at of ["0000-01-01T00:00:00Z", "yesterday", "\0"]) {
      const cursor = Buffer.from(JSON.stringify([at, crypto.randomUUID()])).toString("base64url");
      expect((await listAudit(admin, { cursor })).items, at).toHaveLength(1);
    }
  });

  it("takes every day that the database has, and refuses others at their field", async () => {
    const admin = await (await testTenant()).caller("ADMINISTRATOR");
    expect((await listAudit(admin, { from: "0001-01-01", until: "9998-12-31" })).items).toEqual([]);
    for (const [field, day] of [
      ["from", "0000-01-01"],
      ["until", "9999-12-31"],
    ] as const) {
      await expect(listAudit(admin, { [field]: day })).rejects.toMatchObject({
        code: "input.invalid",
        fields: [{ path: field, message: "Use a year from 1 to 9998." }],
      });
    }
  });

  it("is the administrators' to read, in their own tenant", async () => {
    const [here, there] = await Promise.all([testTenant(), testTenant()]);
    await createPlan(await here.caller("CREATOR"), plan("Gold"));
    expect((await listAudit(await there.caller("ADMINISTRATOR"), {})).items).toEqual([]);
    for (const role of ["CREATOR", "DEVELOPER"] as const) {
      await expect(listAudit(await here.caller(role), {})).rejects.toMatchObject({ code: "auth.forbidden" });
    }
  });

  it("cannot be rewritten, not even by the application's own role", async () => {
    const tenant = await testTenant();
    const creator = await tenant.caller("CREATOR");
    await createPlan(creator, plan("Gold"));
    const { database } = creator.deps;
    await expect(
      database.inTenant(tenant.id, (tx) => tenantDb(tx).auditEvent.updateMany({ where: {}, data: { actorName: "x" } })),
    ).rejects.toThrow();
    await expect(database.inTenant(tenant.id, (tx) => tenantDb(tx).auditEvent.deleteMany({}))).rejects.toThrow();
  });
});
