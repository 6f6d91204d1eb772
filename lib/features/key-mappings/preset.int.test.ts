/** A client whose consumer key or secret somebody chose: at Keycloak's simulator, which takes both. */
import { beforeEach, describe, expect, it } from "vitest";
import { keycloakSimulator, type SimulatedKeycloak } from "#connectors/keycloak/simulator.ts";
import { tenantDb } from "#lib/data/database.ts";
import { createApplication } from "#lib/features/applications/create.ts";
import { listUsableKeyManagers } from "#lib/features/key-managers/list-usable.ts";
import { registerKeyManager } from "#lib/features/key-managers/register.ts";
import { newId } from "#lib/foundation/ids.ts";
import { OutboundError } from "#lib/foundation/outbound-error.ts";
import { keysWorld } from "#tooling/testing/key-mappings.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import { vendorKeysWorld, type VendorKeysWorld } from "#tooling/testing/vendor-keys.ts";
import type { GenerateKeysInput } from "./contract.ts";
import { generateKeys } from "./generate.ts";
import { issueToken } from "./issue-token.ts";
import { getKeys, listKeys } from "./list.ts";
import { mapKeys } from "./map.ts";
import { reconcileKeyMapping } from "./reconcile.ts";
import { removeKeys } from "./remove.ts";
import { resumeKeys } from "./resume.ts";
import { revealSecret } from "./reveal-secret.ts";
import { updateKeys } from "./update.ts";

let world: VendorKeysWorld<SimulatedKeycloak>;
let consumerKey: string;
let consumerSecret: string;
beforeEach(async () => {
  world = await vendorKeysWorld({
    connectorId: "keycloak",
    open: ({ origin }) => keycloakSimulator({ base: origin }),
  });
  consumerKey = `warehouse-${newId().slice(-8)}`;
  consumerSecret = `our own secret ${newId()}`;
});

async function request(changes: Partial<GenerateKeysInput> = {}): Promise<GenerateKeysInput> {
  return {
    ...{ applicationId: await world.newApplication(), keyManagerId: world.keyManagerId, keyType: "PRODUCTION" },
    ...{ grantTypes: ["client_credentials"], firstToken: false, consumerKey, consumerSecret },
    ...changes,
  };
}

async function generated(changes: Partial<GenerateKeysInput> = {}) {
  const outcome = await generateKeys(world.developer, await request(changes));
  if (outcome.outcome !== "done") throw new Error(outcome.message);
  return outcome;
}

async function only(applicationId: string) {
  const [keys] = await listKeys(world.developer, { applicationId, keyType: "PRODUCTION" });
  if (!keys) throw new Error("There are no keys.");
  return keys;
}

const isRegistration: (url: string, init?: RequestInit) => boolean = (url, init) =>
  init?.method === "POST" && url.endsWith("/clients");

/** Loses the answer to a registration, which the server never sees or has acted upon. */
function loseRegistration(when: "before" | "after"): void {
  world.interfere(async (url, init) => {
    if (!isRegistration(url, init)) return world.vendor.fetch(url, init);
    if (when === "after") await world.vendor.fetch(url, init);
    throw new OutboundError("timeout", "No answer in time.");
  });
}

const reconcile = async (id: string) => {
  world.pass(60);
  return reconcileKeyMapping(world.deps, world.tenant.id, id);
};

/** Everything that stands in clear about some keys. */
async function storedInClear(id: string): Promise<string> {
  const rows = await world.deps.database.inTenant(world.tenant.id, (tx) =>
    tenantDb(tx).keyMapping.findMany({ where: { id } }),
  );
  expect(rows).toHaveLength(1);
  return JSON.stringify([rows, await world.audit(id)]);
}

