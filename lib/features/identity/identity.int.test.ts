import { beforeAll, describe, expect, it } from "vitest";
import { installationDb, tenantDb } from "#lib/data/database.ts";
import { insertFederatedIdentity } from "#lib/data/federated-identities.ts";
import { insertMembership } from "#lib/data/memberships.ts";
import { insertPerson, updatePerson } from "#lib/data/people.ts";
import { installationHistory, newId, type PersonId, type SessionId, type TenantId } from "#lib/foundation/ids.ts";
import { testIdentityProvider } from "#tooling/testing/identity-providers.ts";
import { testDependencies, testTenant } from "#tooling/testing/tenant.ts";
import type { Dependencies } from "../context.ts";
import { ensureFirstOperator } from "./first-operator.ts";
import { acceptOneTimeLink, issueOneTimeLink, proceedWithOneTimeLink, readOneTimeLink } from "./one-time-links.ts";
import { hashPassword } from "./passwords.ts";
import {
  activeMembership,
  actorOf,
  contextOf,
  endSession,
  openSession,
  resolveSession,
  switchTenant,
} from "./session.ts";
import { verifyPassword } from "./verify-password.ts";

const password = "seven lanterns over the canal";
let passwordHash: string;
beforeAll(async () => {
  passwordHash = await hashPassword(password);
});

async function person(deps: Dependencies) {
  const email = `${newId()}@example.com`;
  return deps.database.inInstallation((ctx) => insertPerson(ctx, { email, name: "Ada", passwordHash }));
}

const fromAnywhere = { device: null, address: "203.0.113.1" };
let nextAddress = 0;
const fresh = () => ({
  device: null,
  address: `10.1.${String(Math.floor(nextAddress / 250))}.${String(nextAddress++ % 250)}`,
});

