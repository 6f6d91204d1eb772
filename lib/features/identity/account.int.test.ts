import { describe, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import { updatePerson } from "#lib/data/people.ts";
import type { PersonId } from "#lib/foundation/ids.ts";
import { testDependencies, testTenant } from "#tooling/testing/tenant.ts";
import { changePassword, endOwnSession, listOwnSessions } from "./account.ts";
import { hashPassword } from "./passwords.ts";
import { openSession, resolveSession } from "./session.ts";

const old = "seven lanterns over the canal";
const chosen = "thirteen pelicans drumming";

async function signedIn() {
  const deps = testDependencies();
  const tenant = await testTenant(deps);
  const caller = await tenant.caller("DEVELOPER");
  const { personId } = caller.actor as { personId: PersonId };
  const passwordHash = await hashPassword(old);
  await deps.database.inInstallation((ctx) => updatePerson(ctx, personId, { passwordHash }));
  const session = await resolveSession(deps, await openSession(deps, { personId }));
  if (!session) throw new Error("no session");
  return { caller, tenant, deps, session, other: await openSession(deps, { personId }) };
}

describe("account", () => {
  it("changes the password after the old one was proven, and ends every other session", async () => {
    const { caller, tenant, deps, session, other } = await signedIn();
    await expect(
      changePassword(caller, session, { currentPassword: "not this one at all", newPassword: chosen }),
    ).rejects.toMatchObject({ fields: [{ path: "currentPassword" }] });
    expect(await resolveSession(deps, other)).not.toBeNull();
    await changePassword(caller, session, { currentPassword: old, newPassword: chosen });
    expect(await resolveSession(deps, other)).toBeNull();
    expect(await resolveSession(deps, session.id)).not.toBeNull();
    const rows = await deps.database.inTenant(tenant.id, (tx) =>
      tenantDb(tx).auditEvent.findMany({ where: { action: "person.change_password" } }),
    );
    expect(rows).toHaveLength(1);
  });

  it("lists the person's own sessions and ends one, never somebody else's", async () => {
    const [mine, theirs] = await Promise.all([signedIn(), signedIn()]);
    expect(await listOwnSessions(mine.caller, mine.session)).toHaveLength(2);
    await expect(endOwnSession(mine.caller, mine.session, { id: theirs.other })).rejects.toMatchObject({
      code: "not_found",
    });
    await endOwnSession(mine.caller, mine.session, { id: mine.other });
    expect(await listOwnSessions(mine.caller, mine.session)).toMatchObject([{ id: mine.session.id, isCurrent: true }]);
  });
});
