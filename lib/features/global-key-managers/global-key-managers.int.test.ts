import { beforeAll, describe, expect, inject, it } from "vitest";
import pg from "pg";
import { installationDb, tenantDb } from "#lib/data/database.ts";
import { copiedColumns } from "#lib/data/global-key-managers.ts";
import { installationHistory, newId, type KeyManagerId, type TenantId } from "#lib/foundation/ids.ts";
import {
  applicationWithKeys,
  globalsOf,
  globalWorld,
  ownDatabase,
  type GlobalWorld,
} from "#tooling/testing/global-key-managers.ts";
import { registrationOf } from "#tooling/testing/key-managers.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import { createApi } from "../apis/create.ts";
import { updateApi } from "../apis/update.ts";
import type { Context } from "../context.ts";
import { updateKeyManager } from "../key-managers/update.ts";
import type { KeyManagerView, UpdateKeyManagerInput } from "../key-managers/contract.ts";
import { getKeyManager } from "../key-managers/get.ts";
import { listChoosableKeyManagers } from "../key-managers/list-choosable.ts";
import { listUsableKeyManagers } from "../key-managers/list-usable.ts";
import { openKeyManager } from "../key-managers/open.ts";
import { registerKeyManager } from "../key-managers/register.ts";
import { removeKeyManager } from "../key-managers/remove.ts";
import { setKeyManagerEnabled } from "../key-managers/set-enabled.ts";
import { testConnection, testStoredConnection } from "../key-managers/test-connection.ts";
import { generateKeys } from "../key-mappings/generate.ts";
import { mapKeys } from "../key-mappings/map.ts";
import { removeKeys } from "../key-mappings/remove.ts";
import { createApplication } from "../applications/create.ts";
import { createTenant } from "../tenants/create.ts";
import {
  getGlobalKeyManager,
  getServing,
  listGlobalActivity,
  listGlobalKeyManagers,
  listServedTenants,
  previewGlobalDisable,
} from "./read.ts";
import { registerGlobalKeyManager } from "./register.ts";
import { removeGlobalKeyManager } from "./remove.ts";
import { setGlobalKeyManagerEnabled } from "./set-enabled.ts";
import { setServing } from "./set-serving.ts";
import { discoverGlobalKeyManager, testGlobalConnection, testStoredGlobalConnection } from "./test-connection.ts";
import { updateGlobalKeyManager } from "./update.ts";

let world: GlobalWorld;
let administrator: Context;
let neighbour: Context;

beforeAll(async () => {
  world = await globalWorld();
  administrator = await world.here.caller("ADMINISTRATOR", "CREATOR", "DEVELOPER");
  neighbour = await world.there.caller("ADMINISTRATOR", "CREATOR", "DEVELOPER");
});

async function copyOf(ctx: Context, name: string) {
  const copy = (await globalsOf(ctx)).find((item) => item.name === name);
  if (!copy) throw new Error(`The tenant has no copy of ${name}.`);
  return copy;
}

function formOf(view: KeyManagerView, changes: Partial<UpdateKeyManagerInput> = {}): UpdateKeyManagerInput {
  const { id, revision, displayName, description, tokenTypes, wellKnownUrl, issuer, endpoints, grantTypes } = view;
  const { signingKeys, connection } = view;
  return {
    ...{ id, revision, displayName, description, tokenTypes, wellKnownUrl, issuer, endpoints, grantTypes },
    ...{ signingKeys, connection, ...changes },
  };
}

function historyOf(tenantId: TenantId, subjectId: string) {
  return world.deps.database.inTenant(tenantId, (tx) =>
    tenantDb(tx).auditEvent.findMany({ where: { subjectId }, orderBy: [{ at: "asc" }, { id: "asc" }] }),
  );
}

