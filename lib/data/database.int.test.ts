import { describe, expect, it } from "vitest";
import { testDatabase, testTenant } from "#tooling/testing/tenant.ts";
import { installationDb, tenantDb, type InstallationContext } from "./database.ts";

type Tx = InstallationContext;
const written = {
  "by Prisma": (tx: Tx, id: string, name: string) =>
    installationDb(tx).tenant.updateMany({ where: { id }, data: { name } }),
  "in SQL": (tx: Tx, id: string, name: string) =>
    installationDb(tx).$executeRaw`UPDATE tenant SET name = ${name} WHERE id = ${id}::uuid`,
};

describe("two transactions that wait for each other", () => {
  it.each(Object.entries(written))("both end well, with statements %s", async (_, rename) => {
    const tenants = await Promise.all([testTenant(), testTenant()]);
    const [first, second] = tenants.map(({ id }) => id);
    let attempts = 0;
    let waiting = 0;
    let bothHold = () => {};
    const held = new Promise<void>((resolve) => (bothHold = resolve));
    const inOrder = (ids: (string | undefined)[], name: string) =>
      testDatabase().inInstallation(async (tx) => {
        attempts++;
        await rename(tx, ids[0] ?? "", `${name} 1`);
        if (++waiting === 2) bothHold();
        await held;
        await rename(tx, ids[1] ?? "", `${name} 2`);
      });

    await Promise.all([inOrder([first, second], "here"), inOrder([second, first], "there")]);

    // Each of them may be the one that was ended.
    expect(attempts).toBeGreaterThan(2);
    const names = await testDatabase().inInstallation((tx) =>
      installationDb(tx).tenant.findMany({
        where: { id: { in: [first ?? "", second ?? ""] } },
        select: { name: true },
      }),
    );
    // The one that was run again came last, in both.
    expect(new Set(names.map(({ name }) => name.split(" ")[0])).size).toBe(1);
  });

  it("leaves what the work itself throws alone", async () => {
    const { id } = await testTenant();
    let attempts = 0;
    const refused = testDatabase().inTenant(id, async (tx) => {
      attempts++;
      await tenantDb(tx).plan.count();
      throw new Error("no");
    });
    await expect(refused).rejects.toThrow("no");
    expect(attempts).toBe(1);
  });
});
