import { describe, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import { insertPerson } from "#lib/data/people.ts";
import { newId, type PersonId } from "#lib/foundation/ids.ts";
import { testDependencies, testTenant } from "#tooling/testing/tenant.ts";
import type { Context } from "../context.ts";
import { activeMembership, openSession, resolveSession } from "../identity/session.ts";
import { acceptAsNewPerson, acceptAsPerson, readInvitation } from "./accept-invitation.ts";
import { changeRoles } from "./change-roles.ts";
import { invitePerson } from "./invite.ts";
import { listInvitations, listPeople } from "./list.ts";
import { revokeInvitation } from "./revoke-invitation.ts";
import { setPersonActive } from "./set-active.ts";

const chosen = { name: "Ada Lovelace", password: "seven lanterns over the canal" };
const email = () => `${newId()}@example.com`;
const tokenOf = ({ url }: { url: string }) => url.split("/").at(-1) ?? "";
const idOf = (ctx: Context) => (ctx.actor as { personId: PersonId }).personId;

const auditOf = (ctx: Context, action: string) =>
  ctx.deps.database.inTenant(ctx.tenant.id, (tx) => tenantDb(tx).auditEvent.findMany({ where: { action } }));

async function memberOf(admin: Context, person: Context) {
  const { items } = await listPeople(admin, { search: idOf(person) });
  const [member] = items;
  if (!member) throw new Error("no member");
  return member;
}

describe("invitations", () => {
  it("bring somebody new in, with the roles chosen, once", async () => {
    const admin = await (await testTenant()).caller("ADMINISTRATOR");
    const address = email();
    const invitation = await invitePerson(admin, { email: address, roles: ["DEVELOPER", "CREATOR", "DEVELOPER"] });
    expect(invitation.roles).toEqual(["CREATOR", "DEVELOPER"]);
    expect(await readInvitation(admin, tokenOf(invitation))).toMatchObject({ email: address, hasAccount: false });

    const input = { token: tokenOf(invitation), ...chosen };
    const uses = await Promise.allSettled([acceptAsNewPerson(admin, input), acceptAsNewPerson(admin, input)]);
    expect(uses.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await readInvitation(admin, tokenOf(invitation))).toBeNull();

    const { items } = await listPeople(admin, { search: address });
    expect(items).toMatchObject([{ email: address, roles: ["CREATOR", "DEVELOPER"], isActive: true, isSelf: false }]);
    expect(await auditOf(admin, "person.invite")).toMatchObject([{ subjectName: address }]);
    expect(await auditOf(admin, "invitation.accept")).toMatchObject([{ actorName: chosen.name }]);
    const rows = JSON.stringify([await auditOf(admin, "person.invite"), await auditOf(admin, "invitation.accept")]);
    expect(rows).not.toContain(tokenOf(invitation));
  });

  it("let a person who is signed in join a second tenant, and not the same one twice", async () => {
    const deps = testDependencies();
    const [first, second] = await Promise.all([testTenant(deps), testTenant(deps)]);
    const [admin, person] = await Promise.all([second.caller("ADMINISTRATOR"), first.caller("DEVELOPER")]);
    const session = await openSession(deps, { personId: idOf(person) });
    const join = async () => {
      const invitation = await invitePerson(admin, { email: email(), roles: ["CREATOR"] });
      return acceptAsPerson(admin, { token: tokenOf(invitation), personId: idOf(person) });
    };
    await join();
    expect((await resolveSession(deps, session))?.memberships).toHaveLength(2);
    await expect(join()).rejects.toMatchObject({ code: "person.conflict" });
  });

  it("let a person join once who accepts two at the same moment; the other one says so and stays open", async () => {
    const deps = testDependencies();
    const [first, second] = await Promise.all([testTenant(deps), testTenant(deps)]);
    const admin = await second.caller("ADMINISTRATOR");
    for (let round = 0; round < 5; round += 1) {
      const personId = idOf(await first.caller("DEVELOPER"));
      const tokens = [];
      for (const role of ["CREATOR", "DEVELOPER"] as const) {
        tokens.push(tokenOf(await invitePerson(admin, { email: email(), roles: [role] })));
      }
      const ends = await Promise.allSettled(tokens.map((token) => acceptAsPerson(admin, { token, personId })));
      const refused = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : []));
      expect(refused).toMatchObject([{ code: "person.conflict" }]);
      const open = await Promise.all(tokens.map((token) => readInvitation(admin, token)));
      expect(open.filter((invitation) => invitation !== null)).toHaveLength(1);
    }
  });

  it("of two tenants make one person of an address, whose owner signs in to join the other", async () => {
    const deps = testDependencies();
    for (let round = 0; round < 3; round += 1) {
      const address = email();
      const invitations = [];
      for (const tenant of [await testTenant(deps), await testTenant(deps)]) {
        const admin = await tenant.caller("ADMINISTRATOR");
        invitations.push({
          admin,
          token: tokenOf(await invitePerson(admin, { email: address, roles: ["DEVELOPER"] })),
        });
      }
      const ends = await Promise.allSettled(
        invitations.map(({ admin, token }) => acceptAsNewPerson(admin, { token, ...chosen })),
      );
      const joined = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value.personId] : []));
      const refused = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : []));
      expect([joined.length, refused]).toMatchObject([1, [{ code: "person.has_account" }]]);
      const other = invitations[ends.findIndex(({ status }) => status === "rejected")];
      const [personId] = joined;
      if (!other || !personId) throw new Error("One of them was refused.");
      expect(await acceptAsPerson(other.admin, { token: other.token, personId })).toMatchObject({ personId });
    }
  });

  it("never take over the account of an address that is known: its owner signs in first", async () => {
    const admin = await (await testTenant()).caller("ADMINISTRATOR");
    const known = await admin.deps.database.inInstallation((ctx) =>
      insertPerson(ctx, { email: email(), name: "Known" }),
    );
    const invitation = await invitePerson(admin, { email: known.email, roles: ["DEVELOPER"] });
    expect(await readInvitation(admin, tokenOf(invitation))).toMatchObject({ hasAccount: true });
    await expect(acceptAsNewPerson(admin, { token: tokenOf(invitation), ...chosen })).rejects.toMatchObject({
      code: "person.has_account",
    });
    expect(await acceptAsPerson(admin, { token: tokenOf(invitation), personId: known.id })).toMatchObject({
      personId: known.id,
    });
  });

  it("stop working when revoked, replaced by a newer one, or expired", async () => {
    let now = new Date();
    const deps = testDependencies({ clock: { now: () => now } });
    const admin = await (await testTenant(deps)).caller("ADMINISTRATOR");
    const revoked = await invitePerson(admin, { email: email(), roles: ["DEVELOPER"] });
    await revokeInvitation(admin, { id: revoked.id });
    const address = email();
    const replaced = await invitePerson(admin, { email: address, roles: ["DEVELOPER"] });
    const newer = await invitePerson(admin, { email: address, roles: ["DEVELOPER"] });
    for (const dead of [revoked, replaced]) {
      expect(await readInvitation(admin, tokenOf(dead))).toBeNull();
      await expect(acceptAsNewPerson(admin, { token: tokenOf(dead), ...chosen })).rejects.toMatchObject({
        code: "auth.link_invalid",
      });
    }
    expect((await listInvitations(admin, {})).items.map(({ id }) => id)).toEqual([newer.id]);
    now = new Date(now.getTime() + 8 * 24 * 3600 * 1000);
    expect(await readInvitation(admin, tokenOf(newer))).toBeNull();
    expect((await listInvitations(admin, {})).items).toEqual([]);
    expect(await auditOf(admin, "invitation.revoke")).toHaveLength(1);
  });

  it("refuse addresses that could mean somebody else", async () => {
    const admin = await (await testTenant()).caller("ADMINISTRATOR");
    for (const odd of [
      "victim＠example.com",
      '"a@evil"@victim.com',
      "a@evil.com,victim@example.com",
      "vic\u202Etim@example.com",
      "a@b@c.com",
      "victim@example",
    ]) {
      await expect(invitePerson(admin, { email: odd, roles: ["DEVELOPER"] }), odd).rejects.toMatchObject({
        code: "input.invalid",
        fields: [{ path: "email" }],
      });
    }
  });

  it("refuse somebody who is a member already", async () => {
    const tenant = await testTenant();
    const [admin, member] = await Promise.all([tenant.caller("ADMINISTRATOR"), tenant.caller("DEVELOPER")]);
    const address = (member.actor as { email: string }).email;
    await expect(invitePerson(admin, { email: address.toUpperCase(), roles: ["CREATOR"] })).rejects.toMatchObject({
      code: "person.conflict",
    });
  });
});