describe("a chosen consumer key and secret", () => {
  it("are the client's, and the secret stands nowhere in clear", async () => {
    const { keys, consumerSecret: answered } = await generated();
    expect(keys).toMatchObject({ state: "ACTIVE", consumerKey });
    expect(answered).toBe(consumerSecret);
    expect(world.vendor.client(consumerKey)?.secret).toBe(consumerSecret);
    expect((await issueToken(world.developer, { id: keys.id })).accessToken).not.toBe("");
    expect(await world.audit(keys.id)).toMatchObject([
      { action: "key_mapping.generate", after: { consumerKey, chosen: ["consumerKey", "consumerSecret"] } },
      { action: "key_mapping.issue_token" },
    ]);
    expect(await storedInClear(keys.id)).not.toContain(consumerSecret);
  });

  it("may be chosen one without the other", async () => {
    const { keys: byKey, consumerSecret: made } = await generated({ consumerSecret: "" });
    expect(byKey.consumerKey).toBe(consumerKey);
    expect(made?.length).toBeGreaterThan(15);
    const { keys: bySecret } = await generated({ consumerKey: "" });
    expect(bySecret.consumerKey).toContain("latchkey-");
    expect(world.vendor.client(bySecret.consumerKey ?? "")?.secret).toBe(consumerSecret);
    expect(await world.audit(bySecret.id)).toMatchObject([{ after: { chosen: ["consumerSecret"] } }]);
  });

  it("stay through an update, and go with the keys", async () => {
    const { keys } = await generated();
    await updateKeys(world.developer, { id: keys.id, grantTypes: ["client_credentials"] });
    expect(world.vendor.client(consumerKey)?.secret).toBe(consumerSecret);
    expect((await revealSecret(world.developer, { id: keys.id })).consumerSecret).toBe(consumerSecret);
    await removeKeys(world.developer, { id: keys.id });
    expect(world.vendor.client(consumerKey)).toBeUndefined();
    expect((await generated()).keys.consumerKey).toBe(consumerKey);
  });

  it.each<[string, Partial<GenerateKeysInput>, { path: string; message: string }]>([
    [
      "a short secret",
      { consumerSecret: "fifteen-letters" },
      { path: "consumerSecret", message: "Use at least 16 characters, best from a password generator." },
    ],
    [
      "a secret with a blank at its end",
      { consumerSecret: "sixteen-letters- " },
      { path: "consumerSecret", message: "Remove the blank at the beginning or the end." },
    ],
    [
      "a secret with characters that RFC 6749 does not have",
      { consumerSecret: "sixteen-letters-ö" },
      { path: "consumerSecret", message: "Use plain printable characters only." },
    ],
    [
      "a key that looks like one of the portal's",
      { consumerKey: `latchkey-${crypto.randomUUID()}` },
      {
        path: "consumerKey",
        message: "Choose one that does not begin with latchkey: those are the portal's.",
      },
    ],
    [
      "a key that the server does not take",
      { consumerKey: "ware:house" },
      { path: "consumerKey", message: "Use at most 255 printable characters, no blanks or colons." },
    ],
  ])("refuses %s at its field, and asks nobody", async (_name, changes, problem) => {
    const asked = await request(changes);
    const before = world.vendor.requests.length;
    await expect(generateKeys(world.developer, asked)).rejects.toMatchObject({
      code: "input.invalid",
      fields: [problem],
    });
    expect(world.vendor.requests).toHaveLength(before);
    const { applicationId } = asked;
    expect(await listKeys(world.developer, { applicationId, keyType: "PRODUCTION" })).toEqual([]);
  });

  it("refuses a secret for a client that has no use for one", async () => {
    const settings = { authentication: { method: "none" } };
    const asked = await request({ settings });
    await expect(generateKeys(world.developer, asked)).rejects.toMatchObject({
      code: "key_manager.rejected",
      message: expect.stringContaining("Leave the secret empty"),
    });
    expect(world.vendor.client(consumerKey)).toBeUndefined();
  });
});

