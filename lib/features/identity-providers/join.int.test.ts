import { describe, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import { findPerson, insertPerson } from "#lib/data/people.ts";
import { newId, type PersonId } from "#lib/foundation/ids.ts";
import { stranger, testIdentityProvider } from "#tooling/testing/identity-providers.ts";
import { testDependencies, testTenant, type TestDependencies } from "#tooling/testing/tenant.ts";
import type { Context } from "../context.ts";
import type { Role } from "../permissions.ts";
import { acceptAsNewPerson, readInvitation } from "../people/accept-invitation.ts";
import { invitePerson } from "../people/invite.ts";
import { listPeople } from "../people/list.ts";
import { revokeInvitation } from "../people/revoke-invitation.ts";
import { setPersonActive } from "../people/set-active.ts";
import { joinThrough, requireInvitationFor } from "./join.ts";
import { linkIdentity } from "./own-identities.ts";
import { enterThrough } from "./sign-in.ts";

const dead = { code: "auth.link_invalid" };
const address = () => `${newId()}@example.com`;
const tokenOf = ({ url }: { url: string }) => url.split("/").at(-1) ?? "";

async function start(deps: TestDependencies = testDependencies()) {
  const tenant = await testTenant(deps);
  const admin = await tenant.caller("ADMINISTRATOR");
  return { deps, tenant, admin, provider: await testIdentityProvider(admin) };
}

async function invited(admin: Context, { email = address(), roles = ["CREATOR"] as Role[] } = {}) {
  const invitation = await invitePerson(admin, { email, roles });
  return { id: invitation.id, email, token: tokenOf(invitation) };
}

const auditOf = (ctx: Context, action: string) =>
  ctx.deps.database.inTenant(ctx.tenant.id, (tx) => tenantDb(tx).auditEvent.findMany({ where: { action } }));
const rolesOf = async (ctx: Context, personId: PersonId) =>
  (await listPeople(ctx, {})).items.find((person) => person.personId === personId)?.roles;

describe("joining by invitation through an identity provider", () => {
  it("gives the invitation's roles and address, whatever first roles and address the provider has", async () => {
    const { admin, provider } = await start();
    const generous = await testIdentityProvider(admin, ["ADMINISTRATOR"]);
    for (const through of [provider, generous]) {
      const { token, email } = await invited(admin, { roles: ["CREATOR", "DEVELOPER"] });
      const claims = { ...stranger(), email_verified: true };
      const joined = await joinThrough(admin, through, { claims, token });
      expect(joined.tenantId).toBe(admin.tenant.id);
      expect(await rolesOf(admin, joined.personId)).toEqual(["CREATOR", "DEVELOPER"]);
      const person = await admin.deps.database.inInstallation((ctx) => findPerson(ctx, joined.personId));
      expect(person).toMatchObject({ email, name: "Grace Hopper", passwordHash: null, isOperator: false });
      expect(await enterThrough(admin, through, claims)).toEqual(joined);
      expect(await auditOf(admin, "invitation.accept")).toContainEqual(
        expect.objectContaining({
          actorId: joined.personId,
          after: { email, roles: ["CREATOR", "DEVELOPER"], identityProvider: through.name },
        }),
      );
    }
  });

  it("happens once, however many try at the same moment, by whatever way", async () => {
    const { admin, provider } = await start();
    const { token, email } = await invited(admin);
    const attempts = await Promise.allSettled([
      joinThrough(admin, provider, { claims: stranger(), token }),
      joinThrough(admin, provider, { claims: stranger(), token }),
      acceptAsNewPerson(admin, { token, name: "Ada", password: "seven lanterns over the canal" }),
    ]);
    expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await listPeople(admin, { search: email })).items).toHaveLength(1);
    expect(await auditOf(admin, "invitation.accept")).toHaveLength(1);
    await expect(joinThrough(admin, provider, { claims: stranger(), token })).rejects.toMatchObject(dead);
    await expect(requireInvitationFor(admin, provider, token)).rejects.toMatchObject(dead);
  });

  it("makes one person of somebody who uses two invitations at the same moment", async () => {
    const { admin, provider } = await start();
    const [one, two] = await Promise.all([invited(admin), invited(admin)]);
    const claims = stranger();
    const attempts = await Promise.allSettled(
      [one, two].map(({ token }) => joinThrough(admin, provider, { claims, token })),
    );
    expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(attempts.find(({ status }) => status === "rejected")).toMatchObject({
      reason: { code: "person.conflict" },
    });
    const left = await Promise.all([one, two].map(({ token }) => readInvitation(admin, token)));
    expect(left.filter((view) => view !== null)).toHaveLength(1);
  });

  it("is refused when the invitation was revoked, has expired, or is unknown", async () => {
    let now = new Date();
    const { admin, provider } = await start(testDependencies({ clock: { now: () => now } }));
    const [revoked, late] = [await invited(admin), await invited(admin)];
    await requireInvitationFor(admin, provider, revoked.token);
    await revokeInvitation(admin, { id: revoked.id });
    now = new Date(now.getTime() + 8 * 24 * 3600 * 1000);
    for (const token of [revoked.token, late.token, "x".repeat(43)]) {
      await expect(requireInvitationFor(admin, provider, token)).rejects.toMatchObject(dead);
      await expect(joinThrough(admin, provider, { claims: stranger(), token })).rejects.toMatchObject(dead);
    }
    expect((await listPeople(admin, {})).items).toHaveLength(1);
  });

  it("is refused at the provider of another tenant, and uses nothing up there", async () => {
    const deps = testDependencies();
    const [here, there] = await Promise.all([start(deps), start(deps)]);
    const { token } = await invited(here.admin);
    const claims = stranger();
    await expect(requireInvitationFor(there.admin, there.provider, token)).rejects.toMatchObject(dead);
    await expect(joinThrough(there.admin, there.provider, { claims, token })).rejects.toMatchObject(dead);
    expect(await readInvitation(here.admin, token)).not.toBeNull();
    await expect(enterThrough(there.admin, there.provider, claims)).rejects.toMatchObject({
      code: "federation.not_invited",
    });
  });

  it("never takes over an account by its address: neither the invitation's nor the provider's", async () => {
    const { admin, provider } = await start();
    const victim = await admin.deps.database.inInstallation((ctx) =>
      insertPerson(ctx, { email: address(), name: "Victim" }),
    );
    const { token } = await invited(admin, { email: victim.email });
    const claims = { ...stranger(), email: victim.email, email_verified: true };
    await expect(joinThrough(admin, provider, { claims, token })).rejects.toMatchObject({
      code: "person.has_account",
    });
    expect(await readInvitation(admin, token)).not.toBeNull();
    await expect(enterThrough(admin, provider, claims)).rejects.toMatchObject({ code: "federation.not_invited" });

    const other = await invited(admin);
    const joined = await joinThrough(admin, provider, { claims, token: other.token });
    expect(joined.personId).not.toBe(victim.id);
    expect(await rolesOf(admin, victim.id)).toBeUndefined();
  });

  it("changes nothing for a member: no further roles, and no way back in for one who is disabled", async () => {
    const { admin, tenant, provider } = await start();
    const member = await tenant.caller("DEVELOPER");
    const { personId } = member.actor as { personId: PersonId };
    const claims = stranger();
    await linkIdentity(admin, provider, { subject: claims.sub, personId });
    const { token } = await invited(admin, { roles: ["ADMINISTRATOR"] });
    const refused = { code: "person.conflict" };
    await expect(joinThrough(admin, provider, { claims, token })).rejects.toMatchObject(refused);
    expect(await rolesOf(admin, personId)).toEqual(["DEVELOPER"]);

    const { items } = await listPeople(admin, { role: "DEVELOPER" });
    await setPersonActive(admin, { id: items[0]?.id ?? "", active: false });
    await expect(joinThrough(admin, provider, { claims, token })).rejects.toMatchObject(refused);
    await expect(enterThrough(admin, provider, claims)).rejects.toMatchObject({ code: "auth.forbidden" });
    expect(await readInvitation(admin, token)).not.toBeNull();
  });
});
