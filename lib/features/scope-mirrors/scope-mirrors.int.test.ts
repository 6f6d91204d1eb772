import { beforeEach, describe, expect, it } from "vitest";
import { newId, type PersonId } from "#lib/foundation/ids.ts";
import { realmRegistration, scopesWorld, type ScopesWorld } from "#tooling/testing/scopes.ts";
import { deleteApi } from "../apis/delete.ts";
import { getApi } from "../apis/read.ts";
import { registerGlobalKeyManager } from "../global-key-managers/register.ts";
import { getKeyManager } from "../key-managers/get.ts";
import { registerKeyManager } from "../key-managers/register.ts";
import { setKeyManagerEnabled } from "../key-managers/set-enabled.ts";
import { listScopeMirrorsAt, listScopeMirrorsOfApi } from "./list.ts";
import { reconcileForgottenScopes, reconcileScopes } from "./reconcile.ts";
import { retryMirroringAt, retryMirroringOfApi } from "./retry.ts";

let world: ScopesWorld;
beforeEach(async () => {
  world = await scopesWorld();
});

const states = async ({ creator } = world, apiId: string) =>
  Object.fromEntries(
    (await listScopeMirrorsOfApi(creator, { apiId })).flatMap(({ scopes }) =>
      scopes.map(({ name, state }) => [name, state]),
    ),
  );

async function setEnabled(enabled: boolean) {
  const { id, revision } = await getKeyManager(world.admin, { id: world.keyManagerId });
  await setKeyManagerEnabled(world.admin, { id, revision, enabled });
}

const refuseScopes = () =>
  world.realm.fail(
    { status: 403, body: { errorMessage: "manage-clients is missing" } },
    { method: "POST", path: /client-scopes$/ },
  );

