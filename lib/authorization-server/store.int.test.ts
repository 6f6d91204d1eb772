/** What oidc-provider expects of a store, asked of one in memory and of ours. */
import type { Adapter, AdapterPayload } from "oidc-provider";
import { describe, expect, it } from "vitest";
import { noteIssuedToken } from "#lib/data/authorization-state.ts";
import { listClientSecrets } from "#lib/data/client-secrets.ts";
import { tenantDb } from "#lib/data/database.ts";
import { isOwnTokenRevoked } from "#lib/data/revocations.ts";
import { randomToken, type TenantId } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { testDependencies, testTenant } from "#tooling/testing/tenant.ts";
import { keptApart, matchesSecretDigest } from "./client-secret.ts";
import { createStore, type Store } from "./store.ts";

const deps = testDependencies();
const initialAccessToken = new Secret("initial");
const secrets = { forget: () => {} };

async function ownStore(): Promise<{ store: Store; tenantId: TenantId }> {
  const { id: tenantId } = await testTenant(deps);
  return { tenantId, store: createStore({ ...deps, secrets, tenantId, initialAccessToken }) };
}

/** The smallest store that keeps the library's promises. */
function memoryStore(): Store {
  const rows = new Map<string, AdapterPayload>();
  return (model) => {
    const key = (id: string) => `${model} ${id}`;
    const found = (fits: (payload: AdapterPayload) => boolean) =>
      Promise.resolve([...rows].find(([name, row]) => name.startsWith(`${model} `) && fits(row))?.[1]);
    return {
      upsert: async (id, payload) => void rows.set(key(id), { ...payload }),
      find: (id) => Promise.resolve(rows.get(key(id))),
      findByUid: (uid) => found((row) => row.uid === uid),
      findByUserCode: (userCode) => found((row) => row.userCode === userCode),
      async consume(id) {
        const row = rows.get(key(id));
        if (row) row.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => void rows.delete(key(id)),
      async revokeByGrantId(grantId) {
        for (const [name, row] of rows) if (row.grantId === grantId) rows.delete(name);
      },
    };
  };
}

/** A payload without what the moment adds. */
const plain = (payload: Awaited<ReturnType<Adapter["find"]>>) => JSON.parse(JSON.stringify(payload)) as unknown;

describe.each([
  ["in memory", () => Promise.resolve(memoryStore())],
  ["in the database", async () => (await ownStore()).store],
])("a store %s", (_where, make) => {
  const code = (id: string, more: AdapterPayload = {}): AdapterPayload => ({
    kind: "AuthorizationCode",
    jti: id,
    iat: 1,
    exp: 2_000_000_000,
    clientId: "client",
    accountId: "account",
    grantId: "grant",
    ...more,
  });

  it("gives back what it was given, and replaces it", async () => {
    const codes = (await make())("AuthorizationCode");
    const id = randomToken();
    await codes.upsert(id, code(id, { scope: "a b", claims: { id_token: { name: null } } }), 60);
    expect(plain(await codes.find(id))).toEqual(code(id, { scope: "a b", claims: { id_token: { name: null } } }));
    await codes.upsert(id, code(id, { scope: "c" }), 60);
    expect(plain(await codes.find(id))).toEqual(code(id, { scope: "c" }));
  });

  it("knows nothing of what it was not given, and keeps models apart", async () => {
    const store = await make();
    const id = randomToken();
    await store("AuthorizationCode").upsert(id, code(id), 60);
    expect(await store("AuthorizationCode").find("other")).toBeUndefined();
    expect(await store("RefreshToken").find(id)).toBeUndefined();
  });

  it("forgets what is destroyed, twice if need be", async () => {
    const codes = (await make())("AuthorizationCode");
    const id = randomToken();
    await codes.upsert(id, code(id), 60);
    await codes.destroy(id);
    await codes.destroy(id);
    expect(await codes.find(id)).toBeUndefined();
  });

  it("marks what was consumed with the time", async () => {
    const codes = (await make())("AuthorizationCode");
    const id = randomToken();
    await codes.upsert(id, code(id), 60);
    await codes.consume(id);
    const found = await codes.find(id);
    expect(Math.abs(Number(found?.consumed) - Date.now() / 1000)).toBeLessThan(10);
  });

  it("finds a session by its uid", async () => {
    const sessions = (await make())("Session");
    const id = randomToken();
    await sessions.upsert(id, { kind: "Session", jti: id, uid: "uid-1", accountId: "account", exp: 2_000_000_000 }, 60);
    expect(await sessions.findByUid("uid-1")).toMatchObject({ uid: "uid-1", accountId: "account" });
    expect(await sessions.findByUid("uid-2")).toBeUndefined();
  });

  it("removes what stands under a grant, and leaves other grants alone", async () => {
    const store = await make();
    const [mine, other] = [randomToken(), randomToken()];
    await store("AuthorizationCode").upsert(mine, code(mine), 60);
    await store("RefreshToken").upsert(mine, { ...code(mine), kind: "RefreshToken" }, 60);
    await store("RefreshToken").upsert(other, { ...code(other), kind: "RefreshToken", grantId: "other" }, 60);
    await store("AuthorizationCode").revokeByGrantId("grant");
    await store("RefreshToken").revokeByGrantId("grant");
    expect(await store("AuthorizationCode").find(mine)).toBeUndefined();
    expect(await store("RefreshToken").find(mine)).toBeUndefined();
    expect(await store("RefreshToken").find(other)).toBeDefined();
  });

  it("keeps a client", async () => {
    const clients = (await make())("Client");
    await clients.upsert("client-1", { client_id: "client-1", redirect_uris: ["https://app.test/cb"] });
    expect(plain(await clients.find("client-1"))).toEqual({
      client_id: "client-1",
      redirect_uris: ["https://app.test/cb"],
    });
    await clients.destroy("client-1");
    expect(await clients.find("client-1")).toBeUndefined();
  });
});

describe("the store in the database", () => {
  const textOf = (tenantId: TenantId) =>
    deps.database.inTenant(tenantId, async (ctx) => JSON.stringify(await tenantDb(ctx).authorizationState.findMany()));

  it("holds no id that is a credential, wherever the payload repeats it", async () => {
    const { store, tenantId } = await ownStore();
    const [id, session] = [randomToken(), randomToken()];
    const interaction: AdapterPayload = {
      kind: "Interaction",
      jti: id,
      returnTo: `https://portal.test/t/x/oidc/auth/${id}`,
      session: { accountId: "account", uid: "uid", cookie: session },
      params: { client_id: "client", state: "{id}" },
    };
    await store("Interaction").upsert(id, interaction, 60);
    const text = await textOf(tenantId);
    for (const credential of [id, session]) expect(text).not.toContain(credential);
    expect(plain(await store("Interaction").find(id))).toEqual({
      ...interaction,
      session: { accountId: "account", uid: "uid" },
    });
  });

  it("holds a digest of a client secret apart, keeps it with the client, and drops it where there is to be none", async () => {
    const { store, tenantId } = await ownStore();
    const secret = randomToken();
    const kept = () => deps.database.inTenant(tenantId, (ctx) => listClientSecrets(ctx, "c"));
    await store("Client").upsert("c", { client_id: "c", client_secret: secret });
    const first = await store("Client").find("c");
    expect(first?.client_secret).toBe(keptApart);
    const before = await kept();
    expect(before).toMatchObject([{ hint: secret.slice(-4), description: "", expiresAt: null }]);
    expect(matchesSecretDigest(secret, before[0]?.digest ?? "")).toBe(true);
    expect(JSON.stringify([await textOf(tenantId), before])).not.toContain(secret);
    await store("Client").upsert("c", { ...first, client_name: "Renamed" });
    expect(await kept()).toEqual(before);
    await store("Client").upsert("c", { client_id: "c", token_endpoint_auth_method: "none" });
    expect(await kept()).toEqual([]);
    await store("Client").upsert("c", { client_id: "c", client_secret: secret });
    await store("Client").destroy("c");
    expect(await kept()).toEqual([]);
  });

  it("never hands out what an earlier form of a client held in place of its secret", async () => {
    const { store, tenantId } = await ownStore();
    await deps.database.inTenant(tenantId, (ctx) =>
      tenantDb(ctx).authorizationState.create({
        data: { tenantId, model: "Client", id: "c", payload: { client_id: "c", client_secret: "sha256.digest" } },
      }),
    );
    expect((await store("Client").find("c"))?.client_secret).toBe(keptApart);
  });

  it("lets one of many simultaneous uses of a code through, and ends its grant", async () => {
    const { store } = await ownStore();
    const id = randomToken();
    await store("Grant").upsert("g", { kind: "Grant", jti: "g", clientId: "c", accountId: "a" }, 60);
    await store("AuthorizationCode").upsert(
      id,
      { kind: "AuthorizationCode", jti: id, grantId: "g", clientId: "c" },
      60,
    );
    const uses = await Promise.allSettled([1, 2, 3, 4].map(() => store("AuthorizationCode").consume(id)));
    expect(uses.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await store("Grant").find("g")).toBeUndefined();
  });

  it("denies the access tokens of a grant that ends, and lets no more be issued under it", async () => {
    const { store, tenantId } = await ownStore();
    await store("Grant").upsert("g", { kind: "Grant", jti: "g", clientId: "c", accountId: "a" }, 60);
    const note = (tokenId: string) =>
      deps.database.inTenant(tenantId, (ctx) =>
        noteIssuedToken(ctx, {
          tokenId,
          grantId: "g",
          clientId: "c",
          accountId: "a",
          expiresAt: new Date(Date.now() + 60_000),
        }),
      );
    expect(await note("before")).toBe(true);
    await store("Grant").destroy("g");
    expect(await note("after")).toBe(false);
    expect(
      await deps.database.inTenant(tenantId, (ctx) =>
        isOwnTokenRevoked(ctx, { tokenId: "before", consumerKey: "c", subject: "a", issuedAt: new Date() }),
      ),
    ).toBe(true);
  });

  it("shows another tenant nothing, and lets it destroy nothing", async () => {
    const [here, there] = await Promise.all([ownStore(), ownStore()]);
    await here.store("Client").upsert("c", { client_id: "c", software_id: "marker" });
    await here.store("Grant").upsert("g", { kind: "Grant", jti: "g", clientId: "c", accountId: "a" }, 60);
    expect(await there.store("Client").find("c")).toBeUndefined();
    expect(await there.store("Client").findByUid("marker")).toBeUndefined();
    await there.store("Client").destroy("c");
    await there.store("AccessToken").revokeByGrantId("g");
    const fresh = createStore({ ...deps, secrets, tenantId: here.tenantId, initialAccessToken });
    expect(await fresh("Client").find("c")).toBeDefined();
    expect(await fresh("Grant").find("g")).toBeDefined();
  });

  it("recognises the derived initial access token and stores none", async () => {
    const { store } = await ownStore();
    expect(await store("InitialAccessToken").find("initial")).toMatchObject({ kind: "InitialAccessToken" });
    expect(await store("InitialAccessToken").find("other")).toBeUndefined();
    await expect(store("InitialAccessToken").upsert("x", {}, 60)).rejects.toThrow();
  });
});