describe("people", () => {
  it("get other roles, effective with their next request, audited before and after", async () => {
    const tenant = await testTenant();
    const [admin, member] = await Promise.all([tenant.caller("ADMINISTRATOR"), tenant.caller("DEVELOPER")]);
    const session = await openSession(admin.deps, { personId: idOf(member) });
    await changeRoles(admin, { id: (await memberOf(admin, member)).id, roles: ["CREATOR"] });
    const now = await resolveSession(admin.deps, session);
    expect(now && activeMembership(now)?.roles).toEqual(["CREATOR"]);
    expect(await auditOf(admin, "person.change_roles")).toMatchObject([
      { before: { roles: ["DEVELOPER"] }, after: { roles: ["CREATOR"] } },
    ]);
  });

  it("lose every session when disabled, and get in again when enabled", async () => {
    const tenant = await testTenant();
    const [admin, member] = await Promise.all([tenant.caller("ADMINISTRATOR"), tenant.caller("DEVELOPER")]);
    const session = await openSession(admin.deps, { personId: idOf(member) });
    const { id } = await memberOf(admin, member);
    await setPersonActive(admin, { id, active: false });
    expect(await resolveSession(admin.deps, session)).toBeNull();
    expect(await memberOf(admin, member)).toMatchObject({ isActive: false });
    await setPersonActive(admin, { id, active: true });
    expect(await resolveSession(admin.deps, session)).not.toBeNull();
    expect(await auditOf(admin, "person.set_active")).toHaveLength(2);
  });

  it("always leave one active administrator, even when two act against each other at the same moment", async () => {
    const tenant = await testTenant();
    const [one, two] = await Promise.all([tenant.caller("ADMINISTRATOR"), tenant.caller("ADMINISTRATOR")]);
    const [first, second] = await Promise.all([memberOf(one, one), memberOf(one, two)]);
    const outcomes = await Promise.allSettled([
      setPersonActive(one, { id: second.id, active: false }),
      setPersonActive(two, { id: first.id, active: false }),
    ]);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const left = await listPeople(one, { role: "ADMINISTRATOR", state: "active" });
    expect(left.items).toHaveLength(1);
    const [last] = left.items;
    await expect(changeRoles(one, { id: last?.id ?? "", roles: ["CREATOR"] })).rejects.toMatchObject({
      code: "person.last_administrator",
    });
  });

  it("cannot disable themselves", async () => {
    const tenant = await testTenant();
    const [one] = await Promise.all([tenant.caller("ADMINISTRATOR"), tenant.caller("ADMINISTRATOR")]);
    await expect(setPersonActive(one, { id: (await memberOf(one, one)).id, active: false })).rejects.toMatchObject({
      code: "input.invalid",
    });
  });

  it("are found by part of name or address, by role and by state", async () => {
    const tenant = await testTenant();
    const [admin, developer] = await Promise.all([tenant.caller("ADMINISTRATOR"), tenant.caller("DEVELOPER")]);
    expect((await listPeople(admin, {})).items).toHaveLength(2);
    expect((await listPeople(admin, { role: "DEVELOPER" })).items).toMatchObject([{ personId: idOf(developer) }]);
    expect((await listPeople(admin, { state: "disabled" })).items).toEqual([]);
    expect((await listPeople(admin, { search: "%" })).items).toEqual([]);
  });

  it("of another tenant are not there: not to see, change, disable or invite back", async () => {
    const [here, there] = await Promise.all([testTenant(), testTenant()]);
    const [admin, stranger] = await Promise.all([here.caller("ADMINISTRATOR"), there.caller("ADMINISTRATOR")]);
    const { id } = await memberOf(admin, admin);
    const invitation = await invitePerson(admin, { email: email(), roles: ["DEVELOPER"] });
    expect((await listPeople(stranger, { search: idOf(admin) })).items).toEqual([]);
    expect((await listInvitations(stranger, {})).items).toEqual([]);
    for (const unknown of [id, newId()]) {
      await expect(changeRoles(stranger, { id: unknown, roles: ["CREATOR"] })).rejects.toMatchObject({
        code: "person.not_found",
      });
      await expect(setPersonActive(stranger, { id: unknown, active: false })).rejects.toMatchObject({
        code: "person.not_found",
      });
    }
    await expect(revokeInvitation(stranger, { id: invitation.id })).rejects.toMatchObject({
      code: "invitation.not_found",
    });
    expect(await readInvitation(admin, tokenOf(invitation))).not.toBeNull();
  });

  it("are the administrators' business only", async () => {
    const tenant = await testTenant();
    const id = newId();
    for (const role of ["CREATOR", "DEVELOPER"] as const) {
      const other = await tenant.caller(role);
      const forbidden = { code: "auth.forbidden" };
      await expect(listPeople(other, {})).rejects.toMatchObject(forbidden);
      await expect(listInvitations(other, {})).rejects.toMatchObject(forbidden);
      await expect(invitePerson(other, { email: email(), roles: ["DEVELOPER"] })).rejects.toMatchObject(forbidden);
      await expect(changeRoles(other, { id, roles: ["ADMINISTRATOR"] })).rejects.toMatchObject(forbidden);
      await expect(setPersonActive(other, { id, active: false })).rejects.toMatchObject(forbidden);
      await expect(revokeInvitation(other, { id })).rejects.toMatchObject(forbidden);
    }
  });
});
