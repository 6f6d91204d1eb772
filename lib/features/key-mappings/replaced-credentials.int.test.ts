/**
 * Servers may replace a client's credentials with any answer (RFC 7592 §2), also with one that is followed by a
 * failure. From then on only the new ones work, so each of these must be stored.
 */
import { describe, expect, it } from "vitest";
import { keycloakSimulator } from "#connectors/keycloak/simulator.ts";
import { registerKeyManager } from "#lib/features/key-managers/register.ts";
import type { Fault } from "#lib/connector-kit/simulator.ts";
import type { Database } from "#lib/data/database.ts";
import { createApplication } from "#lib/features/applications/create.ts";
import { getApplication } from "#lib/features/applications/read.ts";
import { deleteApplication } from "#lib/features/applications/remove.ts";
import { registrationOf } from "#tooling/testing/key-managers.ts";
import { keysWorld, type KeysWorld } from "#tooling/testing/key-mappings.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import type { MapKeysInput, MappingOutcome } from "./contract.ts";
import { generateKeys } from "./generate.ts";
import { getKeys, listKeys } from "./list.ts";
import { mapKeys } from "./map.ts";
import { reconcileKeyMapping } from "./reconcile.ts";
import { refreshKeys } from "./refresh.ts";
import { regenerateSecret } from "./regenerate-secret.ts";
import { removeKeys } from "./remove.ts";
import { revealSecret } from "./reveal-secret.ts";
import { updateKeys } from "./update.ts";

const grown = {
  grantTypes: ["client_credentials", "authorization_code"],
  redirectUris: ["https://app.example.com/cb"],
};

/** Keys at a server that replaces the management token with every answer. */
async function keysAtStrictServer() {
  const world = await keysWorld({}, { rotation: "always" });
  const outcome = await generateKeys(world.developer, world.request({ firstToken: false }));
  return { world, id: outcome.keys.id };
}

/** The stored management token works: a dead one would be refused. */
async function expectManageable({ developer, server }: KeysWorld, id: string): Promise<void> {
  await updateKeys(developer, { id, ...grown });
  expect(await refreshKeys(developer, { id })).toMatchObject({ state: "ACTIVE", client: grown });
  expect(await removeKeys(developer, { id })).toEqual({ outcome: "removed" });
  expect(server.clients.size).toBe(0);
}