describe("password sign-in", () => {
  it("gives the person for the right password, however the address is typed", async () => {
    const deps = testDependencies();
    const { id, email } = await person(deps);
    const caller = { deps, requestId: newId() };
    expect(await verifyPassword(caller, { email: ` ${email.toUpperCase()} `, password }, fresh())).toBe(id);
  });

  it("takes a password typed in another Unicode form", async () => {
    const deps = testDependencies();
    const { id, email } = await person(deps);
    const typed = "Ångström über den Kanälen";
    const composed = await hashPassword(typed.normalize("NFC"));
    await deps.database.inInstallation((ctx) => updatePerson(ctx, id, { passwordHash: composed }));
    const caller = { deps, requestId: newId() };
    expect(await verifyPassword(caller, { email, password: typed.normalize("NFD") }, fresh())).toBe(id);
  });

  it("answers the same for a wrong password, an unknown address, a disabled person and one without a password", async () => {
    const deps = testDependencies();
    const caller = { deps, requestId: newId() };
    const [active, disabled, without] = await Promise.all([person(deps), person(deps), person(deps)]);
    await deps.database.inInstallation(async (ctx) => {
      await installationDb(ctx).person.update({ where: { id: disabled.id }, data: { status: "DISABLED" } });
      await installationDb(ctx).person.update({ where: { id: without.id }, data: { passwordHash: null } });
    });
    const answers = await Promise.all(
      [
        { email: active.email, password: "wrong lanterns over it" },
        { email: "nobody@example.com", password },
        { email: "not an address", password },
        { email: disabled.email, password },
        { email: without.email, password },
      ].map((input) =>
        verifyPassword(caller, input, fresh()).catch(
          (error: unknown) => error as { code: string; message: string; fields: unknown },
        ),
      ),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer, ["code", "message", "fields"])))).toHaveLength(1);
    expect(answers[0]).toMatchObject({ code: "auth.failed" });
  });

  it("lets ten attempts on an account through in 15 minutes, from however many addresses", async () => {
    const deps = testDependencies();
    const tenant = await testTenant(deps);
    const developer = await tenant.caller("DEVELOPER");
    const { email } = developer.actor as { email: string };
    const attempts = await Promise.allSettled(
      Array.from({ length: 30 }, () =>
        verifyPassword({ deps, requestId: newId() }, { email, password: "wrong lanterns over it" }, fresh()),
      ),
    );
    const codes = attempts.map((result) => (result as { reason: { code: string } }).reason.code);
    expect(codes.filter((code) => code === "auth.failed")).toHaveLength(10);
    expect(codes.filter((code) => code === "limit.exceeded")).toHaveLength(20);
    expect(attempts.at(-1)).toMatchObject({ reason: { retryAfterSeconds: expect.any(Number) as number } });

    const rows = await deps.database.inTenant(tenant.id, (tx) =>
      tenantDb(tx).auditEvent.findMany({ where: { action: "person.sign_in_locked" } }),
    );
    expect(rows).toHaveLength(1);
  });

  it("still lets the owner in from a device known before, while strangers are guessing", async () => {
    const deps = testDependencies();
    const { id, email } = await person(deps);
    const caller = { deps, requestId: newId() };
    await Promise.allSettled(
      Array.from({ length: 12 }, () => verifyPassword(caller, { email, password: "wrong lanterns over it" }, fresh())),
    );
    await expect(verifyPassword(caller, { email, password }, fresh())).rejects.toMatchObject({
      code: "limit.exceeded",
    });
    expect(await verifyPassword(caller, { email, password }, { ...fresh(), device: "known" })).toBe(id);
  });

  it("stops one address that tries one password on many accounts, after a hundred", async () => {
    const deps = testDependencies();
    const caller = { deps, requestId: newId() };
    const address = "2001:db8:77::1";
    for (let index = 0; index < 100; index += 1) {
      const email = `victim-${String(index)}@example.com`;
      await deps.signInLimiter.admit({ email, device: null, address: `2001:db8:77::${index.toString(16)}` });
    }
    await expect(
      verifyPassword(caller, { email: "one-more@example.com", password }, { device: null, address }),
    ).rejects.toMatchObject({ code: "limit.exceeded" });
  });

  it("keeps limiting where the database does not answer", async () => {
    const { createSignInLimiter } = await import("./sign-in-limiter.ts");
    const away = { inInstallation: () => Promise.reject(new Error("away")) } as unknown as Dependencies["database"];
    const limiter = createSignInLimiter(away);
    const attempt = { email: "a@example.com", device: null, address: "203.0.113.50" };
    for (let index = 0; index < 10; index += 1) await limiter.admit(attempt);
    await expect(limiter.admit(attempt)).rejects.toMatchObject({ code: "limit.exceeded" });
    await limiter.admit({ ...attempt, email: "b@example.com" });
  });

  it("refuses an oversized password before any work is done", async () => {
    const deps = testDependencies();
    const huge = "x".repeat(1_000_000);
    await expect(
      verifyPassword({ deps, requestId: newId() }, { email: "a@example.com", password: huge }, fromAnywhere),
    ).rejects.toMatchObject({ code: "input.invalid" });
  });
});

