/**
 * Servers may replace a client's credentials with any answer (RFC 7592 §2), also with one that is followed by a
 * failure. From then on only the new ones work, so each of these must be stored.
 */
import { describe, expect, it } from "vitest";
import { fakeKeycloak } from "#connectors/keycloak/fake.ts";
import { registerKeyManager } from "#lib/features/key-managers/register.ts";
import type { FakeFailure } from "#lib/connector-kit/fake-vendor.ts";
import { keysWorld, type KeysWorld } from "#tooling/testing/key-mappings.ts";
import { generateKeys } from "./generate.ts";
import { getKeys } from "./list.ts";
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
  it.each<[string, FakeFailure]>([
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

  it.each<[string, FakeFailure]>([
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
        if ((init.method ?? "GET") !== method || !url.includes("/reg/")) return response;
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
    const server = fakeKeycloak({ secretRotation: true });
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
