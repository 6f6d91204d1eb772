import { beforeEach, describe, expect, it } from "vitest";
import { connectors } from "#connectors/registry.ts";
import { createAuthorizationServer } from "#lib/authorization-server/server.ts";
import { scopesWorld, type ScopesWorld } from "#tooling/testing/scopes.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import { getKeyManager } from "../key-managers/get.ts";
import { listUsableKeyManagers } from "../key-managers/list-usable.ts";
import { setKeyManagerEnabled } from "../key-managers/set-enabled.ts";
import type { UpdateKeyManagerInput } from "../key-managers/contract.ts";
import { updateKeyManager } from "../key-managers/update.ts";
import { unsubscribe } from "../subscriptions/unsubscribe.ts";
import { chooseScopes } from "./choose-scopes.ts";
import { generateKeys } from "./generate.ts";
import { issueToken } from "./issue-token.ts";
import { getKeys } from "./list.ts";
import { narrowForgottenScopes, narrowScopes } from "./narrow-scopes.ts";
import { reconcileKeyMapping } from "./reconcile.ts";

let world: ScopesWorld;
beforeEach(async () => {
  world = await scopesWorld({ applicationScopes: true });
});

async function newKeys(applicationId: string, keyManagerId = world.keyManagerId): Promise<string> {
  const outcome = await generateKeys(world.developer, {
    ...{ applicationId, keyManagerId, keyType: "PRODUCTION", firstToken: false },
    grantTypes: ["client_credentials"],
  });
  return outcome.keys.id;
}

/** Keys of an application that is subscribed to an API with these scopes, mirrored already. */
async function subscribedKeys(...scopes: string[]) {
  const apiId = await world.addApi(scopes);
  await world.runJobs();
  const { applicationId, subscriptionId } = await world.addApplication(apiId);
  return { apiId, applicationId, subscriptionId, id: await newKeys(applicationId) };
}

/** What the realm lets a client ask for, the realm's own scopes apart. */
async function granted(id: string): Promise<string[]> {
  const { consumerKey } = await getKeys(world.developer, { id });
  const own = world.realm.client(consumerKey ?? "")?.optionalClientScopes ?? [];
  return own.filter((name) => name.includes(":")).sort();
}

/** The settings form of the key manager, sent back with changes. */
async function changeSettings(changes: Partial<UpdateKeyManagerInput>, keyManagerId = world.keyManagerId) {
  const view = await getKeyManager(world.admin, { id: keyManagerId });
  const { id, revision, displayName, description, tokenTypes, wellKnownUrl, issuer, endpoints, grantTypes } = view;
  const { consumerKeyClaim, scopesClaim, signingKeys, validationMethod, connection, applicationScopes } = view;
  await updateKeyManager(world.admin, {
    ...{ id, revision, displayName, description, tokenTypes, wellKnownUrl, issuer, endpoints, grantTypes },
    ...{ consumerKeyClaim, scopesClaim, signingKeys, validationMethod, applicationScopes },
    connection: view.permanent ? {} : connection,
    ...changes,
  });
}