describe("where nobody can choose", () => {
  it("refuses it with the connector's reason, and asks nobody", async () => {
    const plain = await keysWorld();
    for (const [part, value] of Object.entries({ consumerKey, consumerSecret })) {
      await expect(generateKeys(plain.developer, plain.request({ [part]: value }))).rejects.toMatchObject({
        code: "key_manager.unsupported",
        message: expect.stringMatching(/^Not supported by Orders server: .+itself/),
        fields: [{ path: part }],
      });
    }
    expect(plain.server.requests).toEqual([]);
  });

  it("says so of a single part", async () => {
    const builtIn = (await listUsableKeyManagers(world.developer, {})).find(({ name }) => name === "built-in");
    expect(Object.keys(builtIn?.preset ?? {})).toEqual(["consumerKey"]);
    const asked = await request({ keyManagerId: builtIn?.id ?? "", consumerKey: "" });
    await expect(generateKeys(world.developer, asked)).rejects.toMatchObject({
      code: "key_manager.unsupported",
      message: expect.stringContaining("makes them itself"),
    });
  });
});

describe("a consumer key that is taken", () => {
  const claimed = () => ({
    code: "key_mapping.claimed",
    message: `The consumer key ${consumerKey} belongs to other keys already. Choose another one.`,
    fields: [{ path: "consumerKey" }],
  });

  it("by keys of the same tenant is refused by name, and the server is not asked", async () => {
    await generated();
    const asked = await request();
    const before = world.vendor.requests.length;
    await expect(generateKeys(world.developer, asked)).rejects.toMatchObject(claimed());
    expect(world.vendor.requests).toHaveLength(before);
    const { applicationId } = asked;
    expect(await listKeys(world.developer, { applicationId, keyType: "PRODUCTION" })).toEqual([]);
  });

  it("by keys of another tenant is refused without a word about whose it is", async () => {
    await generated();
    const other = await testTenant(world.deps);
    const { issuer, endpoints, signingKeys } = world.vendor.settings;
    const { id: keyManagerId } = await registerKeyManager(await other.caller("ADMINISTRATOR"), {
      ...{ issuer, endpoints, signingKeys, name: "the-same", displayName: "The same", connectorId: "keycloak" },
      ...{ wellKnownUrl: world.vendor.wellKnownUrl, grantTypes: ["client_credentials"] },
      connection: world.vendor.connectionInput,
    });
    const stranger = await other.caller("DEVELOPER");
    const { id: applicationId } = await createApplication(stranger, { name: "Theirs" });
    const asked = { ...(await request()), applicationId, keyManagerId };
    const before = world.vendor.requests.length;
    await expect(generateKeys(stranger, asked)).rejects.toMatchObject(claimed());
    expect(world.vendor.requests).toHaveLength(before);
  });

  it("at the server is told at its field; the key is free for whoever proves that the client is theirs", async () => {
    const { clientId, secret = "" } = world.vendor.addClient({ clientId: consumerKey });
    const asked = await request();
    await expect(generateKeys(world.developer, asked)).rejects.toMatchObject({
      code: "key_manager.rejected",
      fields: [{ path: "consumerKey", message: expect.stringContaining(`consumer key ${consumerKey} already`) }],
    });
    expect(world.vendor.client(consumerKey)?.secret).toBe(secret);
    const failed = await only(asked.applicationId);
    expect(failed).toMatchObject({ state: "FAILED", hasSecret: false, standsAtServer: false });
    expect(await world.audit(failed.id)).toMatchObject([{ after: { outcome: "refused", consumerKey } }]);
    expect(await storedInClear(failed.id)).not.toContain(consumerSecret);

    const mapping = { ...(await request()), consumerKey: clientId, consumerSecret: secret };
    const { applicationId, keyManagerId, keyType } = mapping;
    const place = { applicationId, keyManagerId, keyType };
    const mapped = await mapKeys(world.developer, { ...place, consumerKey: clientId, consumerSecret: secret });
    expect(mapped.outcome).toBe("mapped");
    await expect(resumeKeys(world.developer, { id: failed.id })).rejects.toMatchObject(claimed());
    expect(await getKeys(world.developer, { id: failed.id })).toMatchObject({ state: "FAILED" });
  });

  it("is asked for once more by “Try again”, with the same secret", async () => {
    const { clientId } = world.vendor.addClient({ clientId: consumerKey });
    const asked = await request();
    await expect(generateKeys(world.developer, asked)).rejects.toMatchObject({ code: "key_manager.rejected" });
    world.vendor.removeClient(clientId);
    const outcome = await resumeKeys(world.developer, { id: (await only(asked.applicationId)).id });
    expect(outcome).toMatchObject({ outcome: "done", consumerSecret, keys: { consumerKey, state: "ACTIVE" } });
    expect(world.vendor.client(consumerKey)?.secret).toBe(consumerSecret);
  });
});

