import { beforeEach, describe, expect, it } from "vitest";
import { openWso2Is, type SimulatedWso2Is } from "#connectors/wso2is/simulator.ts";
import { installationDb, tenantDb } from "#lib/data/database.ts";
import { newId } from "#lib/foundation/ids.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { testJobs, type TestJobs } from "#tooling/testing/jobs.ts";
import { testDependencies, testTenant, type TestDependencies, type TestTenant } from "#tooling/testing/tenant.ts";
import type { Context } from "../context.ts";
import { openSession, resolveSession } from "../identity/session.ts";
import { getKeyManager } from "../key-managers/get.ts";
import { registerKeyManager } from "../key-managers/register.ts";
import { setKeyManagerEnabled } from "../key-managers/set-enabled.ts";
import { generateKeys } from "../key-mappings/generate.ts";
import { getKeys, listKeys } from "../key-mappings/list.ts";
import { revealSecret } from "../key-mappings/reveal-secret.ts";
import { tellForgottenOwners } from "../key-mappings/tell-owner.ts";
import { updateKeys } from "../key-mappings/update.ts";
import { findOwners, getEveryApplication } from "./administer.ts";
import { changeApplicationOwner } from "./change-owner.ts";
import { createApplication } from "./create.ts";
import { listApplications, listEveryApplication } from "./list.ts";
import { getApplication } from "./read.ts";

type Person = Context["actor"] & { kind: "person" };
const person = (ctx: Context) => ctx.actor as Person;

type World = {
  deps: TestDependencies;
  tenant: TestTenant;
  admin: Context;
  dora: Context;
  emil: Context;
  jobs: TestJobs;
  /** Stands between us and the key manager until it is set back to undefined. */
  interfere(outbound: OutboundFetch | undefined): void;
  pass(seconds: number): void;
  server: SimulatedWso2Is;
};

let world: World;
beforeEach(async () => {
  let offsetMs = 0;
  let between: OutboundFetch | undefined;
  // Each at an address of its own: tenants with the same issuer share what stands there.
  const server = await openWso2Is({ origin: `https://wso2is-${newId()}.test` });
  const deps = testDependencies({
    outbound: (url, init) => (between ?? server.fetch)(url, init),
    clock: { now: () => new Date(Date.now() + offsetMs) },
  });
  const tenant = await testTenant(deps);
  const [admin, dora, emil] = [
    await tenant.caller("ADMINISTRATOR"),
    await tenant.caller("DEVELOPER"),
    await tenant.caller("DEVELOPER"),
  ];
  for (const ctx of [dora, emil]) server.users.add(person(ctx).email);
  world = {
    ...{ deps, tenant, admin, dora, emil, server, jobs: await testJobs(deps) },
    interfere(outbound) {
      between = outbound;
    },
    pass(seconds) {
      offsetMs += seconds * 1_000;
    },
  };
});

/** Connects the server; clients belong to the owners of applications unless said otherwise. */
async function connect(owner: object = { method: "application" }): Promise<string> {
  const { settings, connectionInput } = world.server;
  const { issuer, endpoints, signingKeys } = settings;
  const { id } = await registerKeyManager(world.admin, {
    name: `is-${newId().slice(-8)}`,
    displayName: "Corporate IS",
    connectorId: "wso2is",
    ...{ issuer, endpoints, signingKeys },
    grantTypes: ["client_credentials"],
    connection: { ...connectionInput, owner },
  });
  return id;
}

async function shopOf(ctx: Context, name = "Shop"): Promise<string> {
  return (await createApplication(ctx, { name })).id;
}

async function newKeys(ctx: Context, applicationId: string, keyManagerId: string) {
  const { keys } = await generateKeys(ctx, {
    ...{ applicationId, keyManagerId, keyType: "PRODUCTION", firstToken: false },
    grantTypes: ["client_credentials"],
  });
  return keys;
}

const give = (id: string, from: Context, to: Context, by = world.admin) =>
  changeApplicationOwner(by, { id, from: person(from).personId, ownerId: person(to).personId });