describe("choosing the scopes of keys", () => {
  it("lets the client ask for the chosen ones and no others, and tells the history", async () => {
    const { id } = await subscribedKeys("orders:read", "orders:write");
    expect(await getKeys(world.developer, { id })).toMatchObject({
      scopes: { chosen: null, narrowing: false },
      can: { chooseScopes: true },
    });
    const outcome = await chooseScopes(world.developer, { id, scopes: ["orders:read"] });
    expect(outcome).toMatchObject({
      outcome: "done",
      consumerSecret: null,
      keys: { scopes: { chosen: ["orders:read"] }, operation: null },
    });
    expect(await granted(id)).toEqual(["orders:read"]);
    expect((await issueToken(world.developer, { id, scopes: ["orders:read"] })).scopes).toContain("orders:read");
    await expect(issueToken(world.developer, { id, scopes: ["orders:write"] })).rejects.toMatchObject({
      fields: [{ path: "scopes", message: expect.stringContaining("may not carry orders:write") }],
    });
    expect((await world.audit(id)).at(-2)).toMatchObject({
      action: "key_mapping.choose_scopes",
      before: { scopes: null },
      after: { scopes: ["orders:read"], granted: ["orders:read"] },
    });

    await chooseScopes(world.developer, { id, scopes: ["orders:write"] });
    expect(await granted(id)).toEqual(["orders:write"]);
    await chooseScopes(world.developer, { id, scopes: [] });
    expect(await granted(id)).toEqual([]);
  });

  it("refuses scopes of APIs that the application is not subscribed to, and tells the server nothing", async () => {
    const { id } = await subscribedKeys("orders:read");
    await world.addApi(["bills:read"]);
    await world.runJobs();
    await expect(chooseScopes(world.developer, { id, scopes: ["orders:read", "bills:read"] })).rejects.toMatchObject({
      code: "input.invalid",
      fields: [{ path: "scopes", message: expect.stringContaining("bills:read") }],
    });
    expect(await granted(id)).toEqual([]);
  });

  it("says that a scope is not at the key manager yet, and why", async () => {
    const apiId = await world.addApi(["orders:read"]);
    const { applicationId } = await world.addApplication(apiId);
    const id = await newKeys(applicationId);
    const choose = () => chooseScopes(world.developer, { id, scopes: ["orders:read"] });
    await expect(choose()).rejects.toMatchObject({
      fields: [{ path: "scopes", message: expect.stringContaining("on its way to Shop realm") }],
    });
    world.realm.fail({ status: 403, body: { error: "no rights" } }, { method: "POST", path: /client-scopes$/ });
    await world.runJobs();
    await expect(choose()).rejects.toMatchObject({
      fields: [{ message: expect.stringContaining("no rights") }],
    });
  });

  it("refuses what somebody else made at a server that grants to each client", async () => {
    world.realm.addScope("orders:read");
    const { id } = await subscribedKeys("orders:read");
    await expect(chooseScopes(world.developer, { id, scopes: ["orders:read"] })).rejects.toMatchObject({
      fields: [{ message: expect.stringContaining("made at Shop realm by somebody else") }],
    });
  });

  it("is refused while the administrator has not turned it on", async () => {
    world = await scopesWorld();
    const { id } = await subscribedKeys("orders:read");
    expect(await getKeys(world.developer, { id })).toMatchObject({ scopes: null, can: { chooseScopes: false } });
    await expect(chooseScopes(world.developer, { id, scopes: [] })).rejects.toMatchObject({
      code: "key_manager.not_allowed",
    });
  });

  it("is for the owner of the keys", async () => {
    const { id } = await subscribedKeys("orders:read");
    const somebody = await world.tenant.caller("DEVELOPER");
    await expect(chooseScopes(somebody, { id, scopes: [] })).rejects.toMatchObject({ code: "key_mapping.not_found" });
    await expect(chooseScopes(world.creator, { id, scopes: [] })).rejects.toMatchObject({ code: "auth.forbidden" });
    const stranger = await (await testTenant(world.deps)).caller("DEVELOPER");
    await expect(chooseScopes(stranger, { id, scopes: [] })).rejects.toMatchObject({ code: "key_mapping.not_found" });
  });

  it("keeps what was chosen before when the server refuses, in its own words", async () => {
    const { id } = await subscribedKeys("orders:read", "orders:write");
    await chooseScopes(world.developer, { id, scopes: ["orders:read"] });
    world.realm.fail({ status: 403, body: { error: "not today" } }, { method: "PUT", path: /optional-client-scopes/ });
    await expect(chooseScopes(world.developer, { id, scopes: ["orders:write"] })).rejects.toMatchObject({
      message: expect.stringContaining("not today"),
    });
    expect(await getKeys(world.developer, { id })).toMatchObject({
      scopes: { chosen: ["orders:read"] },
      operation: null,
      state: "ACTIVE",
    });
  });

  it.each(["before", "after"] as const)("is finished when the process dies %s the server granted", async (when) => {
    const { id } = await subscribedKeys("orders:read");
    const died = new Promise<void>((resolve) => {
      world.interfere(async (url, init) => {
        if (init?.method !== "PUT" || !url.includes("optional-client-scopes")) return world.realm.fetch(url, init);
        if (when === "after") await world.realm.fetch(url, init);
        resolve();
        return new Promise<never>(() => {});
      });
    });
    void chooseScopes(world.developer, { id, scopes: ["orders:read"] });
    await died;
    world.interfere(undefined);
    expect((await getKeys(world.developer, { id })).operation).toMatchObject({ kind: "grant", running: true });
    world.pass(60);
    expect(await reconcileKeyMapping(world.deps, world.tenant.id, id)).toBe("finished");
    expect(await getKeys(world.developer, { id })).toMatchObject({
      scopes: { chosen: ["orders:read"] },
      operation: null,
    });
    expect(await granted(id)).toEqual(["orders:read"]);
  });
});

