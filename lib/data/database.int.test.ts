import { describe, expect, inject, it } from "vitest";
import { newId } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { testDatabase, testTenant } from "#tooling/testing/tenant.ts";
import { installationDb, openDatabase, tenantDb, type InstallationContext } from "./database.ts";

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

  it("both end well where one of them is ended while it commits", async () => {
    const tenants = (await Promise.all([testTenant(), testTenant()])).sort((a, b) => (a.id < b.id ? -1 : 1));
    const [first, second] = tenants.map(({ id }) => id as string);
    const plan = (tenantId: string | undefined) => ({ id: newId(), tenantId: tenantId ?? "", name: "Gold" });
    let attempts = 0;
    let isHeld = () => {};
    const held = new Promise<void>((resolve) => (isHeld = resolve));
    // What concerns gateways raises the versions of its tenants when it commits, in their order.
    const committing = testDatabase().inInstallation(async (tx) => {
      attempts++;
      await installationDb(tx).plan.createMany({ data: [plan(first), plan(second)] });
      await held;
    });
    const locking = testDatabase().inInstallation(async (tx) => {
      attempts++;
      await written["by Prisma"](tx, second ?? "", "held");
      isHeld();
      await new Promise((resolve) => setTimeout(resolve, 300));
      await written["by Prisma"](tx, first ?? "", "held");
    });
    await Promise.all([committing, locking]);
    expect(attempts).toBeGreaterThan(2);
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

it("reads and writes moments as they are, in whatever time zone the database lives", async () => {
  const url = new URL(inject("databaseUrl"));
  url.searchParams.set("options", "-c TimeZone=America/New_York");
  const elsewhere = openDatabase({ url: new Secret(url.href), poolSize: 1 });
  try {
    const read = await elsewhere.inInstallation(
      (tx) => installationDb(tx).$queryRaw<{ at: Date }[]>`SELECT '2026-01-01T10:00:00Z'::timestamptz AS at`,
    );
    expect(read).toEqual([{ at: new Date("2026-01-01T10:00:00Z") }]);
  } finally {
    await elsewhere.close();
  }
});