const auditOf = (subjectId: string) =>
  world.deps.database.inTenant(world.tenant.id, (tx) =>
    tenantDb(tx).auditEvent.findMany({
      where: { subjectId },
      orderBy: { id: "asc" },
      select: { action: true, actorName: true, before: true, after: true },
    }),
  );

/** Changes the membership of somebody by hand. */
const setMembership = (ctx: Context, data: { status?: "DISABLED"; roles?: "CREATOR"[] }) =>
  world.deps.database.inTenant(world.tenant.id, (tx) =>
    tenantDb(tx).membership.updateMany({ where: { personId: person(ctx).personId }, data }),
  );

describe("an application that changes hands", () => {
  it("goes over with its keys, is lost to its former owner at once, and the history tells both names", async () => {
    const { admin, dora, emil, deps, tenant } = world;
    const keyManagerId = await connect({ method: "administrator" });
    const id = await shopOf(dora);
    const keys = await newKeys(dora, id, keyManagerId);
    const sessionId = await openSession(deps, { personId: person(dora).personId, tenantId: tenant.id });

    expect(await give(id, dora, emil)).toEqual({
      name: "Shop",
      ownerName: person(emil).name,
      followingClients: 0,
    });

    // The session lives on, and opens nothing of this application.
    expect(await resolveSession(deps, sessionId)).not.toBeNull();
    await expect(getApplication(dora, { id })).rejects.toMatchObject({ code: "application.not_found" });
    await expect(getKeys(dora, { id: keys.id })).rejects.toMatchObject({ code: "key_mapping.not_found" });
    await expect(revealSecret(dora, { id: keys.id })).rejects.toMatchObject({ code: "key_mapping.not_found" });
    expect((await listApplications(dora, {})).items).toEqual([]);

    expect(await getApplication(emil, { id })).toMatchObject({ name: "Shop", ownerName: person(emil).name });
    expect(await listKeys(emil, { applicationId: id, keyType: "PRODUCTION" })).toMatchObject([
      { consumerKey: keys.consumerKey, hasSecret: true, ownerChange: null },
    ]);
    expect((await revealSecret(emil, { id: keys.id })).consumerSecret).toMatch(/^canary-/);
    expect((await auditOf(id)).at(-1)).toEqual({
      action: "application.change_owner",
      actorName: person(admin).name,
      before: { owner: person(dora).name, ownerId: person(dora).personId },
      after: { owner: person(emil).name, ownerId: person(emil).personId },
    });
    expect(world.deps.enqueued.filter(({ kind }) => kind === "key_mapping.tell_owner")).toEqual([]);
  });

  it("takes an administrator: neither its owner nor another developer may give it away", async () => {
    const { dora, emil } = world;
    const id = await shopOf(dora);
    for (const caller of [dora, emil, await world.tenant.caller("CREATOR")]) {
      await expect(give(id, dora, emil, caller)).rejects.toMatchObject({ code: "auth.forbidden" });
      await expect(getEveryApplication(caller, { id })).rejects.toMatchObject({ code: "auth.forbidden" });
      await expect(listEveryApplication(caller, {})).rejects.toMatchObject({ code: "auth.forbidden" });
      await expect(findOwners(caller, { id })).rejects.toMatchObject({ code: "auth.forbidden" });
    }
    await expect(getApplication(dora, { id })).resolves.toMatchObject({ ownerName: person(dora).name });
  });

  it("is not seen from another tenant, and goes to nobody there", async () => {
    const { dora, emil, admin } = world;
    const there = await testTenant(world.deps);
    const [foreignAdmin, foreigner] = [await there.caller("ADMINISTRATOR"), await there.caller("DEVELOPER")];
    const id = await shopOf(dora);
    await expect(give(id, dora, emil, foreignAdmin)).rejects.toMatchObject({ code: "application.not_found" });
    await expect(getEveryApplication(foreignAdmin, { id })).rejects.toMatchObject({ code: "application.not_found" });
    await expect(findOwners(foreignAdmin, { id })).rejects.toMatchObject({ code: "application.not_found" });
    expect((await listEveryApplication(foreignAdmin, {})).items).toEqual([]);
    await expect(give(id, dora, foreigner)).rejects.toMatchObject({
      code: "input.invalid",
      fields: [{ path: "ownerId", message: expect.stringContaining("no such person") }],
    });
    const { email } = person(foreigner);
    expect(await findOwners(admin, { id, search: email })).toEqual([]);
  });

  it("goes only to an active developer who does not own it yet", async () => {
    const { admin, dora, emil, tenant, deps } = world;
    const id = await shopOf(dora);
    const problem = { code: "input.invalid", fields: [{ path: "ownerId", message: expect.any(String) }] };
    await expect(give(id, dora, dora)).rejects.toMatchObject(problem);
    await expect(give(id, dora, await tenant.caller("CREATOR", "ADMINISTRATOR"))).rejects.toMatchObject(problem);
    const gone = await tenant.caller("DEVELOPER");
    await deps.database.inInstallation((ctx) =>
      installationDb(ctx).person.update({ where: { id: person(gone).personId }, data: { status: "DISABLED" } }),
    );
    await expect(give(id, dora, gone)).rejects.toMatchObject(problem);
    expect((await findOwners(admin, { id })).map(({ personId }) => personId)).toEqual([person(emil).personId]);

    await setMembership(emil, { status: "DISABLED" });
    await expect(give(id, dora, emil)).rejects.toMatchObject({
      fields: [{ path: "ownerId", message: expect.stringContaining("disabled or lacks the role developer") }],
    });
    expect(await findOwners(admin, { id })).toEqual([]);
    expect(await getEveryApplication(admin, { id })).toMatchObject({ ownerName: person(dora).name });
    expect(await auditOf(id)).toHaveLength(1);
  });

  it("can be taken from somebody who is disabled", async () => {
    const { admin, dora, emil } = world;
    const id = await shopOf(dora);
    await setMembership(dora, { status: "DISABLED" });
    expect((await getEveryApplication(admin, { id })).owner).toMatchObject({
      personId: person(dora).personId,
      isActive: false,
    });
    await give(id, dora, emil);
    expect((await getEveryApplication(admin, { id })).owner).toMatchObject({
      email: person(emil).email,
      isActive: true,
    });
  });

  it("is refused at the field where the new owner has one of this name, and stays where it was", async () => {
    const { dora, emil } = world;
    const id = await shopOf(dora);
    await shopOf(emil);
    await expect(give(id, dora, emil)).rejects.toMatchObject({
      code: "application.conflict",
      fields: [{ path: "ownerId", message: expect.stringContaining("has an application named Shop already") }],
    });
    await expect(getApplication(dora, { id })).resolves.toMatchObject({ name: "Shop" });
  });

  it("goes to one person where two administrators give it away at once", async () => {
    const { dora, emil, tenant, admin } = world;
    const fay = await tenant.caller("DEVELOPER");
    const id = await shopOf(dora);
    const other = await tenant.caller("ADMINISTRATOR");
    const outcomes = await Promise.allSettled([give(id, dora, emil), give(id, dora, fay, other)]);
    const refused = outcomes.filter((outcome) => outcome.status === "rejected");
    expect(refused).toMatchObject([{ reason: { code: "revision.conflict" } }]);
    const { owner } = await getEveryApplication(admin, { id });
    const winner = outcomes[0]?.status === "fulfilled" ? emil : fay;
    expect(owner.personId).toBe(person(winner).personId);
    expect((await auditOf(id)).filter(({ action }) => action === "application.change_owner")).toHaveLength(1);
  });
});

