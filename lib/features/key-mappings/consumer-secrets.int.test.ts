/**
 * Several consumer secrets of one client: at Okta's simulator, which keeps two, at Entra's, which shows none again, and at
 * the built-in server itself.
 */
import { beforeEach, describe, expect, it } from "vitest";
import { simulator as entra } from "#connectors/entra/simulator.ts";
import { simulator as okta } from "#connectors/okta/simulator.ts";
import { isConnectorError } from "#lib/connector-kit/errors.ts";
import { tenantDb } from "#lib/data/database.ts";
import { Prisma } from "#lib/data/generated/client.ts";
import { lockKeyMapping } from "#lib/data/key-mappings.ts";
import { openKeyManager } from "#lib/features/key-managers/open.ts";
import type { KeyManagerId, KeyMappingId } from "#lib/foundation/ids.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { OutboundError } from "#lib/foundation/outbound-error.ts";
import { Secret } from "#lib/foundation/secret.ts";
import { builtInKeysWorld } from "#tooling/testing/built-in-keys.ts";
import { keysWorld } from "#tooling/testing/key-mappings.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import { vendorKeysWorld, type VendorKeysWorld } from "#tooling/testing/vendor-keys.ts";
import { addSecret, readSecrets, removeSecret } from "./consumer-secrets.ts";
import { generateKeys } from "./generate.ts";
import { issueToken } from "./issue-token.ts";
import { getKeys } from "./list.ts";
import { reconcileKeyMapping } from "./reconcile.ts";
import { regenerateSecret } from "./regenerate-secret.ts";
import { revealSecret } from "./reveal-secret.ts";
import { toClientRef } from "./secrets.ts";
import { updateKeys } from "./update.ts";

let world: VendorKeysWorld;
beforeEach(async () => {
  world = await vendorKeysWorld(okta);
});

const isAddition: (url: string, init?: RequestInit) => boolean = (url, init) =>
  init?.method === "POST" && url.endsWith("/credentials/secrets");

async function newKeys({
  developer,
  keyManagerId,
  newApplication,
}: Pick<VendorKeysWorld, "developer" | "keyManagerId" | "newApplication"> = world) {
  const outcome = await generateKeys(developer, {
    ...{ applicationId: await newApplication(), keyManagerId, keyType: "PRODUCTION" },
    ...{ grantTypes: ["client_credentials"], firstToken: false },
  });
  if (outcome.outcome !== "done") throw new Error(outcome.message);
  return { id: outcome.keys.id, secret: outcome.consumerSecret };
}

const read = async (id: string) => (await readSecrets(world.developer, { id })).secrets;
const stored = async (id: string) => (await revealSecret(world.developer, { id })).consumerSecret;