describe("a management token that was replaced", () => {
  it.each<[string, Fault]>([
    ["refused", { status: 400, body: { error: "invalid_client_metadata", error_description: "no" } }],
    ["refused for want of rights", { status: 403 }],
    ["put off", { status: 429 }],
  ])("before an update was %s is stored", async (_name, failure) => {
    const { world, id } = await keysAtStrictServer();
    world.server.fail(failure, { method: "PUT" });
    await expect(updateKeys(world.developer, { id, ...grown })).rejects.toMatchObject({
      code: expect.stringMatching(/^key_manager\./),
    });
    world.server.recover();
    await expectManageable(world, id);
  });

  it.each<[string, Fault]>([
    ["was never heard of again", "timeout"],
    ["failed", { status: 500 }],
    ["was answered with nonsense", "nonsense"],
  ])("before an update %s is stored, and the reconciler finishes with it", async (_name, failure) => {
    const { world, id } = await keysAtStrictServer();
    world.server.fail(failure, { method: "PUT" });
    expect(await updateKeys(world.developer, { id, ...grown })).toMatchObject({ outcome: "finishing" });
    world.pass(60);
    expect(await reconcileKeyMapping(world.deps, world.tenant.id, id)).toBe("unresolved");
    world.server.recover();
    world.pass(60);
    expect(await reconcileKeyMapping(world.deps, world.tenant.id, id)).toBe("finished");
    expect(await getKeys(world.developer, { id })).toMatchObject({ state: "ACTIVE", client: grown });
    await expectManageable(world, id);
  });

  it("by an answer of which nothing else can be used is stored: at an update and at a refresh", async () => {
    const { world, id } = await keysAtStrictServer();
    for (const method of ["PUT", "GET"]) {
      world.interfere(async (url, init = {}) => {
        const response = await world.server.fetch(url, init);
        if ((init.method ?? "GET") !== method || !url.includes("/register/")) return response;
        const body = (await response.json()) as object;
        return Response.json({ ...body, grant_types: 7 });
      });
      if (method === "PUT")
        expect(await updateKeys(world.developer, { id, ...grown })).toMatchObject({ outcome: "finishing" });
      else
        await expect(refreshKeys(world.developer, { id })).rejects.toMatchObject({
          code: expect.stringMatching(/^key_manager/),
        });
      world.interfere(undefined);
      world.pass(60);
      await reconcileKeyMapping(world.deps, world.tenant.id, id);
    }
    await expectManageable(world, id);
  });

  it("before the client was reported gone lets what is left of it be removed", async () => {
    const { world, id } = await keysAtStrictServer();
    world.server.fail({ status: 404 }, { method: "PUT" });
    await expect(updateKeys(world.developer, { id, ...grown })).rejects.toMatchObject({ code: "key_manager.rejected" });
    world.server.recover();
    expect(await getKeys(world.developer, { id })).toMatchObject({ state: "NEEDS_ATTENTION" });
    expect(await removeKeys(world.developer, { id })).toEqual({ outcome: "removed" });
    expect(world.server.clients.size).toBe(0);
  });

  it("by a refresh that an operation has overtaken is stored", async () => {
    const { world, id } = await keysAtStrictServer();
    let removal: Promise<unknown> | undefined;
    world.interfere(async (url, init) => {
      const response = await world.server.fetch(url, init);
      if (removal) return response;
      // The removal begins while the answer is on its way, and cannot reach the server.
      world.server.fail("timeout", { method: "DELETE" });
      removal = removeKeys(world.developer, { id });
      await removal;
      return response;
    });
    await expect(refreshKeys(world.developer, { id })).rejects.toMatchObject({ code: "key_mapping.busy" });
    world.interfere(undefined);
    world.server.recover();
    expect(await removeKeys(world.developer, { id })).toEqual({ outcome: "removed" });
    expect(world.server.clients.size).toBe(0);
  });
});

describe("a consumer secret that was replaced", () => {
  async function keysAtKeycloak() {
    const world = await keysWorld();
    const server = keycloakSimulator({ secretRotation: true });
    world.interfere(server.fetch);
    const { id: keyManagerId } = await registerKeyManager(world.admin, {
      name: "realm",
      displayName: "Realm",
      connectorId: "keycloak",
      wellKnownUrl: `${server.issuer}/.well-known/openid-configuration`,
      issuer: server.issuer,
      endpoints: server.settings.endpoints,
      grantTypes: ["client_credentials"],
      signingKeys: server.settings.signingKeys,
      connection: server.connectionInput,
    });
    const outcome = await generateKeys(world.developer, world.request({ keyManagerId, firstToken: false }));
    const { id, consumerKey } = outcome.keys;
    const secretAtServer = () => server.client(consumerKey ?? "")?.secret;
    const secretHere = async () => (await revealSecret(world.developer, { id })).consumerSecret;
    return { world, server, id, secretAtServer, secretHere };
  }

  it("is stored although ending the old one was refused", async () => {
    const { world, server, id, secretAtServer, secretHere } = await keysAtKeycloak();
    const before = await secretHere();
    server.fail({ status: 429 }, { method: "DELETE" });
    await expect(regenerateSecret(world.developer, { id })).rejects.toMatchObject({
      code: expect.stringMatching(/^key_manager/),
    });
    server.recover();
    expect(await secretHere()).toBe(secretAtServer());
    expect(await secretHere()).not.toBe(before);
  });

  it("ends the old one, unless it is wished to live for as long as the realm keeps it", async () => {
    const { world, server, id, secretHere } = await keysAtKeycloak();
    const { consumerKey } = await getKeys(world.developer, { id });
    const kept = () => server.client(consumerKey ?? "")?.attributes["client.secret.rotated"];
    const before = await secretHere();
    await regenerateSecret(world.developer, { id, keepsOld: true });
    expect(kept()).toBe(before);
    await regenerateSecret(world.developer, { id });
    expect(kept()).toBeUndefined();
  });

  it("is stored although ending the old one failed, and again by the reconciler that ends it", async () => {
    const { world, server, id, secretAtServer, secretHere } = await keysAtKeycloak();
    server.fail({ status: 500 }, { method: "DELETE" });
    expect(await regenerateSecret(world.developer, { id })).toMatchObject({ outcome: "finishing" });
    expect(await secretHere()).toBe(secretAtServer());
    server.recover();
    world.pass(60);
    expect(await reconcileKeyMapping(world.deps, world.tenant.id, id)).toBe("finished");
    expect(await secretHere()).toBe(secretAtServer());
  });
});