describe("narrowing", () => {
  it("takes away what an ended subscription gave", async () => {
    const { id, subscriptionId } = await subscribedKeys("orders:read");
    await chooseScopes(world.developer, { id, scopes: ["orders:read"] });
    await unsubscribe(world.developer, { id: subscriptionId });
    expect((await getKeys(world.developer, { id })).scopes).toMatchObject({ narrowing: true });
    await world.runJobs();
    expect(await granted(id)).toEqual([]);
    expect((await getKeys(world.developer, { id })).scopes).toEqual({ chosen: [], narrowing: false });
    expect((await world.audit(id)).at(-1)).toMatchObject({
      action: "key_mapping.narrow_scopes",
      actorName: "Latchkey",
      before: { scopes: ["orders:read"] },
      after: { scopes: [] },
    });
  });

  it("takes away a scope that an API gave up, and keeps the others", async () => {
    const { id, apiId } = await subscribedKeys("orders:read", "orders:write");
    await chooseScopes(world.developer, { id, scopes: ["orders:read", "orders:write"] });
    await world.changeApi(apiId, ["orders:write"]);
    await world.runJobs();
    expect(await granted(id)).toEqual(["orders:write"]);
    expect((await getKeys(world.developer, { id })).scopes?.chosen).toEqual(["orders:write"]);
  });

  it("tells the server nothing where nothing changes", async () => {
    const { id, apiId } = await subscribedKeys("orders:read");
    await chooseScopes(world.developer, { id, scopes: ["orders:read"] });
    const before = (await world.audit(id)).length;
    await world.changeApi(apiId, ["orders:read", "orders:write"]);
    await world.runJobs();
    expect((await getKeys(world.developer, { id })).scopes).toEqual({ chosen: ["orders:read"], narrowing: false });
    expect((await world.audit(id)).length).toBe(before);
  });

  it("withdraws the grants when the administrator turns application scopes off, and gives them back", async () => {
    const { id } = await subscribedKeys("orders:read");
    await chooseScopes(world.developer, { id, scopes: ["orders:read"] });
    await changeSettings({ applicationScopes: false });
    await world.runJobs();
    expect(await granted(id)).toEqual([]);
    await changeSettings({ applicationScopes: true });
    await world.runJobs();
    expect(await granted(id)).toEqual(["orders:read"]);
  });

  it("goes on trying after a refusal, without keeping the keys from anything else", async () => {
    const { id, subscriptionId } = await subscribedKeys("orders:read");
    await chooseScopes(world.developer, { id, scopes: ["orders:read"] });
    world.realm.fail({ status: 403, body: { error: "no" } }, { method: "DELETE", path: /optional-client-scopes/ });
    await unsubscribe(world.developer, { id: subscriptionId });
    await expect(narrowScopes(world.deps, world.tenant.id, id)).rejects.toThrow();
    expect(await getKeys(world.developer, { id })).toMatchObject({ operation: null, scopes: { narrowing: true } });
    world.realm.recover();
    world.pass(600);
    expect(await narrowForgottenScopes(world.deps)).toBeGreaterThan(0);
    await world.runJobs();
    expect(await granted(id)).toEqual([]);
  });

  it("waits while the key manager is disabled, and is done when it is enabled", async () => {
    const { id, subscriptionId } = await subscribedKeys("orders:read");
    await chooseScopes(world.developer, { id, scopes: ["orders:read"] });
    const setEnabled = async (enabled: boolean) => {
      const { revision } = await getKeyManager(world.admin, { id: world.keyManagerId });
      await setKeyManagerEnabled(world.admin, { id: world.keyManagerId, revision, enabled });
    };
    await setEnabled(false);
    await unsubscribe(world.developer, { id: subscriptionId });
    await world.runJobs();
    expect(await granted(id)).toEqual(["orders:read"]);
    await setEnabled(true);
    await world.runJobs();
    expect(await granted(id)).toEqual([]);
  });
});

describe("the built-in key manager", () => {
  it("gives tokens with the chosen scopes only, while application scopes are on", async () => {
    const server = createAuthorizationServer({
      ...world.deps,
      connectorIds: connectors.filter(({ permanent }) => permanent).map(({ id }) => id),
    });
    world.interfere((url, init) => (server.owns(url) ? server.fetch(url, init) : world.realm.fetch(url, init)));
    const builtIn = (await listUsableKeyManagers(world.developer, {})).find(({ name }) => name === "built-in");
    const keyManagerId = builtIn?.id ?? "";
    const apiId = await world.addApi(["orders:read", "orders:write"], { keyManagerIds: [keyManagerId] });
    await world.runJobs();
    const { applicationId } = await world.addApplication(apiId);
    const id = await newKeys(applicationId, keyManagerId);
    await expect(chooseScopes(world.developer, { id, scopes: [] })).rejects.toMatchObject({
      code: "key_manager.not_allowed",
    });
    expect((await issueToken(world.developer, { id, scopes: ["orders:write"] })).scopes).toEqual(["orders:write"]);

    await changeSettings({ applicationScopes: true }, keyManagerId);
    world.pass(5);
    expect((await issueToken(world.developer, { id, scopes: ["orders:write"] })).scopes).toEqual(["orders:write"]);
    await chooseScopes(world.developer, { id, scopes: ["orders:read"] });
    expect((await issueToken(world.developer, { id, scopes: ["orders:read"] })).scopes).toEqual(["orders:read"]);
    await expect(issueToken(world.developer, { id, scopes: ["orders:write"] })).rejects.toMatchObject({
      code: "input.invalid",
    });
  });
});