describe("session", () => {
  const signedIn = async () => {
    let now = new Date("2026-03-01T10:00:00Z");
    const clock = { now: () => now };
    const deps = testDependencies({ clock });
    const tenant = await testTenant(deps);
    const caller = await tenant.caller("DEVELOPER");
    const personId = (caller.actor as { personId: PersonId }).personId;
    const id = await openSession(deps, { personId });
    const later = (seconds: number) => void (now = new Date(now.getTime() + seconds * 1000));
    const resolve = () => resolveSession(deps, id);
    return { deps, tenant, personId, id, later, resolve };
  };

  it("gives a context with what the roles allow now", async () => {
    const { deps, tenant, personId, resolve } = await signedIn();
    const read = async () => {
      const session = await resolve();
      return session && contextOf(session, { requestId: "r", deps });
    };
    expect((await read())?.permissions.has("application:write")).toBe(true);
    await deps.database.inTenant(tenant.id, (tx) =>
      tenantDb(tx).membership.updateMany({ where: { personId }, data: { roles: ["CREATOR"] } }),
    );
    expect((await read())?.permissions.has("application:write")).toBe(false);
    expect((await read())?.permissions.has("api:write")).toBe(true);
  });

  it("dies with the next request when its person is disabled", async () => {
    const { deps, personId, resolve } = await signedIn();
    await deps.database.inInstallation((ctx) =>
      installationDb(ctx).person.update({ where: { id: personId }, data: { status: "DISABLED" } }),
    );
    expect(await resolve()).toBeNull();
  });

  it("gives no context when the membership is disabled or the tenant suspended", async () => {
    for (const end of ["membership", "tenant"] as const) {
      const { deps, tenant, personId, resolve } = await signedIn();
      await deps.database.inInstallation(async (ctx) => {
        const db = installationDb(ctx);
        if (end === "membership") await db.membership.updateMany({ where: { personId }, data: { status: "DISABLED" } });
        else await db.tenant.update({ where: { id: tenant.id }, data: { status: "SUSPENDED" } });
      });
      const session = await resolve();
      expect(session && contextOf(session, { requestId: "r", deps })).toBeNull();
    }
  });

  it("is dead after it was ended, also for a copy of the cookie", async () => {
    const { deps, id, personId, resolve } = await signedIn();
    expect(await resolve()).not.toBeNull();
    await endSession(deps, { id, personId });
    expect(await resolve()).toBeNull();
  });

  it("ends after four idle hours, and after a day whatever happens", async () => {
    const idle = await signedIn();
    idle.later(4 * 3600 + 1);
    expect(await idle.resolve()).toBeNull();

    const busy = await signedIn();
    for (let hour = 1; hour < 24; hour += 1) {
      busy.later(3600);
      expect(await busy.resolve()).not.toBeNull();
    }
    busy.later(3600);
    expect(await busy.resolve()).toBeNull();
  });

  it("is not found by an id that is none", async () => {
    const { deps } = await signedIn();
    for (const id of [undefined, "", "' OR 1=1", newId<SessionId>(), 7])
      expect(await resolveSession(deps, id)).toBeNull();
  });

  it("switches between the person's tenants and to no other", async () => {
    const { deps, personId, resolve } = await signedIn();
    const [second, foreign] = await Promise.all([testTenant(deps), testTenant(deps)]);
    await deps.database.inInstallation((ctx) =>
      installationDb(ctx).membership.create({
        data: { id: newId(), tenantId: second.id, personId, roles: ["CREATOR"] },
      }),
    );
    const session = await resolve();
    if (!session) throw new Error("no session");
    await switchTenant(deps, session, second.id);
    const after = await resolve();
    expect(after && activeMembership(after)?.tenant.id).toBe(second.id);
    await expect(switchTenant(deps, session, foreign.id)).rejects.toMatchObject({ code: "tenant.not_found" });
  });
});

describe("a session that a tenant's identity provider opened", () => {
  /** Somebody with two tenants, who runs the installation too and came in through the first one's provider. */
  const entered = async () => {
    const deps = testDependencies();
    const [first, second] = [await testTenant(deps), await testTenant(deps)];
    const { personId } = (await first.caller("DEVELOPER")).actor as { personId: PersonId };
    await deps.database.inInstallation(async (ctx) => {
      await insertMembership(ctx, { tenantId: second.id, personId, roles: ["ADMINISTRATOR"] });
      await updatePerson(ctx, personId, { isOperator: true });
    });
    const id = await openSession(deps, { personId, tenantId: first.id, withinTenantId: first.id });
    return { deps, first, second, personId, resolve: () => resolveSession(deps, id) };
  };

  it("reaches that tenant alone, gives no operator's power, and says what it leaves out", async () => {
    const { deps, first, second, personId, resolve } = await entered();
    const session = await resolve();
    if (!session) throw new Error("no session");
    expect(session.memberships.map(({ tenant }) => tenant.id)).toEqual([first.id]);
    expect(session.beyond).toMatchObject({ tenants: [{ id: second.id }], isOperator: true });
    expect(actorOf(session)).toMatchObject({ personId, isOperator: false });
    expect(contextOf(session, { requestId: "r", deps })?.permissions.has("people:write")).toBe(false);
    await expect(switchTenant(deps, session, second.id)).rejects.toMatchObject({ code: "tenant.not_found" });
    // Their password, or a link, opens all of it.
    const whole = await resolveSession(deps, await openSession(deps, { personId }));
    expect(whole?.memberships).toHaveLength(2);
    expect(whole?.beyond).toEqual({ tenants: [], isOperator: false });
    expect(whole?.person.isOperator).toBe(true);
  });

  it("ends with the membership there, whatever else its person belongs to", async () => {
    for (const end of ["disabled", "suspended", "removed"] as const) {
      const { deps, first, personId, resolve } = await entered();
      await deps.database.inInstallation(async (ctx) => {
        const db = installationDb(ctx);
        const where = { personId, tenantId: first.id };
        if (end === "disabled") await db.membership.updateMany({ where, data: { status: "DISABLED" } });
        if (end === "suspended") await db.tenant.update({ where: { id: first.id }, data: { status: "SUSPENDED" } });
        if (end === "removed") await db.membership.deleteMany({ where });
      });
      expect([end, await resolve()]).toEqual([end, null]);
    }
  });
});