describe("the secrets of a client", () => {
  it("are asked for on demand, remembered with the time, and say which one the portal uses", async () => {
    const { id, secret } = await newKeys();
    const before = world.vendor.requests.length;
    expect((await getKeys(world.developer, { id })).secrets).toEqual({
      readAt: null,
      items: [],
      additionProblem: null,
    });
    expect(world.vendor.requests).toHaveLength(before);
    const secrets = await read(id);
    expect(secrets).toMatchObject({
      readAt: expect.any(String),
      items: [{ state: "active", isStored: true, hint: `…${secret?.slice(-4) ?? ""}` }],
    });
    expect(JSON.stringify(secrets)).not.toContain(secret);
    expect((await getKeys(world.developer, { id })).secrets).toEqual(secrets);
  });

  it("grow by one that is shown once and is the portal's from then on; both work", async () => {
    const { id, secret: first } = await newKeys();
    await expect(addSecret(world.developer, { id })).rejects.toMatchObject({ code: "key_mapping.not_active" });
    await read(id);
    const outcome = await addSecret(world.developer, { id, description: "For the new cluster" });
    expect(outcome).toMatchObject({ outcome: "done", keys: { state: "ACTIVE", operation: null } });
    const second = outcome.outcome === "done" ? outcome.consumerSecret : null;
    expect(second).not.toBe(first);
    expect(await stored(id)).toBe(second);
    expect((await issueToken(world.developer, { id })).accessToken).not.toBe("");
    expect((await read(id))?.items).toMatchObject([
      { isStored: false, state: "active", removalProblem: null, description: null },
      { isStored: true, state: "active", description: "For the new cluster" },
    ]);
    const [, row] = (await world.audit(id)).filter(({ action }) => !action.endsWith("reveal_secret"));
    expect(row).toMatchObject({ action: "key_mapping.add_secret", after: { description: "For the new cluster" } });
    expect(JSON.stringify(row)).not.toContain(second);
  });

  it("stop at the vendor's limit, with words that say what to do", async () => {
    const { id } = await newKeys();
    await read(id);
    await addSecret(world.developer, { id });
    await expect(addSecret(world.developer, { id })).rejects.toMatchObject({
      code: "key_mapping.conflict",
      message: "A client has at most 2 secrets here. Remove one first.",
    });
  });

  it("shrink by one that is not the portal's, never by the last that works", async () => {
    const { id } = await newKeys();
    const [only] = (await read(id))?.items ?? [];
    const removal = (secretId = "") => removeSecret(world.developer, { id, secretId });
    await expect(removal(only?.id)).rejects.toMatchObject({ code: "key_mapping.conflict" });
    await addSecret(world.developer, { id });
    const [old, fresh] = (await read(id))?.items ?? [];
    await expect(removal(fresh?.id)).rejects.toMatchObject({ message: expect.stringContaining("The portal itself") });
    expect(await removal(old?.id)).toMatchObject({ outcome: "done", consumerSecret: null });
    expect((await read(id))?.items).toMatchObject([{ id: fresh?.id, isStored: true }]);
    expect((await issueToken(world.developer, { id })).accessToken).not.toBe("");
    // Once more is no failure.
    expect(await removal(old?.id)).toMatchObject({ outcome: "done" });
    expect((await world.audit(id)).at(-1)).toMatchObject({
      action: "key_mapping.remove_secret",
      after: { secret: old?.id },
    });
  });

  it("are judged as they are at the vendor when one is removed, not as they were", async () => {
    const { id } = await newKeys();
    await read(id);
    await addSecret(world.developer, { id });
    const [old] = (await read(id))?.items ?? [];
    // Meanwhile somebody ends the other one at the vendor.
    world.interfere(async (url, init) => {
      const answer = await world.vendor.fetch(url, init);
      if ((init?.method ?? "GET") !== "GET" || !url.endsWith("/credentials/secrets")) return answer;
      const listed = (await answer.json()) as { id: string }[];
      return Response.json(listed.map((one) => (one.id === old?.id ? one : { ...one, status: "INACTIVE" })));
    });
    await expect(removeSecret(world.developer, { id, secretId: old?.id ?? "" })).rejects.toMatchObject({
      code: "key_mapping.conflict",
      message: expect.stringContaining("last secret that works"),
    });
    world.interfere(undefined);
    expect((await read(id))?.items).toHaveLength(2);
  });

  it("must be read again after the secret was regenerated, and keep their descriptions", async () => {
    const { id } = await newKeys();
    await read(id);
    await addSecret(world.developer, { id, description: "For the new cluster" });
    await expect(regenerateSecret(world.developer, { id, keepsOld: true })).rejects.toMatchObject({
      code: "input.invalid",
      fields: [{ path: "keepsOld", message: "Okta keeps no replaced secret alive. Let the old one end." }],
    });
    await regenerateSecret(world.developer, { id });
    expect((await getKeys(world.developer, { id })).secrets).toMatchObject({ readAt: null, items: [] });
    expect((await read(id))?.items).toMatchObject([{ isStored: true }]);
  });

  it("end when they were wished to, where the vendor has that; else the refusal says so and changes nothing", async () => {
    const { id } = await newKeys();
    await read(id);
    const before = world.vendor.requests.length;
    await expect(addSecret(world.developer, { id, expiresInDays: 30 })).rejects.toMatchObject({
      code: "input.invalid",
      fields: [{ path: "expiresInDays", message: expect.stringContaining("do not end by themselves") as string }],
    });
    expect(world.vendor.requests).toHaveLength(before);
    expect(await getKeys(world.developer, { id })).toMatchObject({ state: "ACTIVE", operation: null });
    world = await vendorKeysWorld(entra);
    const there = await newKeys();
    await read(there.id);
    await addSecret(world.developer, { id: there.id, expiresInDays: 30 });
    const added = (await read(there.id))?.items.find(({ isStored }) => isStored);
    const days = (new Date(added?.expiresAt ?? 0).getTime() - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThan(30.1);
  });

  it("are refused to strangers and where the key manager keeps one", async () => {
    const { id } = await newKeys();
    for (const stranger of [
      await world.tenant.caller("DEVELOPER"),
      await (await testTenant(world.deps)).caller("DEVELOPER"),
    ]) {
      for (const attempt of [
        () => readSecrets(stranger, { id }),
        () => addSecret(stranger, { id }),
        () => removeSecret(stranger, { id, secretId: "x" }),
      ]) {
        await expect(attempt()).rejects.toMatchObject({ code: "key_mapping.not_found" });
      }
    }
    await expect(addSecret(world.admin, { id })).rejects.toMatchObject({ code: "auth.forbidden" });
    const one = await keysWorld();
    const { keys } = await generateKeys(one.developer, one.request());
    expect(keys).toMatchObject({
      secrets: null,
      cannotRegenerate: expect.any(String),
      can: { regenerateSecret: false },
    });
    await expect(readSecrets(one.developer, { id: keys.id })).rejects.toMatchObject({
      code: "key_manager.unsupported",
    });
  });
});

describe("the secrets of a client of the built-in key manager", () => {
  let own: Awaited<ReturnType<typeof builtInKeysWorld>>;
  let id: string;
  beforeEach(async () => {
    own = await builtInKeysWorld();
    ({ id } = await newKeys(own));
  });
  const items = async () => (await readSecrets(own.developer, { id })).secrets?.items ?? [];
  const kept = async () => (await revealSecret(own.developer, { id })).consumerSecret;
  const accepts = async (consumerSecret: string) => {
    const { consumerKey } = await getKeys(own.developer, { id });
    const { adapter } = await openKeyManager(own.developer, own.keyManagerId as KeyManagerId);
    const token = adapter.issueToken?.(
      { consumerKey: consumerKey ?? "", consumerSecret: new Secret(consumerSecret) },
      { scopes: [] },
    );
    return token?.then(
      () => true,
      (error: unknown) => {
        if (isConnectorError(error) && error.kind === "credentials_refused") return false;
        throw error;
      },
    );
  };

  it("work side by side, each until its end or for ever, and the server keeps what they are for", async () => {
    const first = await kept();
    await items();
    await addSecret(own.developer, { id, description: "For a month", expiresInDays: 30 });
    const second = await kept();
    await addSecret(own.developer, { id, description: "For good" });
    const third = await kept();
    for (const secret of [first, second, third]) expect(await accepts(secret)).toBe(true);
    // Somebody else's memory of them is empty: what is shown then is what the server tells.
    await own.deps.database.inTenant(own.tenant.id, (tx) =>
      tenantDb(tx).keyMapping.update({ where: { id }, data: { consumerSecrets: Prisma.DbNull } }),
    );
    expect(await items()).toMatchObject([
      { description: null, expiresAt: null, hint: `…${first.slice(-4)}`, isStored: false },
      { description: "For a month", expiresAt: expect.any(String) as string, hint: `…${second.slice(-4)}` },
      { description: "For good", expiresAt: null, hint: `…${third.slice(-4)}`, isStored: true, state: "active" },
    ]);
    own.pass(31 * 86_400);
    expect(await Promise.all([first, second, third].map(accepts))).toEqual([true, false, true]);
    expect((await items()).map(({ state }) => state)).toEqual(["active", "expired", "active"]);
  });

  it("are five at most, and one that is removed is refused from then on", async () => {
    const first = await kept();
    await items();
    for (let count = 2; count <= 5; count += 1) await addSecret(own.developer, { id });
    const fifth = await kept();
    const refusal = { message: "A client has at most 5 secrets here. Remove one first." };
    await expect(addSecret(own.developer, { id })).rejects.toMatchObject({ code: "key_mapping.conflict", ...refusal });
    expect((await getKeys(own.developer, { id })).secrets?.additionProblem).toBe(refusal.message);
    const [oldest] = await items();
    expect(await accepts(first)).toBe(true);
    await removeSecret(own.developer, { id, secretId: oldest?.id ?? "" });
    expect(await accepts(first)).toBe(false);
    expect(await accepts(fifth)).toBe(true);
  });

  it("stop at the server's limit too, where somebody else has made some meanwhile", async () => {
    await items();
    const { keyManagerId, developer } = own;
    const { adapter } = await openKeyManager(developer, keyManagerId as KeyManagerId);
    const mapping = await own.deps.database.inTenant(own.tenant.id, (tx) => lockKeyMapping(tx, id as KeyMappingId));
    const ref = mapping && toClientRef(developer, mapping);
    for (let count = 2; count <= 5; count += 1) if (ref) await adapter.secrets?.add(ref, {});
    await expect(addSecret(developer, { id })).rejects.toMatchObject({
      code: "key_manager.rejected",
      message: "Built-in refused the request. A client has at most 5 secrets here. Remove one, then make a new one.",
    });
    expect(await items()).toHaveLength(5);
    expect(await getKeys(developer, { id })).toMatchObject({ state: "ACTIVE", operation: null });
  });

  it("all give way to a regenerated one", async () => {
    const first = await kept();
    await items();
    await addSecret(own.developer, { id });
    const second = await kept();
    await regenerateSecret(own.developer, { id });
    expect(await Promise.all([first, second, await kept()].map(accepts))).toEqual([false, false, true]);
    expect(await items()).toMatchObject([{ isStored: true, state: "active" }]);
  });

  it("all stay through an update, after the portal's own has ended too", async () => {
    const first = await kept();
    await items();
    await addSecret(own.developer, { id, expiresInDays: 1 });
    own.pass(2 * 86_400);
    const change = { grantTypes: ["client_credentials"], settings: { applicationTokenLifetime: 120 } };
    expect(await updateKeys(own.developer, { id, ...change })).toMatchObject({
      outcome: "done",
      keys: { client: { settings: { applicationTokenLifetime: 120, userTokenLifetime: 3_600 } } },
    });
    expect(await accepts(first)).toBe(true);
    expect(await items()).toHaveLength(2);
  });

  it("are refused to other developers and other tenants", async () => {
    const strangers = [await own.tenant.caller("DEVELOPER"), await (await testTenant(own.deps)).caller("DEVELOPER")];
    for (const stranger of strangers) {
      for (const attempt of [readSecrets, addSecret]) {
        await expect(attempt(stranger, { id })).rejects.toMatchObject({ code: "key_mapping.not_found" });
      }
    }
  });
});

describe("when the process dies, or an answer is lost", () => {
  const reconcile = async (id: string) => {
    world.pass(60);
    return reconcileKeyMapping(world.deps, world.tenant.id, id);
  };

  it.each(["before", "after"] as const)(
    "%s the vendor made a secret, nobody's secret stays and the stored one works",
    async (when) => {
      const { id } = await newKeys();
      await read(id);
      const losing: OutboundFetch = async (url, init) => {
        if (!isAddition(url, init)) return world.vendor.fetch(url, init);
        if (when === "after") await world.vendor.fetch(url, init);
        throw new OutboundError("timeout");
      };
      world.interfere(losing);
      expect(await addSecret(world.developer, { id })).toMatchObject({ outcome: "finishing" });
      world.interfere(undefined);
      expect(await reconcile(id)).toBe("finished");
      const secrets = await read(id);
      expect(secrets?.items).toHaveLength(2);
      expect(secrets?.items.filter(({ isStored }) => isStored)).toHaveLength(1);
      expect((await issueToken(world.developer, { id })).accessToken).not.toBe("");
    },
  );

  it("while one is removed, it is gone in the end", async () => {
    const { id } = await newKeys();
    await read(id);
    await addSecret(world.developer, { id });
    const [old] = (await read(id))?.items ?? [];
    world.interfere(async (url, init) => {
      const answer = await world.vendor.fetch(url, init);
      if (init?.method === "DELETE") throw new OutboundError("timeout");
      return answer;
    });
    const outcome = await removeSecret(world.developer, { id, secretId: old?.id ?? "" });
    expect(outcome).toMatchObject({ outcome: "finishing" });
    world.interfere(undefined);
    expect(await reconcile(id)).toBe("finished");
    expect((await read(id))?.items).toMatchObject([{ isStored: true }]);
  });
});

describe("an update", () => {
  it("keeps the secret of a key manager that never shows it again", async () => {
    world = await vendorKeysWorld(entra, { grantTypes: ["client_credentials", "authorization_code"] });
    const { id, secret } = await newKeys();
    const outcome = await updateKeys(world.developer, {
      id,
      grantTypes: ["client_credentials", "authorization_code"],
      redirectUris: ["https://app.example.com/cb"],
    });
    expect(outcome).toMatchObject({ outcome: "done", consumerSecret: null });
    expect(await stored(id)).toBe(secret);
    expect((await issueToken(world.developer, { id })).accessToken).not.toBe("");
  });
});