describe("everybody's applications", () => {
  it("are listed page by page, newest first, and found by their name or their owner's", async () => {
    const { admin, dora, emil } = world;
    for (const [ctx, name] of [
      [dora, "100% real"],
      [emil, "Plain"],
      [dora, "Under_score"],
    ] as const) {
      await shopOf(ctx, name);
    }
    const first = await listEveryApplication(admin, { limit: 2 });
    const second = await listEveryApplication(admin, { limit: 2, cursor: first.nextCursor });
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(["Under_score", "Plain", "100% real"]);
    expect(second.nextCursor).toBeNull();
    const found = async (search: string) =>
      (await listEveryApplication(admin, { search })).items.map(({ name }) => name);
    expect(await found("%")).toEqual(["100% real"]);
    expect(await found(person(emil).name.toUpperCase())).toEqual(["Plain"]);
    const narrowed = await listEveryApplication(admin, { search: person(dora).name, limit: 1 });
    const rest = await listEveryApplication(admin, {
      search: person(dora).name,
      limit: 1,
      cursor: narrowed.nextCursor,
    });
    expect([...narrowed.items, ...rest.items].map(({ name }) => name)).toEqual(["Under_score", "100% real"]);
  });
});

describe("a key manager at which clients belong to the owners of applications", () => {
  it("makes a client for the owner, and is told a new one in the background", async () => {
    const { admin, dora, emil, server, jobs } = world;
    const keyManagerId = await connect();
    const id = await shopOf(dora);
    const keys = await newKeys(dora, id, keyManagerId);
    const client = () => server.clients.get(keys.consumerKey ?? "");
    expect(client()?.owner).toBe(person(dora).email);

    server.requests.length = 0;
    expect(await give(id, dora, emil)).toMatchObject({ followingClients: 1 });
    expect(server.requests).toEqual([]);
    expect((await getEveryApplication(admin, { id })).keySets).toMatchObject([
      { keyManager: { displayName: "Corporate IS" }, owner: { isKnown: false, problem: null } },
    ]);
    await jobs.run();
    expect(client()?.owner).toBe(person(emil).email);
    expect((await getEveryApplication(admin, { id })).keySets).toMatchObject([
      { state: "ACTIVE", owner: { isKnown: true, problem: null } },
    ]);
    expect(await getKeys(emil, { id: keys.id })).toMatchObject({ ownerChange: null, operation: null, failure: null });
    expect((await auditOf(keys.id)).at(-1)).toMatchObject({
      action: "key_mapping.tell_owner",
      actorName: "Latchkey",
      after: { owner: person(emil).name },
    });
    // Told once, it is not told again.
    server.requests.length = 0;
    await jobs.run("later");
    expect(server.requests).toEqual([]);
  });

  it("that refuses is tried again ever later, and the change stands; the reason is shown, and told once", async () => {
    const { admin, dora, emil, server, jobs } = world;
    const keyManagerId = await connect();
    const id = await shopOf(dora);
    const keys = await newKeys(dora, id, keyManagerId);
    server.users.delete(person(emil).email);
    await give(id, dora, emil);
    await jobs.run();
    const problem = expect.stringContaining(`no user ${person(emil).email}`);
    expect(await getKeys(emil, { id: keys.id })).toMatchObject({
      state: "ACTIVE",
      ownerChange: { problem },
      operation: null,
      can: { update: true, reveal: true },
    });
    expect((await getEveryApplication(admin, { id })).keySets).toMatchObject([{ owner: { isKnown: false, problem } }]);
    const waits = () => jobs.waiting.filter(({ kind }) => kind === "key_mapping.tell_owner");
    expect(waits()).toMatchObject([{ delaySeconds: 10 }]);
    await jobs.run("later");
    expect(waits()).toMatchObject([{ delaySeconds: 20 }]);
    const told = (await auditOf(keys.id)).filter(({ action }) => action === "key_mapping.tell_owner");
    expect(told).toMatchObject([{ after: { outcome: "refused", problem } }]);

    server.users.add(person(emil).email);
    await jobs.run("later");
    expect(server.clients.get(keys.consumerKey ?? "")?.owner).toBe(person(emil).email);
    expect(await getKeys(emil, { id: keys.id })).toMatchObject({ ownerChange: null });
  });

  it("that does not answer is asked what came of it", async () => {
    const { dora, emil, server, jobs, pass } = world;
    const keyManagerId = await connect();
    const id = await shopOf(dora);
    const keys = await newKeys(dora, id, keyManagerId);
    await give(id, dora, emil);
    server.fail("error-after-write", { path: /change-owner/, times: 1 });
    await jobs.run();
    expect(await getKeys(emil, { id: keys.id })).toMatchObject({ operation: { kind: "change_owner", running: false } });
    pass(60);
    await jobs.run("later");
    expect(server.clients.get(keys.consumerKey ?? "")?.owner).toBe(person(emil).email);
    expect(await getKeys(emil, { id: keys.id })).toMatchObject({ operation: null, ownerChange: null, failure: null });
  });

  it("is told the last owner where the application changes hands twice", async () => {
    const { dora, emil, server, jobs, interfere } = world;
    const keyManagerId = await connect();
    const id = await shopOf(dora);
    const keys = await newKeys(dora, id, keyManagerId);
    await give(id, dora, emil);
    // While the key manager is being told of the first, the second happens.
    let isSecond = false;
    interfere(async (url, init) => {
      if (url.includes("change-owner") && !isSecond) {
        isSecond = true;
        await give(id, emil, dora);
      }
      return server.fetch(url, init);
    });
    await jobs.run();
    expect(isSecond).toBe(true);
    expect(server.clients.get(keys.consumerKey ?? "")?.owner).toBe(person(dora).email);
    expect(await getKeys(dora, { id: keys.id })).toMatchObject({ ownerChange: null });
  });

  it("is told when an operation on the keys has come to its end, not meanwhile", async () => {
    const { dora, emil, server, jobs, interfere } = world;
    const keyManagerId = await connect();
    const id = await shopOf(dora);
    const keys = await newKeys(dora, id, keyManagerId);
    let given = false;
    interfere(async (url, init) => {
      if (init?.method === "PUT" && !given) {
        given = true;
        await give(id, dora, emil);
        await jobs.run();
        expect(server.requests.filter(({ url: at }) => at.includes("change-owner"))).toEqual([]);
      }
      return server.fetch(url, init);
    });
    // Whoever began it may still read its end; the next question is refused.
    await updateKeys(dora, { id: keys.id, grantTypes: ["client_credentials"], settings: { tokenType: "Default" } });
    await jobs.run("later");
    expect(server.clients.get(keys.consumerKey ?? "")).toMatchObject({
      owner: person(emil).email,
      tokenType: "Default",
    });
  });

  it("that is disabled is told once it is enabled again, by the sweep", async () => {
    const { admin, dora, emil, server, jobs, pass } = world;
    const keyManagerId = await connect();
    const id = await shopOf(dora);
    const keys = await newKeys(dora, id, keyManagerId);
    const setEnabled = async (enabled: boolean) => {
      const { revision } = await getKeyManager(admin, { id: keyManagerId });
      await setKeyManagerEnabled(admin, { id: keyManagerId, revision, enabled });
    };
    await setEnabled(false);
    await give(id, dora, emil);
    await jobs.run();
    expect(server.clients.get(keys.consumerKey ?? "")?.owner).toBe(person(dora).email);
    pass(600);
    const isSwept = async () => {
      await tellForgottenOwners(world.deps);
      return world.deps.enqueued.some(({ subjectId }) => subjectId === keys.id);
    };
    expect(await isSwept()).toBe(false);
    await setEnabled(true);
    expect(await isSwept()).toBe(true);
    await jobs.run();
    expect(server.clients.get(keys.consumerKey ?? "")?.owner).toBe(person(emil).email);
  });

  it("refuses keys of somebody whom it does not know, with words that say what to do", async () => {
    const { dora, server } = world;
    const keyManagerId = await connect();
    server.users.delete(person(dora).email);
    const id = await shopOf(dora);
    await expect(newKeys(dora, id, keyManagerId)).rejects.toMatchObject({
      code: "key_manager.rejected",
      message: expect.stringContaining("Create this user there"),
    });
  });
});