describe("a global key manager", () => {
  it("stands in the lists of the tenants that it serves, marked, without its connection", async () => {
    const stranger = await (await testTenant(world.deps)).caller("ADMINISTRATOR");
    const world2 = await globalWorld();
    const view = await world2.register();
    expect(view).toMatchObject({ global: true, serves: "LISTED", usage: { apis: 0, applications: 0 } });
    expect(view.secretsSet.length).toBeGreaterThan(0);
    for (const tenant of [world2.here, world2.there]) {
      const ctx = await tenant.caller("ADMINISTRATOR", "CREATOR", "DEVELOPER");
      const copy = await copyOf(ctx, view.name);
      const seen = await getKeyManager(ctx, { id: copy.id });
      expect(seen).toMatchObject({ global: true, issuer: world2.server.issuer, connection: {}, secretsSet: [] });
      const stored = await ctx.deps.database.inTenant(ctx.tenant.id, (tx) =>
        tenantDb(tx).keyManager.findUnique({ where: { id: copy.id } }),
      );
      expect(stored).toMatchObject({ connection: {}, sealedSecrets: {} });
      for (const canary of world2.server.canaries) expect(JSON.stringify([seen, stored])).not.toContain(canary);
      expect(await listChoosableKeyManagers(ctx, {})).toContainEqual(
        expect.objectContaining({ id: copy.id, global: true }),
      );
      expect(await listUsableKeyManagers(ctx, {})).toContainEqual(
        expect.objectContaining({ id: copy.id, global: true }),
      );
    }
    expect(await globalsOf(stranger)).toEqual([]);
  });

  it("copies every setting that the two tables share, and nothing of the connection", async () => {
    const client = new pg.Client({ connectionString: inject("databaseUrl") });
    await client.connect();
    const columns = async (table: string) => {
      const { rows } = await client.query<{ name: string }>(
        "SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1 AND table_schema = 'public'",
        [table],
      );
      return rows.map(({ name }) => name).sort();
    };
    const own = new Set(["id", "connection", "sealed_secrets", "revision", "created_at", "updated_at"]);
    const [ofTenant, ofInstallation] = [await columns("key_manager"), await columns("global_key_manager")];
    await client.end();
    const settings = (names: string[], others: string[]) =>
      names.filter((name) => !own.has(name) && !others.includes(name));
    expect(settings(ofTenant, ["tenant_id", "global_key_manager_id"])).toEqual([...copiedColumns].sort());
    expect(settings(ofInstallation, ["serves"])).toEqual([...copiedColumns].sort());
  });

  it("is refused by the database with a connection in a tenant's row", async () => {
    const { id } = await (await globalWorld()).register();
    const smuggled = world.deps.database.inInstallation((tx) =>
      installationDb(tx).keyManager.updateMany({
        where: { globalKeyManagerId: id },
        data: { sealedSecrets: { clientSecret: "v1.x" } },
      }),
    );
    await expect(smuggled).rejects.toThrow(/key_manager_copy_without_connection/);
  });

  it("is changed in every tenant at once, keeping secrets that were left blank", async () => {
    const { register, operator, here, there, server, deps } = await globalWorld();
    const before = await register();
    const [ctx, other] = [await here.caller("ADMINISTRATOR", "DEVELOPER"), await there.caller("ADMINISTRATOR")];
    const version = () =>
      deps.database.inInstallation(async (tx) => {
        const rows = await installationDb(tx).tenant.findMany({ where: { id: { in: [here.id, there.id] } } });
        return rows.map(({ configVersion }) => configVersion);
      });
    const versions = await version();
    const after = await updateGlobalKeyManager(operator, formOf(before, { displayName: "Company login" }));
    expect(after).toMatchObject({ displayName: "Company login", revision: 2, secretsSet: before.secretsSet });
    for (const caller of [ctx, other]) expect((await copyOf(caller, before.name)).displayName).toBe("Company login");
    expect((await version()).every((now, index) => now > (versions[index] ?? 0n))).toBe(true);
    await applicationWithKeys(ctx, (await copyOf(ctx, before.name)).id);
    expect(server.clients.size).toBe(1);
    await expect(updateGlobalKeyManager(operator, formOf(before))).rejects.toMatchObject({ code: "revision.conflict" });
    await expect(
      updateGlobalKeyManager(operator, formOf(after, { issuer: "https://evil.test" })),
    ).rejects.toMatchObject({ code: "input.invalid" });
  });

  it("tells each tenant what happened, and its operators everything but secrets", async () => {
    const { register, operator, here, server } = await globalWorld();
    const view = await register();
    const ctx = await here.caller("ADMINISTRATOR");
    const copy = await copyOf(ctx, view.name);
    await setGlobalKeyManagerEnabled(operator, { id: view.id, revision: 1, enabled: false });
    await updateGlobalKeyManager(operator, formOf({ ...view, revision: 2 }, { description: "For all" }));
    await removeGlobalKeyManager(operator, { id: view.id });
    const actions = ["register", "set_enabled", "update", "delete"].map((verb) => `global_key_manager.${verb}`);
    const [told, kept] = [await historyOf(here.id, copy.id), await historyOf(installationHistory, view.id)];
    expect(told.map(({ action }) => action)).toEqual(actions);
    expect(kept.map(({ action, actorName }) => [action, actorName])).toEqual(
      actions.map((action) => [action, "Olive"]),
    );
    expect(JSON.stringify(told)).not.toContain('"connection"');
    for (const canary of server.canaries) expect(JSON.stringify([told, kept])).not.toContain(canary);
    const activity = await listGlobalActivity(operator, { id: view.id });
    expect(activity.items.map(({ sentence }) => sentence)).toEqual([
      "Olive deleted the global key manager Group login",
      "Olive changed the global key manager Group login",
      "Olive disabled the global key manager Group login",
      "Olive connected the global key manager Group login",
    ]);
  });
});