describe("the management token of a client that is mapped", () => {
  type HandMade = ReturnType<KeysWorld["server"]["addClient"]>;

  /** A server that replaces the token with every answer, and a client that its owner made there. */
  async function ownedClient() {
    const world = await keysWorld({}, { rotation: "always" });
    const client = world.server.addClient();
    const { applicationId, keyManagerId } = world;
    const mapping = (changes: Partial<MapKeysInput> = {}): MapKeysInput => ({
      ...{ applicationId, keyManagerId, keyType: "PRODUCTION" },
      consumerKey: client.client_id,
      consumerSecret: client.client_secret ?? "",
      registrationToken: client.registration_access_token,
      registrationClientUri: client.registration_client_uri,
      ...changes,
    });
    const managementCalls = () => world.server.requests.filter(({ url }) => url.includes("/register/"));
    return { world, client, mapping, managementCalls };
  }

  async function manages(world: KeysWorld, client: HandMade, token: string): Promise<boolean> {
    const headers = { authorization: `Bearer ${token}` };
    return (await world.server.fetch(client.registration_client_uri, { headers })).status === 200;
  }

  /** The token that came with a refusal; fails where the answer is any other. */
  function handedBack(outcome: MappingOutcome): string {
    if (outcome.outcome !== "refused") throw new Error("The client was mapped.");
    return outcome.registrationToken;
  }

  /** The refusal left no keys here, and told nobody but its reader of the token. */
  async function expectNothingLeft(world: KeysWorld, token: string): Promise<void> {
    const { developer, applicationId } = world;
    expect(await listKeys(developer, { applicationId, keyType: "PRODUCTION" })).toEqual([]);
    expect(world.logged() + JSON.stringify(await world.audit(applicationId))).not.toContain(token);
  }

  it("is stored as the server replaced it, and comes back when the keys are removed", async () => {
    const { world, client, mapping } = await ownedClient();
    const outcome = await mapKeys(world.developer, mapping());
    if (outcome.outcome !== "mapped") throw new Error(outcome.message);
    expect(outcome.keys).toMatchObject({ state: "ACTIVE", client: { grantTypes: ["client_credentials"] } });
    expect(await manages(world, client, client.registration_access_token)).toBe(false);
    for (let round = 0; round < 2; round += 1) {
      expect(await refreshKeys(world.developer, { id: outcome.keys.id })).toMatchObject({ state: "ACTIVE" });
    }
    const removal = await removeKeys(world.developer, { id: outcome.keys.id });
    if (removal.outcome !== "removed") throw new Error(removal.message);
    expect(await manages(world, client, removal.registrationToken ?? "")).toBe(true);
    expect(world.logged()).not.toContain(removal.registrationToken);
  });

  it("keeps its application from being deleted, with words that name the keys to remove first", async () => {
    const { world, client, mapping } = await ownedClient();
    const { developer, applicationId } = world;
    const generated = await generateKeys(developer, world.request({ keyType: "SANDBOX", firstToken: false }));
    const outcome = await mapKeys(developer, mapping());
    if (outcome.outcome !== "mapped") throw new Error(outcome.message);
    const removeFirst = [{ keyManagerName: "Orders server", keyType: "PRODUCTION" }];
    expect(await getApplication(developer, { id: applicationId })).toMatchObject({ removeFirst });
    await expect(deleteApplication(developer, { id: applicationId })).rejects.toMatchObject({
      code: "application.in_use",
      message: expect.stringContaining("Production at Orders server. Remove these keys first"),
    });
    // Nothing has happened to its other keys either.
    expect(await getKeys(developer, { id: generated.keys.id })).toMatchObject({ state: "ACTIVE", operation: null });
    const removal = await removeKeys(developer, { id: outcome.keys.id });
    if (removal.outcome !== "removed") throw new Error(removal.message);
    expect(await manages(world, client, removal.registrationToken ?? "")).toBe(true);
    expect(await getApplication(developer, { id: applicationId })).toMatchObject({ removeFirst: [] });
    expect(await deleteApplication(developer, { id: applicationId })).toEqual({ deleted: true });
  });

  it("keeps it too where the client is mapped while the deletion is under way; other keys are gone by then", async () => {
    const { world, client, mapping } = await ownedClient();
    const { developer, applicationId, server } = world;
    const generated = await generateKeys(developer, world.request({ keyType: "SANDBOX", firstToken: false }));
    let outcome: MappingOutcome | undefined;
    world.interfere(async (url, init) => {
      if (init?.method !== "DELETE") return server.fetch(url, init);
      outcome = await mapKeys(developer, mapping());
      return server.fetch(url, init);
    });
    await expect(deleteApplication(developer, { id: applicationId })).rejects.toMatchObject({
      code: "application.in_use",
    });
    world.interfere(undefined);
    expect(server.clients.has(generated.keys.consumerKey ?? "")).toBe(false);
    await expect(getKeys(developer, { id: generated.keys.id })).rejects.toMatchObject({
      code: "key_mapping.not_found",
    });
    const removal = await removeKeys(developer, { id: outcome?.outcome === "mapped" ? outcome.keys.id : "" });
    if (removal.outcome !== "removed") throw new Error(removal.message);
    expect(await manages(world, client, removal.registrationToken ?? "")).toBe(true);
  });

  it("is not used before everything else has been checked", async () => {
    const { world, client, mapping, managementCalls } = await ownedClient();
    const other = await testTenant(world.deps);
    const [admin, stranger] = [await other.caller("ADMINISTRATOR"), await other.caller("DEVELOPER")];
    const { id: keyManagerId } = await registerKeyManager(admin, registrationOf(world.server));
    const { id: applicationId } = await createApplication(stranger, { name: "Shop" });
    const bare = { registrationToken: "", registrationClientUri: "" };
    await mapKeys(stranger, mapping({ keyManagerId, applicationId, ...bare }));
    await expect(mapKeys(world.developer, mapping())).rejects.toMatchObject({ code: "key_mapping.claimed" });
    await expect(mapKeys(world.developer, mapping({ consumerSecret: "wrong" }))).rejects.toMatchObject({
      code: "key_mapping.unproven",
      fields: [{ path: "consumerKey" }],
    });
    const mine = world.server.addClient();
    await mapKeys(
      world.developer,
      mapping({ consumerKey: mine.client_id, consumerSecret: mine.client_secret ?? "", ...bare }),
    );
    await expect(mapKeys(world.developer, mapping())).rejects.toMatchObject({ code: "key_mapping.conflict" });
    expect(managementCalls()).toEqual([]);
    expect(await manages(world, client, client.registration_access_token)).toBe(true);
  });

  it.each<[string, Partial<MapKeysInput>, string]>([
    ["a token without an address", { registrationClientUri: "" }, "registrationClientUri"],
    ["an address without a token", { registrationToken: "" }, "registrationToken"],
    ["an address elsewhere", { registrationClientUri: "https://evil.test/reg/1" }, "registrationClientUri"],
    ["no secret", { consumerSecret: "" }, "consumerSecret"],
  ])("is sent nowhere with %s", async (_name, changes, path) => {
    const { world, mapping } = await ownedClient();
    await expect(mapKeys(world.developer, mapping(changes))).rejects.toMatchObject({
      code: "input.invalid",
      fields: [{ path }],
    });
    expect(world.server.requests).toEqual([]);
  });

  it("that the server does not know refuses the mapping, and costs nothing", async () => {
    const { world, client, mapping } = await ownedClient();
    await expect(mapKeys(world.developer, mapping({ registrationToken: "dead" }))).rejects.toMatchObject({
      code: "key_mapping.unproven",
      fields: [{ path: "registrationToken" }],
    });
    await expectNothingLeft(world, client.registration_access_token);
    expect(await mapKeys(world.developer, mapping())).toMatchObject({ outcome: "mapped" });
  });

  it("comes back with the refusal where it is another client's", async () => {
    const { world, mapping } = await ownedClient();
    const other = world.server.addClient();
    const outcome = await mapKeys(
      world.developer,
      mapping({
        registrationToken: other.registration_access_token,
        registrationClientUri: other.registration_client_uri,
      }),
    );
    expect(outcome).toMatchObject({ outcome: "refused", fields: [{ path: "registrationToken" }] });
    expect(handedBack(outcome)).not.toBe(other.registration_access_token);
    await expectNothingLeft(world, handedBack(outcome));
    expect((await world.audit(world.applicationId)).at(-1)?.after).toMatchObject({
      outcome: "refused",
      problem: "key_mapping.unproven",
    });
    expect(await manages(world, other, handedBack(outcome))).toBe(true);
  });

  it("comes back with the refusal where nothing else of the answer can be used, and works when tried again", async () => {
    const { world, mapping } = await ownedClient();
    world.interfere(async (url, init) => {
      const response = await world.server.fetch(url, init);
      if (!url.includes("/register/")) return response;
      return Response.json({ ...((await response.json()) as object), grant_types: 7 });
    });
    const outcome = await mapKeys(world.developer, mapping());
    expect(outcome).toMatchObject({ outcome: "refused", message: expect.stringContaining("cannot be understood") });
    await expectNothingLeft(world, handedBack(outcome));
    world.interfere(undefined);
    const again = mapping({ registrationToken: handedBack(outcome) });
    expect(await mapKeys(world.developer, again)).toMatchObject({ outcome: "mapped" });
  });

  it("stays as it is where the server does not answer: a plain refusal, and no keys", async () => {
    const { world, client, mapping } = await ownedClient();
    world.server.fail({ status: 503 }, { path: /\/register\// });
    await expect(mapKeys(world.developer, mapping())).rejects.toMatchObject({
      code: expect.stringMatching(/^key_manager\./),
    });
    world.server.recover();
    await expectNothingLeft(world, client.registration_access_token);
    expect(await manages(world, client, client.registration_access_token)).toBe(true);
  });

  it("comes back where the keys were removed while the server was asked", async () => {
    const { world, client, mapping } = await ownedClient();
    world.interfere(async (url, init) => {
      const response = await world.server.fetch(url, init);
      if (!url.includes("/register/")) return response;
      const { developer, applicationId } = world;
      for (const { id } of await listKeys(developer, { applicationId, keyType: "PRODUCTION" })) {
        await removeKeys(developer, { id });
      }
      return response;
    });
    const outcome = await mapKeys(world.developer, mapping());
    await expectNothingLeft(world, handedBack(outcome));
    expect(await manages(world, client, handedBack(outcome))).toBe(true);
  });

  it("comes back where the database failed meanwhile", async () => {
    const { world, client, mapping } = await ownedClient();
    const { database } = world.deps;
    const broken: Database = { ...database, inTenant: () => Promise.reject(new Error("The database is away.")) };
    world.interfere(async (url, init) => {
      const response = await world.server.fetch(url, init);
      if (url.includes("/register/")) Object.assign(world.deps, { database: broken });
      return response;
    });
    const outcome = await mapKeys(world.developer, mapping());
    Object.assign(world.deps, { database });
    const token = handedBack(outcome);
    expect(outcome).toMatchObject({ message: expect.stringContaining("could not be stored") });
    expect(world.logged()).not.toContain(token);
    expect(await manages(world, client, token)).toBe(true);
  });
});
