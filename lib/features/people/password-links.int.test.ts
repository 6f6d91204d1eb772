import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { insertMembership } from "#lib/data/memberships.ts";
import { updatePerson } from "#lib/data/people.ts";
import type { PersonId } from "#lib/foundation/ids.ts";
import { testDependencies, testTenant } from "#tooling/testing/tenant.ts";
import { listAudit } from "../audit/list.ts";
import type { Context } from "../context.ts";
import { acceptOneTimeLink, proceedWithOneTimeLink, readOneTimeLink } from "../identity/one-time-links.ts";
import { openSession, resolveSession } from "../identity/session.ts";
import { verifyPassword } from "../identity/verify-password.ts";
import { listPeople } from "./list.ts";
import { makePasswordLink, makePasswordLinkAsOperator } from "./password-links.ts";

const password = "seven quiet lanterns";
const personOf = (ctx: Context) => ctx.actor as { personId: PersonId; email: string; name: string };

async function world() {
  const deps = testDependencies();
  const tenant = await testTenant(deps);
  const [admin, developer] = await Promise.all([tenant.caller("ADMINISTRATOR"), tenant.caller("DEVELOPER")]);
  const { items } = await listPeople(admin, {});
  const memberOf = (ctx: Context) => items.find(({ personId }) => personId === personOf(ctx).personId)?.id ?? "";
  return { deps, tenant, admin, developer, memberOf };
}

const tokenOf = (url: string) => url.split("/").at(-1) ?? "";
const origin = { device: null, address: "192.0.2.1" };

describe("password links", () => {
  it("let the person set a new password once, end their sessions, and stand in the audit without the link", async () => {
    const { deps, admin, developer, memberOf } = await world();
    const { personId, email } = personOf(developer);
    const session = await openSession(deps, { personId });
    const { url } = await makePasswordLink(admin, { id: memberOf(developer) });
    const token = tokenOf(url);
    expect(await readOneTimeLink(deps, token)).toMatchObject({ isReset: true, asksForEmail: false });
    await expect(proceedWithOneTimeLink(deps, token, "test-request")).rejects.toMatchObject({
      code: "auth.link_invalid",
    });
    expect(await acceptOneTimeLink(deps, { token, name: "Devi", password }, "request-1")).toBe(personId);
    await expect(acceptOneTimeLink(deps, { token, name: "Devi", password }, "request-2")).rejects.toMatchObject({
      code: "auth.link_invalid",
    });
    expect(await resolveSession(deps, session)).toBeNull();
    expect(await verifyPassword({ deps, requestId: "request-3" }, { email, password }, origin)).toBe(personId);
    const { items } = await listAudit(admin, { subject: personId });
    expect(items.map(({ action }) => action)).toEqual(["person.use_password_link", "person.make_password_link"]);
    expect(JSON.stringify(items)).not.toContain(token);
  });

  it("are an administrator's to make, for people of their own tenant alone", async () => {
    const { deps, tenant, admin, developer, memberOf } = await world();
    const neighbour = await testTenant(deps);
    const stranger = await neighbour.caller("ADMINISTRATOR");
    const input = { id: memberOf(developer) };
    for (const role of ["CREATOR", "DEVELOPER"] as const) {
      await expect(makePasswordLink(await tenant.caller(role), input)).rejects.toMatchObject({
        code: "auth.forbidden",
      });
    }
    await expect(makePasswordLink(stranger, input)).rejects.toMatchObject({ code: "person.not_found" });
    await expect(makePasswordLink(admin, { id: randomUUID() })).rejects.toMatchObject({ code: "person.not_found" });
    await expect(makePasswordLink(admin, { id: memberOf(admin) })).rejects.toMatchObject({ code: "input.invalid" });
    await deps.database.inInstallation((ctx) =>
      insertMembership(ctx, { tenantId: neighbour.id, personId: personOf(developer).personId, roles: ["DEVELOPER"] }),
    );
    await expect(makePasswordLink(admin, input)).rejects.toMatchObject({ code: "auth.forbidden" });
  });

  it("are never made by an administrator for an operator, who could be taken over by it", async () => {
    const { deps, admin, developer, memberOf } = await world();
    await deps.database.inInstallation((ctx) => updatePerson(ctx, personOf(developer).personId, { isOperator: true }));
    await expect(makePasswordLink(admin, { id: memberOf(developer) })).rejects.toMatchObject({
      code: "auth.forbidden",
    });
  });

  it("are made by operators for anybody, and told to every tenant of the person", async () => {
    const { deps, admin, developer } = await world();
    const { email, personId } = personOf(developer);
    const caller = (isOperator: boolean) => ({
      ...admin,
      actor: { ...admin.actor, kind: "person", isOperator } as never,
    });
    const { url } = await makePasswordLinkAsOperator(caller(true), { email });
    expect(await readOneTimeLink(deps, tokenOf(url))).toMatchObject({ email, isReset: true });
    expect((await listAudit(admin, { subject: personId })).items).toMatchObject([
      { action: "person.make_password_link" },
    ]);
    await expect(makePasswordLinkAsOperator(caller(false), { email })).rejects.toMatchObject({
      code: "auth.forbidden",
    });
    await expect(
      makePasswordLinkAsOperator(caller(true), { email: `${randomUUID()}@example.com` }),
    ).rejects.toMatchObject({ fields: [{ path: "email" }] });
  });
});