describe("a tenant", () => {
  it("gets keys of a global key manager, maps clients of it, and never a client of the other tenant", async () => {
    const { register, here, there, server } = await globalWorld();
    const { name } = await register();
    const [ctx, other] = [
      await here.caller("ADMINISTRATOR", "DEVELOPER"),
      await there.caller("ADMINISTRATOR", "DEVELOPER"),
    ];
    const [mine, theirs] = [await copyOf(ctx, name), await copyOf(other, name)];
    await applicationWithKeys(ctx, mine.id);
    await applicationWithKeys(other, theirs.id);
    expect(server.clients.size).toBe(2);
    const byHand = server.addClient();
    const client = { consumerKey: byHand.client_id, consumerSecret: byHand.client_secret ?? "" };
    const map = async (caller: Context, keyManagerId: string) => {
      const { id: applicationId } = await createApplication(caller, { name: "Mapped" });
      return mapKeys(caller, { applicationId, keyManagerId, keyType: "SANDBOX", ...client });
    };
    await map(ctx, mine.id);
    await expect(map(other, theirs.id)).rejects.toMatchObject({ code: "key_mapping.claimed" });
  });

  it("shares one opened adapter with the others, so that the server sees one session", async () => {
    const { register, here, there } = await globalWorld();
    const { name } = await register();
    const [ctx, other] = [await here.caller("ADMINISTRATOR"), await there.caller("ADMINISTRATOR")];
    const open = async (caller: Context) => openKeyManager(caller, (await copyOf(caller, name)).id as KeyManagerId);
    const [first, second] = [await open(ctx), await open(other)];
    expect(first.adapter).toBe(second.adapter);
    expect(first.record.connection).toEqual({});
  });

  it("cannot change, switch, delete or test it, and is told who can", async () => {
    const { register, here } = await globalWorld();
    const view = await register();
    const ctx = await here.caller("ADMINISTRATOR");
    const copy = await getKeyManager(ctx, { id: (await copyOf(ctx, view.name)).id });
    const { id, revision } = copy;
    const { connector, wellKnownUrl, issuer, endpoints, signingKeys } = copy;
    const form = { wellKnownUrl, issuer, endpoints, signingKeys, connection: {}, connectorId: connector.id };
    for (const attempt of [
      () => updateKeyManager(ctx, formOf(copy)),
      () => setKeyManagerEnabled(ctx, { id, revision, enabled: false }),
      () => removeKeyManager(ctx, { id }),
      () => testStoredConnection(ctx, { id, part: "access" }),
      () => testConnection(ctx, { id, part: "access", ...form }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({
        code: "auth.forbidden",
        message: expect.stringContaining("run by the operator") as unknown,
      });
    }
  });

  it("is refused keys while it is disabled", async () => {
    const { register, operator, here } = await globalWorld();
    const view = await register();
    const ctx = await here.caller("ADMINISTRATOR", "DEVELOPER");
    const copy = await copyOf(ctx, view.name);
    const { id: applicationId } = await createApplication(ctx, { name: "Shop" });
    await setGlobalKeyManagerEnabled(operator, { id: view.id, revision: view.revision, enabled: false });
    expect((await copyOf(ctx, view.name)).enabled).toBe(false);
    const input = { applicationId, keyManagerId: copy.id, grantTypes: ["client_credentials"] };
    await expect(generateKeys(ctx, { ...input, keyType: "PRODUCTION" })).rejects.toMatchObject({
      code: "key_manager.disabled",
    });
  });

  it("reads another tenant's copy as absent", async () => {
    const { register, here, there } = await globalWorld();
    const { name } = await register();
    const [ctx, other] = [await here.caller("ADMINISTRATOR"), await there.caller("ADMINISTRATOR")];
    const theirs = await copyOf(other, name);
    await expect(getKeyManager(ctx, { id: theirs.id })).rejects.toMatchObject({ code: "key_manager.not_found" });
  });
});

describe("names and issuers", () => {
  it("serves a tenant whose key manager has the same issuer, where claims tell their tokens apart", async () => {
    const { register, here, server } = await globalWorld();
    const ctx = await here.caller("ADMINISTRATOR");
    await registerKeyManager(ctx, registrationOf(server));
    const tokenHandling = { kind: "JWT" as const, claims: [{ claim: "tid", pattern: "group" }] };
    const { name } = await register({ tenants: [here.slug], tokenHandling });
    const copy = await copyOf(ctx, name);
    expect((await getKeyManager(ctx, { id: copy.id })).tokenHandling).toEqual(tokenHandling);
  });

  it("are refused where a tenant that would be served has them, naming it", async () => {
    const { register, here, there, server } = await globalWorld();
    const ctx = await here.caller("ADMINISTRATOR");
    const own = await registerKeyManager(ctx, registrationOf(server, { name: "company" }));
    await expect(register({ name: "company", issuer: `${server.issuer}/x` })).rejects.toMatchObject({
      code: "key_manager.conflict",
      fields: [{ path: "name", message: expect.stringContaining(ctx.tenant.name) as unknown }],
    });
    await expect(register()).rejects.toMatchObject({
      code: "key_manager.issuer_conflict",
      fields: [{ path: "issuer", message: expect.stringContaining(ctx.tenant.name) as unknown }],
    });
    await expect(register({ name: "built-in" })).rejects.toMatchObject({ code: "key_manager.conflict" });
    const elsewhere = await register({ tenants: [there.slug] });
    await expect(
      setServing(world.operator, {
        id: elsewhere.id,
        revision: elsewhere.revision,
        serves: "LISTED",
        tenants: [here.slug, there.slug],
      }),
    ).rejects.toMatchObject({ code: "key_manager.issuer_conflict", fields: [{ path: "tenants" }] });
    await setKeyManagerEnabled(ctx, { id: own.id, revision: own.revision, enabled: false });
    await setServing(world.operator, {
      id: elsewhere.id,
      revision: elsewhere.revision,
      serves: "LISTED",
      tenants: [here.slug, there.slug],
    });
    await expect(
      setKeyManagerEnabled(ctx, { id: own.id, revision: own.revision + 1, enabled: true }),
    ).rejects.toMatchObject({
      code: "key_manager.issuer_conflict",
      message: expect.stringContaining("global key manager “Group login”") as unknown,
    });
    await expect(registerKeyManager(ctx, registrationOf(server))).rejects.toMatchObject({
      code: "key_manager.issuer_conflict",
    });
    await expect(
      registerKeyManager(ctx, registrationOf(server, { name: elsewhere.name, enabled: false })),
    ).rejects.toMatchObject({
      code: "key_manager.conflict",
    });
  });

  it("go to one of two who ask at the same moment, an operator and an administrator", async () => {
    const { register, here, server } = await globalWorld();
    const ctx = await here.caller("ADMINISTRATOR");
    const results = await Promise.allSettled([register(), registerKeyManager(ctx, registrationOf(server))]);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("let several global key managers stand beside each other, but not two of one name", async () => {
    const { register, here, server } = await globalWorld();
    const first = await register();
    await register({ issuer: `${server.issuer}/second`, name: `${first.name}-2` });
    await expect(
      register({ issuer: `${server.issuer}/third`, name: first.name, tenants: [here.slug] }),
    ).rejects.toMatchObject({ code: "key_manager.conflict", fields: [{ path: "name" }] });
    expect(await globalsOf(await here.caller("ADMINISTRATOR"))).toHaveLength(2);
  });
});

describe("serving", () => {
  it("gives and takes, tells the tenants, and refuses addresses that nobody has", async () => {
    const { register, operator, here, there } = await globalWorld();
    const view = await register({ tenants: [here.slug] });
    const other = await there.caller("ADMINISTRATOR");
    expect(await globalsOf(other)).toEqual([]);
    const change = (revision: number, tenants: string[]) =>
      setServing(operator, { id: view.id, revision, serves: "LISTED", tenants });
    expect(await change(1, [there.slug])).toMatchObject({ revision: 2, tenants: [there.slug] });
    const copy = await copyOf(other, view.name);
    expect(await globalsOf(await here.caller("ADMINISTRATOR"))).toEqual([]);
    expect((await listServedTenants(operator, { id: view.id })).items).toMatchObject([{ slug: there.slug, apis: 0 }]);
    expect((await historyOf(there.id, copy.id)).map(({ action, after }) => [action, after])).toEqual([
      ["global_key_manager.set_serving", { served: true }],
    ]);
    await expect(change(2, [there.slug, "no-such-tenant"])).rejects.toMatchObject({
      code: "input.invalid",
      fields: [{ path: "tenants", message: expect.stringContaining("no-such-tenant") as unknown }],
    });
    await expect(change(2, [])).rejects.toMatchObject({ fields: [{ path: "tenants" }] });
    await expect(change(1, [here.slug])).rejects.toMatchObject({ code: "revision.conflict" });
  });

  it("is not taken from a tenant, nor deleted, while an API or an application there uses it", async () => {
    const { register, operator, here, there } = await globalWorld();
    const view = await register();
    const ctx = await here.caller("ADMINISTRATOR", "CREATOR", "DEVELOPER");
    const other = await there.caller("ADMINISTRATOR", "DEVELOPER");
    const copy = await copyOf(ctx, view.name);
    const definition = {
      name: "Orders",
      version: "1",
      context: "/orders",
      resources: [{ verb: "GET" as const, path: "/" }],
    };
    const api = await createApi(ctx, { ...definition, acceptAllKeyManagers: false, keyManagerIds: [copy.id] });
    const keys = await applicationWithKeys(other, (await copyOf(other, view.name)).id);
    await expect(removeGlobalKeyManager(operator, { id: view.id })).rejects.toMatchObject({
      code: "key_manager.in_use",
      message: expect.stringMatching(
        new RegExp(
          `(${ctx.tenant.name} \\(1 API\\).*${other.tenant.name} \\(1 application\\))|(${other.tenant.name} \\(1 application\\).*${ctx.tenant.name} \\(1 API\\))`,
        ),
      ) as unknown,
    });
    await expect(
      setServing(operator, { id: view.id, revision: 1, serves: "LISTED", tenants: [there.slug] }),
    ).rejects.toMatchObject({
      code: "key_manager.in_use",
      message: expect.stringContaining(ctx.tenant.name) as unknown,
    });
    expect(await getGlobalKeyManager(operator, { id: view.id })).toMatchObject({ usage: { apis: 1, applications: 1 } });
    expect(await previewGlobalDisable(operator, { id: view.id })).toMatchObject({ applications: 1, activeKeys: 1 });

    await updateApi(ctx, { ...definition, id: api.id, revision: api.revision });
    await setServing(operator, { id: view.id, revision: 1, serves: "LISTED", tenants: [there.slug] });
    expect(await globalsOf(ctx)).toEqual([]);
    await expect(removeGlobalKeyManager(operator, { id: view.id })).rejects.toMatchObject({
      code: "key_manager.in_use",
    });
    await removeKeys(other, { id: keys.keyMappingId });
    await removeGlobalKeyManager(operator, { id: view.id });
    expect(await globalsOf(other)).toEqual([]);
    await expect(getGlobalKeyManager(operator, { id: view.id })).rejects.toMatchObject({
      code: "key_manager.not_found",
    });
  });

  it("of every tenant reaches those that stand and those that come", async () => {
    const own = await ownDatabase();
    try {
      const { register, operator, here, deps } = await globalWorld({ database: own.database });
      const view = await register({ serves: "ALL", tenants: [] });
      expect((await globalsOf(await here.caller("ADMINISTRATOR"))).map(({ name }) => name)).toEqual([view.name]);
      const slugOf = (number: number) => `later-${"abc"[number] ?? "x"}`;
      const made = await Promise.all(
        [0, 1].map((number) =>
          createTenant(operator, { name: "Later", slug: slugOf(number), administratorEmail: "ada@example.com" }),
        ),
      );
      for (const { id } of made) {
        const held = await deps.database.inTenant(id as TenantId, (tx) =>
          tenantDb(tx).keyManager.findMany({ where: { globalKeyManagerId: view.id } }),
        );
        expect(held).toMatchObject([{ name: view.name, connection: {} }]);
      }
      expect((await listServedTenants(operator, { id: view.id, limit: 2 })).nextCursor).not.toBeNull();
      const listed = await setServing(operator, { id: view.id, revision: 1, serves: "LISTED", tenants: [here.slug] });
      expect(listed.tenants).toEqual([here.slug]);
      await setServing(operator, { id: view.id, revision: 2, serves: "ALL" });
      expect(await getServing(operator, { id: view.id })).toMatchObject({ serves: "ALL", tenants: [], revision: 3 });
      expect((await listServedTenants(operator, { id: view.id })).items).toHaveLength(4);
    } finally {
      await own.drop();
    }
  });
});

describe("operators", () => {
  it("discover and test, before saving and after", async () => {
    const { register, operator, server } = await globalWorld();
    const found = await discoverGlobalKeyManager(operator, { wellKnownUrl: server.issuer });
    expect(found.values.issuer).toBe(server.issuer);
    const { connectorId, wellKnownUrl, issuer, endpoints, signingKeys, connection } = registrationOf(server);
    const form = { connectorId, wellKnownUrl, issuer, endpoints, signingKeys, connection };
    const passed = (results: { status: string }[]) => results.every(({ status }) => status !== "failed");
    for (const part of ["server", "access"] as const) {
      expect(passed((await testGlobalConnection(operator, { part, ...form })).results)).toBe(true);
    }
    const { id, connection: shown } = await register();
    const again = await testGlobalConnection(operator, { part: "access", id, ...form, connection: shown });
    expect(passed(again.results)).toBe(true);
    expect(passed((await testStoredGlobalConnection(operator, { part: "access", id })).results)).toBe(true);
    await expect(testStoredGlobalConnection(operator, { part: "access", id: newId() })).rejects.toMatchObject({
      code: "key_manager.not_found",
    });
  });

  it("find them by search and page through them", async () => {
    const { register, operator, server } = await globalWorld();
    const word = newId().slice(-10);
    const made = [];
    for (const number of [1, 2, 3]) {
      made.push(await register({ issuer: `${server.issuer}/${String(number)}`, name: `${word}-${String(number)}` }));
    }
    const first = await listGlobalKeyManagers(operator, { search: word, limit: 2 });
    expect(first.items).toMatchObject([{ tenants: 2, serves: "LISTED" }, { global: true }]);
    const second = await listGlobalKeyManagers(operator, { search: word, limit: 2, cursor: first.nextCursor });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(made.map(({ id }) => id));
  });

  it("are the only ones who may", async () => {
    const { id } = await world.register();
    const name = `n-${newId().slice(-8)}`;
    const reference = { id, revision: 1 };
    const form = registrationOf(world.server, { name });
    for (const attempt of [
      () => registerGlobalKeyManager(administrator, { ...form, serves: "LISTED", tenants: [world.here.slug] }),
      () => updateGlobalKeyManager(administrator, { ...reference, issuer: world.server.issuer }),
      () => setGlobalKeyManagerEnabled(administrator, { ...reference, enabled: false }),
      () => setServing(administrator, { ...reference, serves: "ALL" }),
      () => removeGlobalKeyManager(administrator, { id }),
      () => listGlobalKeyManagers(administrator, {}),
      () => getGlobalKeyManager(administrator, { id }),
      () => getServing(administrator, { id }),
      () => listServedTenants(administrator, { id }),
      () => previewGlobalDisable(administrator, { id }),
      () => listGlobalActivity(administrator, { id }),
      () => discoverGlobalKeyManager(administrator, { wellKnownUrl: world.server.issuer }),
      () => testStoredGlobalConnection(neighbour, { id, part: "server" }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: "auth.forbidden" });
    }
  });
});