describe("mirroring scopes", () => {
  it("makes them at the key manager in the background, with their descriptions, and tells it once", async () => {
    const apiId = await world.addApi(["orders:read", "orders:write"]);
    expect(await states(world, apiId)).toEqual({ "orders:read": "waiting", "orders:write": "waiting" });
    expect(world.realm.scopeNamed("orders:read")).toBeUndefined();

    await world.runJobs();
    expect(await states(world, apiId)).toEqual({ "orders:read": "mirrored", "orders:write": "mirrored" });
    expect(world.realm.scopeNamed("orders:read")).toMatchObject({ description: "May orders:read" });
    const told = (await world.audit(world.keyManagerId)).filter(({ action }) => action === "scope_mirror.reconcile");
    expect(told).toMatchObject([{ actorName: "Latchkey", after: { made: ["orders:read", "orders:write"] } }]);

    world.realm.requests.length = 0;
    await reconcileScopes(world.deps, world.tenant.id, world.keyManagerId);
    expect(world.realm.requests.filter(({ method, url }) => method !== "GET" && url.includes("admin"))).toEqual([]);
  });

  it("follows a changed description", async () => {
    const apiId = await world.addApi(["orders:read"]);
    await world.runJobs();
    await world.changeApi(apiId, [], {
      scopes: [{ name: "orders:read", description: "See orders" }],
      resources: [{ verb: "GET", path: "/*" }],
    });
    await world.runJobs();
    expect(world.realm.scopeNamed("orders:read")?.description).toBe("See orders");
  });

  it("saves the API although the key manager fails, keeps its words, and tries again later by itself", async () => {
    refuseScopes();
    const apiId = await world.addApi(["orders:read"]);
    await world.runJobs();
    expect((await getApi(world.creator, { id: apiId })).scopes).toMatchObject([{ name: "orders:read" }]);
    const [at] = await listScopeMirrorsOfApi(world.creator, { apiId });
    expect(at?.scopes).toMatchObject([
      { state: "failed", problem: expect.stringContaining("manage-clients is missing") },
    ]);
    expect(Date.parse(at?.scopes[0]?.nextTryAt ?? "")).toBeGreaterThan(world.deps.clock.now().getTime());

    world.realm.recover();
    await reconcileScopes(world.deps, world.tenant.id, world.keyManagerId);
    expect(await states(world, apiId)).toEqual({ "orders:read": "failed" });
    world.pass(11);
    await reconcileScopes(world.deps, world.tenant.id, world.keyManagerId);
    expect(await states(world, apiId)).toEqual({ "orders:read": "mirrored" });
  });

  it("tells a failure once in the history, however often it repeats, and waits longer each time", async () => {
    refuseScopes();
    const apiId = await world.addApi(["orders:read"]);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await reconcileScopes(world.deps, world.tenant.id, world.keyManagerId);
      const [at] = await listScopeMirrorsOfApi(world.creator, { apiId });
      waits.push(Math.round((Date.parse(at?.scopes[0]?.nextTryAt ?? "") - world.deps.clock.now().getTime()) / 1_000));
      world.pass(waits.at(-1) ?? 0);
      world.pass(1);
    }
    expect(waits).toEqual([10, 20, 40]);
    const told = (await world.audit(world.keyManagerId)).filter(({ action }) => action === "scope_mirror.reconcile");
    expect(told).toMatchObject([{ after: { failed: ["orders:read"] } }]);
  });

  it("is unharmed by a key manager that cannot be reached", async () => {
    world.interfere(() => Promise.reject(Object.assign(new Error("down"), { kind: "unreachable" })));
    const apiId = await world.addApi(["orders:read"]);
    await world.runJobs();
    expect(await states(world, apiId)).toEqual({ "orders:read": "failed" });
    world.interfere(undefined);
    await retryMirroringOfApi(world.creator, { apiId });
    await world.runJobs();
    expect(await states(world, apiId)).toEqual({ "orders:read": "mirrored" });
    expect(await world.audit(apiId)).toContainEqual(expect.objectContaining({ action: "scope_mirror.retry" }));
  });

  it("removes a scope there when no API of the tenant needs it any more, and not before", async () => {
    const one = await world.addApi(["orders:read", "orders:write"]);
    const other = await world.addApi(["orders:read"]);
    await world.runJobs();
    await world.changeApi(one, []);
    await world.runJobs();
    expect(world.realm.scopeNamed("orders:write")).toBeUndefined();
    expect(world.realm.scopeNamed("orders:read")).toBeDefined();
    await deleteApi(world.creator, { id: other });
    expect((await listScopeMirrorsAt(world.admin, { keyManagerId: world.keyManagerId })).counts).toMatchObject({
      removing: 1,
    });
    await world.runJobs();
    expect(world.realm.scopeNamed("orders:read")).toBeUndefined();
    expect((await listScopeMirrorsAt(world.admin, { keyManagerId: world.keyManagerId })).scopes).toEqual([]);
  });

  it("keeps a removal that fails until it succeeds", async () => {
    const apiId = await world.addApi(["orders:read"]);
    await world.runJobs();
    world.realm.fail({ status: 500 }, { method: "DELETE", path: /client-scopes/ });
    await world.changeApi(apiId, []);
    await world.runJobs();
    const { scopes } = await listScopeMirrorsAt(world.admin, { keyManagerId: world.keyManagerId });
    expect(scopes).toMatchObject([{ name: "orders:read", state: "failed" }]);
    world.realm.recover();
    await retryMirroringAt(world.admin, { keyManagerId: world.keyManagerId });
    await world.runJobs();
    expect(world.realm.scopeNamed("orders:read")).toBeUndefined();
  });

  it("never changes or removes what somebody else made there", async () => {
    world.realm.addScope("orders:read");
    const apiId = await world.addApi(["orders:read"]);
    await world.runJobs();
    expect(await states(world, apiId)).toEqual({ "orders:read": "found" });
    expect(world.realm.scopeNamed("orders:read")?.description).toBe("");
    await world.changeApi(apiId, []);
    await world.runJobs();
    expect(world.realm.scopeNamed("orders:read")).toBeDefined();
    expect((await listScopeMirrorsAt(world.admin, { keyManagerId: world.keyManagerId })).scopes).toEqual([]);
  });

  it("makes again what vanished there", async () => {
    const apiId = await world.addApi(["orders:read", "orders:write"]);
    await world.runJobs();
    world.realm.removeScope("orders:read");
    await reconcileScopes(world.deps, world.tenant.id, world.keyManagerId);
    expect(world.realm.scopeNamed("orders:read")).toBeDefined();
    expect(await states(world, apiId)).toEqual({ "orders:read": "mirrored", "orders:write": "mirrored" });
  });

  it("leaves a disabled key manager alone, and catches up when it is enabled", async () => {
    const apiId = await world.addApi(["orders:read"]);
    await world.runJobs();
    await setEnabled(false);
    await world.changeApi(apiId, ["orders:write"], { acceptAllKeyManagers: true, keyManagerIds: [] });
    world.realm.requests.length = 0;
    await world.runJobs();
    await reconcileScopes(world.deps, world.tenant.id, world.keyManagerId);
    expect(world.realm.requests).toEqual([]);
    await setEnabled(true);
    await world.runJobs();
    expect(world.realm.scopeNamed("orders:read")).toBeUndefined();
    expect(world.realm.scopeNamed("orders:write")).toBeDefined();
  });

  it("follows the list of key managers that an API accepts", async () => {
    const other = await scopesWorld();
    world.interfere((url, init) =>
      url.startsWith(new URL(other.realm.issuer).origin) ? other.realm.fetch(url, init) : world.realm.fetch(url, init),
    );
    const { id: second } = await registerKeyManager(world.admin, realmRegistration(other.realm));
    const apiId = await world.addApi(["orders:read"], { keyManagerIds: [second] });
    await world.runJobs();
    expect([world.realm, other.realm].map((realm) => realm.scopeNamed("orders:read")?.name)).toEqual([
      undefined,
      "orders:read",
    ]);
    await world.changeApi(apiId, ["orders:read"]);
    await world.runJobs();
    expect([world.realm, other.realm].map((realm) => realm.scopeNamed("orders:read")?.name)).toEqual([
      "orders:read",
      undefined,
    ]);
  });

  it("reaches a key manager that is connected afterwards", async () => {
    await world.addApi(["orders:read"], { acceptAllKeyManagers: true, keyManagerIds: [] });
    const other = await scopesWorld();
    world.interfere(other.realm.fetch);
    await registerKeyManager(world.admin, realmRegistration(other.realm));
    await world.runJobs();
    expect(other.realm.scopeNamed("orders:read")).toBeDefined();
  });
});

