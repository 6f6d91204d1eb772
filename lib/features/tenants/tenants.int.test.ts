import { describe, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import { newId, type PersonId, type TenantId } from "#lib/foundation/ids.ts";
import { testDependencies, testTenant } from "#tooling/testing/tenant.ts";
import type { InstallationCaller } from "../context.ts";
import { openSession, resolveSession } from "../identity/session.ts";
import { acceptAsNewPerson } from "../people/accept-invitation.ts";
import { createTenant } from "./create.ts";
import { listTenants } from "./list.ts";
import { setTenantActive } from "./set-active.ts";

const operator = (): InstallationCaller => ({
  actor: { kind: "person", personId: newId<PersonId>(), name: "Olive", email: "olive@example.com", isOperator: true },
  requestId: newId(),
  deps: testDependencies(),
});
let count = 0;
const slug = () =>
  `tenants-${newId().slice(-8).replaceAll(/[01]/g, "z").replaceAll(/\d/g, "k")}-${"abcdefghjkm"[count++] ?? "n"}`;
const wanted = () => ({ name: "North Sea Energy", slug: slug(), administratorEmail: `${newId()}@example.com` });

describe("tenants", () => {
  it("creates one with its built-in key manager, three plans and an invitation, audited inside it", async () => {
    const caller = operator();
    const created = await createTenant(caller, wanted());
    const held = await caller.deps.database.inTenant(created.id as TenantId, async (tx) => ({
      keyManagers: await tenantDb(tx).keyManager.findMany({ select: { connectorId: true } }),
      plans: await tenantDb(tx).plan.findMany({ select: { name: true, requestsPerMinute: true } }),
      audit: await tenantDb(tx).auditEvent.findMany({ where: { action: "tenant.create" } }),
    }));
    expect(held.keyManagers).toHaveLength(1);
    expect(held.plans).toHaveLength(3);
    expect(held.plans).toContainEqual({ name: "Gold", requestsPerMinute: 600 });
    expect(held.audit.map(({ subjectType }) => subjectType)).toEqual(expect.arrayContaining(["tenant", "invitation"]));
    expect(JSON.stringify(held.audit)).not.toContain(created.invitation.url.split("/").at(-1));
  });

  it("invites the first administrator, who can enter at once", async () => {
    const caller = operator();
    const created = await createTenant(caller, wanted());
    const token = created.invitation.url.split("/").at(-1) ?? "";
    const joined = await acceptAsNewPerson(caller, { token, name: "Ada", password: "seven lanterns over the canal" });
    const session = await resolveSession(caller.deps, await openSession(caller.deps, joined));
    expect(session?.memberships).toMatchObject([{ tenant: { id: created.id }, roles: ["ADMINISTRATOR"] }]);
  });

  it("refuses a slug that is taken or looks like a taken one, and makes nothing", async () => {
    const caller = operator();
    const first = wanted();
    await createTenant(caller, first);
    for (const taken of [
      first.slug,
      first.slug.replaceAll("-", ""),
      `${first.slug.slice(0, 4)}-${first.slug.slice(4)}`,
    ]) {
      await expect(createTenant(caller, { ...wanted(), slug: taken.replaceAll("--", "-") })).rejects.toMatchObject({
        code: "tenant.conflict",
        fields: [{ path: "slug" }],
      });
    }
    const { items } = await listTenants(caller, { search: first.slug });
    expect(items).toHaveLength(1);
  });

  it("makes one tenant of two at the same moment with the same slug", async () => {
    const caller = operator();
    const same = wanted();
    const results = await Promise.allSettled([createTenant(caller, same), createTenant(caller, same)]);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await listTenants(caller, { search: same.slug })).items).toHaveLength(1);
  });

  it("refuses everybody who is no operator", async () => {
    const administrator = await (await testTenant()).caller("ADMINISTRATOR");
    const { id } = administrator.tenant;
    await expect(createTenant(administrator, wanted())).rejects.toMatchObject({ code: "auth.forbidden" });
    await expect(listTenants(administrator, {})).rejects.toMatchObject({ code: "auth.forbidden" });
    await expect(setTenantActive(administrator, { id, active: false })).rejects.toMatchObject({
      code: "auth.forbidden",
    });
  });

  it("suspends and takes it back: sessions die and live again, with an audit row for each", async () => {
    const caller = operator();
    const created = await createTenant(caller, wanted());
    const token = created.invitation.url.split("/").at(-1) ?? "";
    const joined = await acceptAsNewPerson(caller, { token, name: "Ada", password: "seven lanterns over the canal" });
    const session = await openSession(caller.deps, joined);
    await setTenantActive(caller, { id: created.id, active: false });
    expect(await resolveSession(caller.deps, session)).toBeNull();
    await setTenantActive(caller, { id: created.id, active: true });
    expect(await resolveSession(caller.deps, session)).not.toBeNull();
    const rows = await caller.deps.database.inTenant(created.id as TenantId, (tx) =>
      tenantDb(tx).auditEvent.findMany({ where: { action: "tenant.set_active" }, orderBy: { id: "asc" } }),
    );
    expect(rows.map(({ after }) => after)).toEqual([{ active: false }, { active: true }]);
  });

  it("pages through the list without losing or repeating one", async () => {
    const caller = operator();
    const made = await Promise.all([1, 2, 3].map(() => createTenant(caller, { ...wanted(), name: "Paged" })));
    const { items } = await listTenants(caller, { search: "Paged" });
    expect(items.map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
  });
});
