/** What proves that an existing client is a developer's, and what happens where nothing can. The server is Okta's simulator. */
import { beforeAll, describe, expect, it } from "vitest";
import { connection } from "#connectors/okta/config.ts";
import { openOkta, simulator } from "#connectors/okta/simulator.ts";
import { systemClock } from "#lib/foundation/clock.ts";
import { newId } from "#lib/foundation/ids.ts";
import { signedAssertion } from "#lib/protocol/client-authentication.ts";
import { globalWorld } from "#tooling/testing/global-key-managers.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import { vendorKeysWorld } from "#tooling/testing/vendor-keys.ts";
import { createApplication } from "../applications/create.ts";
import { listKeyManagers } from "../key-managers/list.ts";
import { attachClient, findApplications } from "./attach-client.ts";
import { listKeys } from "./list.ts";
import { mapKeys } from "./map.ts";

const newWorld = () => vendorKeysWorld({ connectorId: simulator.connectorId, open: openOkta });
let world: Awaited<ReturnType<typeof newWorld>>;
beforeAll(async () => {
  world = await newWorld();
});

/** What a client that uses a key sends in place of a secret. */
async function assertionOf(input: Record<string, unknown>): Promise<string> {
  const { signIn } = connection.parse(input);
  if (signIn.method !== "private_key_jwt") throw new Error("That is no client with a key.");
  return signedAssertion(signIn, `${world.vendor.settings.issuer}/v1/token`, systemClock);
}

async function mapping(changes: object = {}) {
  const { keyManagerId } = world;
  return { applicationId: await world.newApplication(), keyManagerId, keyType: "PRODUCTION" as const, ...changes };
}

describe("a client that uses a key", () => {
  it("is mapped by a signed assertion, which is not stored, and the audit says what proved it", async () => {
    const { app, input } = world.vendor.serviceApp;
    const assertion = await assertionOf(input);
    const asked = await mapping({ consumerKey: app.clientId, assertion });
    const outcome = await mapKeys(world.developer, { ...asked, consumerKey: app.clientId });
    expect(outcome).toMatchObject({ outcome: "mapped", keys: { consumerKey: app.clientId, hasSecret: false } });
    const rows = await world.audit(outcome.outcome === "mapped" ? outcome.keys.id : "");
    expect(rows).toMatchObject([{ action: "key_mapping.map", after: { proof: "assertion" } }]);
    expect(JSON.stringify(rows)).not.toContain(assertion);
  });

  it("is refused with an assertion of another key, with words that do not tell whether the client exists", async () => {
    const { app, refusedInput } = world.vendor.serviceApp;
    const assertion = await assertionOf(refusedInput);
    const refusals = await Promise.all(
      [app.clientId, "nobody"].map(async (consumerKey) =>
        mapKeys(world.developer, { ...(await mapping()), consumerKey, assertion }).catch((error: unknown) => error),
      ),
    );
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: "key_mapping.unproven" });
    expect(new Set(refusals.map((refusal) => (refusal as Error).message)).size).toBe(1);
  });

  it("is not mapped with a secret that it does not use; the refusal names who can help", async () => {
    const { app } = world.vendor.serviceApp;
    const asked = { ...(await mapping()), consumerKey: app.clientId, consumerSecret: "s" };
    await expect(mapKeys(world.developer, asked)).rejects.toMatchObject({
      code: "key_manager.unsupported",
      message: expect.stringContaining("An administrator of this tenant can attach the client"),
    });
  });
});