describe("tenants that share a server", () => {
  it("hand a scope on: it stays while one of them needs it", async () => {
    const other = await scopesWorld({}, world.realm);
    const [one, two] = [await world.addApi(["orders:read"]), await other.addApi(["orders:read"])];
    await world.runJobs();
    await other.runJobs();
    expect(await states(other, two)).toEqual({ "orders:read": "mirrored" });

    await world.changeApi(one, []);
    await world.runJobs();
    expect(world.realm.scopeNamed("orders:read")).toBeDefined();
    other.pass(180);
    expect(await reconcileForgottenScopes(other.deps)).toBeGreaterThan(0);
    await other.runJobs();
    await other.changeApi(two, []);
    await other.runJobs();
    expect(world.realm.scopeNamed("orders:read")).toBeUndefined();
  });
});

describe("a global key manager", () => {
  it("gets the scopes of every tenant that it serves, from the moment it serves them", async () => {
    const other = await scopesWorld({}, world.realm);
    const realm = (await scopesWorld()).realm;
    for (const at of [world, other]) at.interfere(realm.fetch);
    await world.addApi(["orders:read"], { acceptAllKeyManagers: true, keyManagerIds: [] });
    await other.addApi(["bills:read"], { acceptAllKeyManagers: true, keyManagerIds: [] });
    const actor = { kind: "person", personId: newId<PersonId>(), name: "Olive", email: "olive@example.com" } as const;
    const operator = { actor: { ...actor, isOperator: true }, requestId: newId(), deps: world.deps };
    await registerGlobalKeyManager(operator, {
      ...realmRegistration(realm),
      serves: "LISTED",
      tenants: [world.tenant.slug, other.tenant.slug],
    });
    await world.runJobs();
    expect(realm.scopeNamed("orders:read")).toBeDefined();
    expect(realm.scopeNamed("bills:read")).toBeDefined();
  });
});

describe("when the process dies", () => {
  it.each(["before", "after"] as const)("%s the server has made a scope, it is ours in the end", async (when) => {
    const apiId = await world.addApi(["orders:read"]);
    const died = new Promise<void>((resolve) => {
      world.interfere(async (url, init) => {
        if (init?.method !== "POST" || !url.endsWith("/client-scopes")) return world.realm.fetch(url, init);
        if (when === "after") await world.realm.fetch(url, init);
        resolve();
        return new Promise<never>(() => {});
      });
    });
    void reconcileScopes(world.deps, world.tenant.id, world.keyManagerId);
    await died;
    world.interfere(undefined);
    // Nobody else works at it while the dead one might.
    await reconcileScopes(world.deps, world.tenant.id, world.keyManagerId);
    expect(await states(world, apiId)).toEqual({ "orders:read": "waiting" });

    world.pass(300);
    expect(await reconcileForgottenScopes(world.deps)).toBeGreaterThan(0);
    await world.runJobs();
    expect(await states(world, apiId)).toEqual({ "orders:read": "mirrored" });
    await world.changeApi(apiId, []);
    await world.runJobs();
    expect(world.realm.scopeNamed("orders:read")).toBeUndefined();
  });
});

describe("who may see and retry", () => {
  it("is for the creator of APIs and for the administrator, in their own tenant", async () => {
    const apiId = await world.addApi(["orders:read"]);
    const { keyManagerId } = world;
    await expect(listScopeMirrorsOfApi(world.developer, { apiId })).rejects.toMatchObject({ code: "auth.forbidden" });
    await expect(retryMirroringOfApi(world.developer, { apiId })).rejects.toMatchObject({ code: "auth.forbidden" });
    await expect(listScopeMirrorsAt(world.creator, { keyManagerId })).rejects.toMatchObject({ code: "auth.forbidden" });
    await expect(retryMirroringAt(world.creator, { keyManagerId })).rejects.toMatchObject({ code: "auth.forbidden" });
    const stranger = await scopesWorld();
    await expect(listScopeMirrorsOfApi(stranger.creator, { apiId })).rejects.toMatchObject({ code: "api.not_found" });
    await expect(retryMirroringAt(stranger.admin, { keyManagerId })).rejects.toMatchObject({
      code: "key_manager.not_found",
    });
  });

  it("gives the scopes of a key manager in pages", async () => {
    await world.addApi(["a", "b", "c"]);
    const { keyManagerId } = world;
    const first = await listScopeMirrorsAt(world.admin, { keyManagerId, limit: 2 });
    expect(first).toMatchObject({ nextCursor: "b", counts: { waiting: 3 } });
    const second = await listScopeMirrorsAt(world.admin, { keyManagerId, limit: 2, cursor: "b" });
    expect(second).toMatchObject({ scopes: [{ name: "c" }], nextCursor: null });
  });
});