describe("one-time link", () => {
  const issued = async (lifeSeconds = 600) => {
    let now = new Date();
    const deps = testDependencies({ clock: { now: () => now } });
    const { id, email } = await person(deps);
    const { url } = await deps.database.inInstallation((ctx) =>
      issueOneTimeLink(ctx, deps, { personId: id, purpose: "FIRST_SIGN_IN", lifeSeconds }),
    );
    const later = (seconds: number) => void (now = new Date(now.getTime() + seconds * 1000));
    return { deps, id, email, url, token: url.split("/").at(-1) ?? "", later };
  };
  const chosen = { name: "Ada Lovelace", password: "thirteen pelicans drumming" };

  it("sets a password once; a second use is refused, even at the same moment", async () => {
    const { deps, id, email, token } = await issued();
    expect(await readOneTimeLink(deps, token)).toMatchObject({ email, asksForEmail: false });
    const uses = await Promise.allSettled(
      [1, 2, 3].map(() => acceptOneTimeLink(deps, { token, ...chosen }, "test-request")),
    );
    expect(uses.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(acceptOneTimeLink(deps, { token, ...chosen }, "test-request")).rejects.toMatchObject({
      code: "auth.link_invalid",
    });
    expect(await readOneTimeLink(deps, token)).toBeNull();
    const caller = { deps, requestId: newId() };
    expect(await verifyPassword(caller, { email, password: chosen.password }, fresh())).toBe(id);
  });

  it("stays usable after a refused password", async () => {
    const { deps, token } = await issued();
    await expect(
      acceptOneTimeLink(deps, { token, name: "Ada", password: "short" }, "test-request"),
    ).rejects.toMatchObject({
      code: "input.invalid",
    });
    await acceptOneTimeLink(deps, { token, ...chosen }, "test-request");
  });

  it("expires", async () => {
    const { deps, token, later } = await issued(60);
    later(61);
    expect(await readOneTimeLink(deps, token)).toBeNull();
    await expect(acceptOneTimeLink(deps, { token, ...chosen }, "test-request")).rejects.toMatchObject({
      code: "auth.link_invalid",
    });
  });

  it("ends the sessions that were open before the password changed", async () => {
    const { deps, id, token } = await issued();
    const session = await openSession(deps, { personId: id });
    await acceptOneTimeLink(deps, { token, ...chosen }, "test-request");
    expect(await resolveSession(deps, session)).toBeNull();
  });

  it("signs in once without setting anything, where the person wants that", async () => {
    const { deps, id, token } = await issued();
    const tenant = await testTenant(deps);
    await deps.database.inInstallation((ctx) =>
      insertMembership(ctx, { tenantId: tenant.id, personId: id, roles: ["DEVELOPER"] }),
    );
    expect(await proceedWithOneTimeLink(deps, token, "request-1")).toBe(id);
    await expect(proceedWithOneTimeLink(deps, token, "request-2")).rejects.toMatchObject({ code: "auth.link_invalid" });
    const events = await historyOf(deps, tenant.id, id);
    expect(events).toMatchObject([
      {
        ...{ action: "person.sign_in_by_link", subjectType: "person", requestId: "request-1" },
        ...{ actorId: id, actorName: "Ada", subjectName: "Ada", before: null, after: null },
      },
    ]);
    expect(JSON.stringify(events)).not.toContain(token);
  });

  it("signs nobody in where its use cannot be told", async () => {
    const { deps, token } = await issued();
    await expect(proceedWithOneTimeLink(deps, token, "\0")).rejects.toThrow();
    expect(await readOneTimeLink(deps, token)).not.toBeNull();
  });

  const historyOf = (deps: Dependencies, tenantId: TenantId, subjectId: string) =>
    deps.database.inTenant(tenantId, (tx) => tenantDb(tx).auditEvent.findMany({ where: { subjectId } }));

  it("is told to every tenant of the person, without a secret, and once", async () => {
    const { deps, id, email, token } = await issued();
    const tenants = [await testTenant(deps), await testTenant(deps)];
    await deps.database.inInstallation(async (ctx) => {
      for (const { id: tenantId } of tenants) {
        await insertMembership(ctx, { tenantId, personId: id, roles: ["DEVELOPER"] });
      }
    });
    await expect(acceptOneTimeLink(deps, { token, name: "Ada", password: "short" }, "refused")).rejects.toThrow();
    await acceptOneTimeLink(deps, { token, ...chosen }, "request-1");
    for (const tenant of tenants) {
      const events = await historyOf(deps, tenant.id, id);
      expect(events).toMatchObject([
        {
          ...{ action: "person.set_up", subjectType: "person", requestId: "request-1" },
          ...{ actorId: id, actorName: chosen.name, subjectName: chosen.name },
          ...{ before: { name: "Ada", email }, after: { name: chosen.name, email } },
        },
      ]);
      const text = JSON.stringify(events);
      for (const secret of [token, chosen.password, "argon2"]) expect(text).not.toContain(secret);
    }
    expect(await historyOf(deps, installationHistory, id)).toEqual([]);
  });

  it("is told to the installation where the person has no tenant", async () => {
    const { deps, id, token } = await issued();
    await acceptOneTimeLink(deps, { token, ...chosen }, "request-1");
    const events = await historyOf(deps, installationHistory, id);
    expect(events).toMatchObject([{ action: "person.set_up", actorId: id, requestId: "request-1" }]);
    expect(JSON.stringify(events)).not.toContain(token);
  });

  it("does not stand in the database in clear", async () => {
    const { deps, token } = await issued();
    const rows = await deps.database.inInstallation((ctx) => installationDb(ctx).oneTimeLink.findMany());
    expect(JSON.stringify(rows)).not.toContain(token);
  });
});

describe("first operator", () => {
  it("gets a fresh link at each start until sign-in is set up, and none after", async () => {
    const deps = testDependencies();
    const tokenOf = (link: { url: string } | null) => link?.url.split("/").at(-1) ?? "";
    // An operator who comes in through a tenant's identity provider reaches that tenant, not the installation.
    const admin = await (await testTenant(deps)).caller("ADMINISTRATOR");
    const { id: identityProviderId, tenant } = await testIdentityProvider(admin);
    await deps.database.inInstallation(async (ctx) => {
      const operator = { email: `${newId()}@example.com`, name: "Federated", isOperator: true };
      const { id: personId } = await insertPerson(ctx, operator);
      await insertFederatedIdentity(ctx, { tenantId: tenant.id, identityProviderId, subject: newId(), personId });
    });
    const first = tokenOf(await ensureFirstOperator(deps));
    const second = tokenOf(await ensureFirstOperator(deps));
    expect(await readOneTimeLink(deps, first)).toBeNull();
    expect(await readOneTimeLink(deps, second)).toMatchObject({ asksForEmail: true, email: "" });
    const chosen = { token: second, name: "Grace", password: "eleven harbours at midnight" };
    await expect(acceptOneTimeLink(deps, chosen, "test-request")).rejects.toMatchObject({
      fields: [{ path: "email" }],
    });
    await expect(proceedWithOneTimeLink(deps, second, "test-request")).rejects.toMatchObject({
      code: "auth.link_invalid",
    });
    const email = `grace-${newId()}@example.com`;
    const id = await acceptOneTimeLink(deps, { ...chosen, email }, "test-request");
    expect(await ensureFirstOperator(deps)).toBeNull();
    const session = await resolveSession(deps, await openSession(deps, { personId: id }));
    expect(session?.person).toMatchObject({ email, isOperator: true });
  });
});