describe("the proof", () => {
  it("is one thing: secret or assertion", async () => {
    const asked = { ...(await mapping()), consumerKey: "a" };
    await expect(mapKeys(world.developer, asked)).rejects.toMatchObject({ fields: [{ path: "consumerSecret" }] });
    const both = { ...asked, consumerSecret: "s", assertion: "a.b.c" };
    await expect(mapKeys(world.developer, both)).rejects.toMatchObject({ fields: [{ path: "assertion" }] });
    await expect(mapKeys(world.developer, { ...asked, assertion: "no token" })).rejects.toMatchObject({
      fields: [{ path: "assertion", message: expect.stringContaining("three parts") }],
    });
  });

  it("holds for the consumer key byte for byte", async () => {
    const { clientId, clientSecret } = await world.vendor.createClient();
    for (const consumerKey of [clientId.toUpperCase(), clientId.slice(0, -1), `${clientId}x`]) {
      const asked = { ...(await mapping()), consumerKey, consumerSecret: clientSecret };
      await expect(mapKeys(world.developer, asked)).rejects.toMatchObject({ code: "key_mapping.unproven" });
    }
    const outcome = await mapKeys(world.developer, {
      ...(await mapping()),
      ...{ consumerKey: clientId, consumerSecret: clientSecret },
    });
    const rows = await world.audit(outcome.outcome === "mapped" ? outcome.keys.id : "");
    expect(rows).toMatchObject([{ after: { proof: "secret" } }]);
  });

  it("is noted as not asked for where the administrator switched it off", async () => {
    const trusting = await vendorKeysWorld(simulator, { mappedClientCheck: false });
    const outcome = await mapKeys(trusting.developer, {
      applicationId: await trusting.newApplication(),
      keyManagerId: trusting.keyManagerId,
      ...{ keyType: "PRODUCTION", consumerKey: "made-by-hand" },
    });
    const rows = await trusting.audit(outcome.outcome === "mapped" ? outcome.keys.id : "");
    expect(rows).toMatchObject([{ after: { proof: "not asked for (the administrator's setting)" } }]);
  });
});

describe("an administrator", () => {
  const attachment = async (consumerKey = `by-hand-${newId()}`) => ({ ...(await mapping()), consumerKey });

  it("attaches a client to an application of a developer; the audit says that nothing was proved", async () => {
    const asked = await attachment();
    const before = world.vendor.requests.length;
    expect(await attachClient(world.admin, asked)).toMatchObject({ consumerKey: asked.consumerKey });
    expect(world.vendor.requests).toHaveLength(before);
    const [keys] = await listKeys(world.developer, { applicationId: asked.applicationId, keyType: "PRODUCTION" });
    expect(keys).toMatchObject({ mode: "MAPPED", state: "ACTIVE", consumerKey: asked.consumerKey, hasSecret: false });
    expect(await world.audit(keys?.id ?? "")).toMatchObject([
      { action: "key_mapping.attach", after: { proof: "none, by an administrator", consumerKey: asked.consumerKey } },
    ]);
  });

  it("is refused a client that somebody holds, and keys that are there", async () => {
    const asked = await attachment();
    await attachClient(world.admin, asked);
    await expect(attachClient(world.admin, await attachment(asked.consumerKey))).rejects.toMatchObject({
      code: "key_mapping.claimed",
    });
    await expect(attachClient(world.admin, { ...asked, consumerKey: "another" })).rejects.toMatchObject({
      code: "key_mapping.conflict",
    });
  });

  it("finds applications by a part of their name or of their owner's", async () => {
    await createApplication(world.developer, { name: "Harbour 100%" });
    const names = async (search: string) => (await findApplications(world.admin, { search })).map(({ name }) => name);
    expect(await names("bour 100%")).toEqual(["Harbour 100%"]);
    expect(await names("%")).toEqual(["Harbour 100%"]);
    expect(await names("no such thing")).toEqual([]);
    expect((await names("")).length).toBeGreaterThan(1);
  });

  it("reaches no application of another tenant", async () => {
    const other = await (await testTenant(world.deps)).caller("ADMINISTRATOR");
    await createApplication(world.developer, { name: "Ours alone" });
    expect(await findApplications(other, { search: "Ours alone" })).toEqual([]);
    await expect(attachClient(other, await attachment())).rejects.toMatchObject({ code: "application.not_found" });
  });

  it("is refused at a global key manager, whose clients belong to other tenants too", async () => {
    const shared = await globalWorld();
    await shared.register();
    const admin = await shared.here.caller("ADMINISTRATOR");
    const { id: applicationId } = await createApplication(await shared.here.caller("DEVELOPER"), { name: "Shop" });
    const { items } = await listKeyManagers(admin, {});
    const keyManagerId = items.find(({ global }) => global)?.id ?? "";
    await expect(
      attachClient(admin, { applicationId, keyManagerId, keyType: "PRODUCTION", consumerKey: "theirs" }),
    ).rejects.toMatchObject({ code: "key_manager.not_allowed", message: expect.stringContaining("several tenants") });
  });

  it("alone may: developers and creators are refused", async () => {
    const creator = await world.tenant.caller("CREATOR");
    for (const caller of [world.developer, creator]) {
      await expect(attachClient(caller, await attachment())).rejects.toMatchObject({ code: "auth.forbidden" });
      await expect(findApplications(caller, {})).rejects.toMatchObject({ code: "auth.forbidden" });
    }
  });
});
