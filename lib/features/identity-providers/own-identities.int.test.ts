import { describe, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import { insertMembership } from "#lib/data/memberships.ts";
import { updatePerson } from "#lib/data/people.ts";
import { newId, type PersonId } from "#lib/foundation/ids.ts";
import { stranger, testIdentityProvider } from "#tooling/testing/identity-providers.ts";
import { testDependencies, testTenant } from "#tooling/testing/tenant.ts";
import type { Context } from "../context.ts";
import { openSession, recentSignInSeconds, resolveSession } from "../identity/session.ts";
import { listPeople } from "../people/list.ts";
import { setPersonActive } from "../people/set-active.ts";
import { linkIdentity, readOwnWaysIn, requireMayLink, unlinkIdentity } from "./own-identities.ts";
import { enterThrough } from "./sign-in.ts";
import { setIdentityProviderEnabled } from "./verbs.ts";

/** Somebody who is signed in, in a tenant with a provider that asks for invitations. */
async function start() {
  let now = new Date();
  const deps = testDependencies({ clock: { now: () => now } });
  const tenant = await testTenant(deps);
  const admin = await tenant.caller("ADMINISTRATOR");
  const caller = await tenant.caller("DEVELOPER");
  const { personId } = caller.actor as { personId: PersonId };
  const session = await resolveSession(deps, await openSession(deps, { personId }));
  if (!session) throw new Error("no session");
  const provider = await testIdentityProvider(admin);
  return {
    deps,
    tenant,
    admin,
    caller,
    personId,
    session,
    provider,
    wait: (ms: number) => (now = new Date(+now + ms)),
  };
}

type Start = Awaited<ReturnType<typeof start>>;

async function link({ caller, personId, provider }: Start, at = provider) {
  const claims = stranger();
  await linkIdentity(caller, at, { subject: claims.sub, personId });
  return claims;
}
async function onlyIdentity({ caller, session }: Start) {
  const { identities } = await readOwnWaysIn(caller, session);
  expect(identities).toHaveLength(1);
  return { id: identities[0]?.id ?? "" };
}
const givePassword = ({ deps, personId }: Start) =>
  deps.database.inInstallation((ctx) => updatePerson(ctx, personId, { passwordHash: "some hash" }));
const auditOf = (ctx: Context, action: string) =>
  ctx.deps.database.inTenant(ctx.tenant.id, (tx) => tenantDb(tx).auditEvent.findMany({ where: { action } }));

describe("one's own identities", () => {
  it("are offered at the providers of one's tenants, and shown once they are linked", async () => {
    const one = await start();
    const { caller, session, provider, tenant, personId } = one;
    const elsewhere = await start();
    const before = await readOwnWaysIn(caller, session);
    expect(before).toMatchObject({ hasPassword: false, identities: [], mayChange: true });
    expect(before.linkable).toEqual([{ id: provider.id, name: provider.name, tenant: `Tenant ${tenant.slug}` }]);
    expect(before.linkable.map(({ id }) => id)).not.toContain(elsewhere.provider.id);

    const claims = await link(one);
    expect(await readOwnWaysIn(caller, session)).toMatchObject({
      identities: [{ provider: provider.name, tenant: `Tenant ${tenant.slug}`, opens: true }],
      linkable: [],
    });
    expect(await enterThrough(caller, provider, claims)).toMatchObject({ personId });
    expect(await auditOf(one.admin, "person.link")).toMatchObject([
      { actorId: personId, after: { identityProvider: provider.name } },
    ]);
  });

  it("are linked once: again is no change, and another person's is refused, at the same moment too", async () => {
    const one = await start();
    const { caller, provider, personId, admin } = one;
    const other = (await one.tenant.caller("DEVELOPER")).actor as { personId: PersonId };
    const { sub: subject } = await link(one);
    await linkIdentity(caller, provider, { subject, personId });
    await onlyIdentity(one);
    expect(await auditOf(admin, "person.link")).toHaveLength(1);
    const taken = { code: "federation.taken" };
    await expect(linkIdentity(caller, provider, { subject, personId: other.personId })).rejects.toMatchObject(taken);

    const { sub: contested } = stranger();
    const attempts = await Promise.allSettled(
      [personId, other.personId].map((id) => linkIdentity(caller, provider, { subject: contested, personId: id })),
    );
    expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(attempts.find(({ status }) => status === "rejected")).toMatchObject({ reason: taken });
  });

  it("are linked in one's own tenants only, as somebody who is not disabled there", async () => {
    const [one, elsewhere] = await Promise.all([start(), start()]);
    const { caller, session, personId, admin, provider } = one;
    expect(() => requireMayLink(caller, session, elsewhere.provider)).toThrow(
      expect.objectContaining({ code: "identity_provider.not_found" }),
    );
    const { sub: subject } = stranger();
    const refused = { code: "federation.not_invited" };
    await expect(linkIdentity(caller, elsewhere.provider, { subject, personId })).rejects.toMatchObject(refused);
    const { items } = await listPeople(admin, { role: "DEVELOPER" });
    await setPersonActive(admin, { id: items[0]?.id ?? "", active: false });
    await expect(linkIdentity(caller, provider, { subject, personId })).rejects.toMatchObject(refused);
  });

  it("are those of the one tenant, where its provider opened the session", async () => {
    const one = await start();
    const { deps, caller, personId, provider, tenant } = one;
    await givePassword(one);
    const second = await testTenant(deps);
    const other = await testIdentityProvider(await second.caller("ADMINISTRATOR"));
    const unlinked = await testIdentityProvider(await second.caller("ADMINISTRATOR"));
    await deps.database.inInstallation((ctx) =>
      insertMembership(ctx, { tenantId: second.id, personId, roles: ["DEVELOPER"] }),
    );
    await link(one);
    await link(one, other);
    const whole = await readOwnWaysIn(caller, one.session);
    expect(whole.identities).toHaveLength(2);
    expect(whole.linkable.map(({ id }) => id)).toEqual([unlinked.id]);
    const id = await openSession(deps, { personId, tenantId: tenant.id, withinTenantId: tenant.id });
    const session = await resolveSession(deps, id);
    if (!session) throw new Error("no session");
    const { identities, linkable } = await readOwnWaysIn(caller, session);
    expect([identities.map((identity) => identity.provider), linkable]).toEqual([[provider.name], []]);
    expect(() => requireMayLink(caller, session, unlinked)).toThrow(
      expect.objectContaining({ code: "identity_provider.not_found" }),
    );
    const foreign = whole.identities.find((identity) => identity.provider === other.name);
    await expect(unlinkIdentity(caller, session, { id: foreign?.id ?? "" })).rejects.toMatchObject({
      code: "not_found",
    });
    await unlinkIdentity(caller, one.session, { id: foreign?.id ?? "" });
  });

  it("are changed with a recent sign-in only", async () => {
    const one = await start();
    const { caller, session, provider, wait } = one;
    await givePassword(one);
    await link(one);
    const identity = await onlyIdentity(one);
    wait(recentSignInSeconds * 1000);
    requireMayLink(caller, session, provider);
    wait(1);
    const stale = { code: "auth.sign_in_again" };
    expect(() => requireMayLink(caller, session, provider)).toThrow(expect.objectContaining(stale));
    await expect(unlinkIdentity(caller, session, identity)).rejects.toMatchObject(stale);
    expect(await readOwnWaysIn(caller, session)).toMatchObject({ mayChange: false, identities: [identity] });
  });

  it("are unlinked by their owner, whose other sessions end", async () => {
    const one = await start();
    const { deps, caller, session, provider, admin, personId } = one;
    await givePassword(one);
    const claims = await link(one);
    const other = await openSession(deps, { personId });
    await unlinkIdentity(caller, session, await onlyIdentity(one));
    expect((await readOwnWaysIn(caller, session)).identities).toEqual([]);
    expect(await resolveSession(deps, session.id)).not.toBeNull();
    expect(await resolveSession(deps, other)).toBeNull();
    await expect(enterThrough(caller, provider, claims)).rejects.toMatchObject({ code: "federation.not_invited" });
    expect(await auditOf(admin, "person.unlink")).toMatchObject([
      { actorId: personId, before: { identityProvider: provider.name } },
    ]);
  });

  it("of somebody else are not there to unlink", async () => {
    const one = await start();
    const [mine, theirs] = [one, await start()];
    await givePassword(mine);
    await givePassword(theirs);
    await link(theirs);
    const foreign = await onlyIdentity(theirs);
    for (const id of [foreign.id, newId()]) {
      await expect(unlinkIdentity(mine.caller, mine.session, { id })).rejects.toMatchObject({ code: "not_found" });
    }
    await expect(unlinkIdentity(mine.caller, mine.session, { id: "1" })).rejects.toMatchObject({
      code: "input.invalid",
    });
    expect(await onlyIdentity(theirs)).toEqual(foreign);
  });

  it("stay where one would have no way in any more, even when two are unlinked at the same moment", async () => {
    const one = await start();
    const { caller, session, admin } = one;
    const only = { code: "federation.only_way" };
    await link(one);
    await expect(unlinkIdentity(caller, session, await onlyIdentity(one))).rejects.toMatchObject(only);

    const second = await testIdentityProvider(admin);
    await link(one, second);
    await setIdentityProviderEnabled(admin, { id: second.id, enabled: false });
    const { identities } = await readOwnWaysIn(caller, session);
    expect(identities.map(({ opens }) => opens)).toEqual([true, false]);
    const [first, disabled] = identities.map(({ id }) => ({ id }));
    await expect(unlinkIdentity(caller, session, first ?? { id: "" })).rejects.toMatchObject(only);

    await setIdentityProviderEnabled(admin, { id: second.id, enabled: true });
    const attempts = await Promise.allSettled(
      [first, disabled].map((identity) => unlinkIdentity(caller, session, identity ?? { id: "" })),
    );
    expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(attempts.find(({ status }) => status === "rejected")).toMatchObject({ reason: only });
    await onlyIdentity(one);
  });
});
