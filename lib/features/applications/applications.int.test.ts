import { describe, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import type { Context } from "#lib/features/context.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import { createApplication } from "./create.ts";
import { listApplications } from "./list.ts";
import { getApplication } from "./read.ts";
import { updateApplication } from "./update.ts";

const shop = { name: "Shop", description: "Sells things" };

const auditOf = (ctx: Context, subjectId: string) =>
  ctx.deps.database.inTenant(ctx.tenant.id, (tx) =>
    tenantDb(tx).auditEvent.findMany({ where: { subjectId }, orderBy: { id: "asc" } }),
  );

describe("applications", () => {
  it("creates, reads and changes an application of one's own, with one audit row for each change", async () => {
    const developer = await (await testTenant()).caller("DEVELOPER");
    const created = await createApplication(developer, shop);
    expect(created).toMatchObject({ ...shop, keys: { production: 0, sandbox: 0, unsettled: 0 }, subscriptions: 0 });

    await updateApplication(developer, { id: created.id, name: "Web shop" });
    expect(await getApplication(developer, { id: created.id })).toMatchObject({ name: "Web shop", description: "" });
    expect(await auditOf(developer, created.id)).toMatchObject([
      { action: "application.create", after: shop },
      { action: "application.update", before: shop, after: { name: "Web shop" } },
    ]);
  });

  it("keeps names unique for one owner, and lets another owner use the same", async () => {
    const tenant = await testTenant();
    const [mine, theirs] = await Promise.all([tenant.caller("DEVELOPER"), tenant.caller("DEVELOPER")]);
    await createApplication(mine, shop);
    await expect(createApplication(mine, shop)).rejects.toMatchObject({
      code: "application.conflict",
      fields: [{ path: "name" }],
    });
    await expect(createApplication(theirs, shop)).resolves.toMatchObject(shop);
  });

  it("hides an application from other developers and other tenants, as if it did not exist", async () => {
    const [here, there] = await Promise.all([testTenant(), testTenant()]);
    const { id } = await createApplication(await here.caller("DEVELOPER"), shop);
    for (const stranger of [await here.caller("DEVELOPER"), await there.caller("DEVELOPER")]) {
      await expect(getApplication(stranger, { id })).rejects.toMatchObject({ code: "application.not_found" });
      await expect(updateApplication(stranger, { id, name: "Mine" })).rejects.toMatchObject({
        code: "application.not_found",
      });
      expect((await listApplications(stranger, {})).items).toEqual([]);
    }
  });

  it("walks through every application once, newest first, and finds by a literal part of the name", async () => {
    const developer = await (await testTenant()).caller("DEVELOPER");
    for (const name of ["100% real", "Under_score", "Plain", "Ünïcode 🔑"])
      await createApplication(developer, { name });

    const first = await listApplications(developer, { limit: 3 });
    const second = await listApplications(developer, { limit: 3, cursor: first.nextCursor });
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual([
      "Ünïcode 🔑",
      "Plain",
      "Under_score",
      "100% real",
    ]);
    expect(second.nextCursor).toBeNull();

    const found = async (search: string) => (await listApplications(developer, { search })).items.map((a) => a.name);
    expect(await found("%")).toEqual(["100% real"]);
    expect(await found("R_S")).toEqual(["Under_score"]);
    expect(await found("plain")).toEqual(["Plain"]);
  });

  it("refuses people without the role, and names that cannot be stored", async () => {
    const tenant = await testTenant();
    await expect(createApplication(await tenant.caller("CREATOR"), shop)).rejects.toMatchObject({
      code: "auth.forbidden",
    });
    const developer = await tenant.caller("DEVELOPER");
    for (const name of ["", "   ", "a\u0000b", "\ud800", "x".repeat(71)]) {
      await expect(createApplication(developer, { name })).rejects.toMatchObject({ fields: [{ path: "name" }] });
    }
  });
});