describe("when the answer to a registration is lost", () => {
  it.each(["before", "after"] as const)("%s it was made, the client is the chosen one in the end", async (when) => {
    loseRegistration(when);
    const asked = await request();
    expect(await generateKeys(world.developer, asked)).toMatchObject({ outcome: "finishing" });
    world.interfere(undefined);
    const { id } = await only(asked.applicationId);
    await expect(generateKeys(world.developer, await request())).rejects.toMatchObject({ code: "key_mapping.claimed" });
    expect(await reconcile(id)).toBe("finished");
    expect(await getKeys(world.developer, { id })).toMatchObject({ state: "ACTIVE", consumerKey });
    expect(world.vendor.client(consumerKey)?.secret).toBe(consumerSecret);
    expect((await revealSecret(world.developer, { id })).consumerSecret).toBe(consumerSecret);
    expect(await storedInClear(id)).not.toContain(consumerSecret);
  });

  it("a client that somebody else made under the key meanwhile is neither taken over nor touched", async () => {
    loseRegistration("before");
    const asked = await request();
    await generateKeys(world.developer, asked);
    world.interfere(undefined);
    const { secret } = world.vendor.addClient({ clientId: consumerKey });
    const { id } = await only(asked.applicationId);
    expect(await reconcile(id)).toBe("finished");
    const failed = await getKeys(world.developer, { id });
    expect(failed).toMatchObject({ state: "FAILED", consumerKey: null });
    expect(failed.failure?.message).toContain(`a client with the consumer key ${consumerKey} already`);
    expect(world.vendor.client(consumerKey)?.secret).toBe(secret);
    await removeKeys(world.developer, { id });
    expect(world.vendor.client(consumerKey)?.secret).toBe(secret);
  });

  it("the attempt can be undone, and leaves nothing behind", async () => {
    loseRegistration("after");
    const asked = await request();
    await generateKeys(world.developer, asked);
    world.interfere(undefined);
    expect(world.vendor.client(consumerKey)).toBeDefined();
    world.pass(60);
    await removeKeys(world.developer, { id: (await only(asked.applicationId)).id });
    expect(world.vendor.client(consumerKey)).toBeUndefined();
    expect((await generated()).keys.consumerKey).toBe(consumerKey);
  });

  it("a secret that was changed at the server meanwhile is not passed off as the chosen one", async () => {
    loseRegistration("after");
    const asked = await request();
    await generateKeys(world.developer, asked);
    world.interfere(undefined);
    const client = world.vendor.client(consumerKey);
    if (client) client.secret = "somebody-changed-it-by-hand";
    const { id } = await only(asked.applicationId);
    expect(await reconcile(id)).toBe("finished");
    expect(world.vendor.client(consumerKey)?.secret).toBe(consumerSecret);
    expect((await issueToken(world.developer, { id })).accessToken).not.toBe("");
  });
});

describe("a server that does not do as it says", () => {
  it("has its client taken away again, with words that say so", async () => {
    world.interfere((url, init) => {
      if (!isRegistration(url, init)) return world.vendor.fetch(url, init);
      const { clientId: _ignored, ...body } = JSON.parse(String(init?.body)) as Record<string, unknown>;
      return world.vendor.fetch(url, { ...init, body: JSON.stringify(body) });
    });
    const asked = await request();
    const made = () =>
      world.vendor.requests.filter(({ method, url }) => method === "DELETE" && url.includes("/clients/"));
    await expect(generateKeys(world.developer, asked)).rejects.toMatchObject({
      code: "key_manager.bad_response",
      message: expect.stringMatching(/than you chose\. It was deleted again\./),
    });
    expect(made()).toHaveLength(1);
    expect(await only(asked.applicationId)).toMatchObject({ state: "FAILED", consumerKey: null });
  });
});
