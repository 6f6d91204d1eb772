import { beforeAll, describe, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import { createApplication } from "#lib/features/applications/create.ts";
import { deleteApplication } from "#lib/features/applications/remove.ts";
import { getApplication } from "#lib/features/applications/read.ts";
import type { Context } from "#lib/features/context.ts";
import { getKeyManager } from "#lib/features/key-managers/get.ts";
import { registerKeyManager } from "#lib/features/key-managers/register.ts";
import { setKeyManagerEnabled } from "#lib/features/key-managers/set-enabled.ts";
import { keysWorld, type KeysWorld } from "#tooling/testing/key-mappings.ts";
import { registrationOf } from "#tooling/testing/key-managers.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import type { KeysView, MappingOutcome, ResumeOutcome } from "./contract.ts";
import { generateKeys } from "./generate.ts";
import { issueToken } from "./issue-token.ts";
import { getKeys, listKeys } from "./list.ts";
import { mapKeys } from "./map.ts";
import { refreshKeys } from "./refresh.ts";
import { regenerateSecret } from "./regenerate-secret.ts";
import { removeKeys } from "./remove.ts";
import { resumeKeys } from "./resume.ts";
import { revealSecret } from "./reveal-secret.ts";
import { updateKeys } from "./update.ts";

let world: KeysWorld;
beforeAll(async () => {
  world = await keysWorld();
});

/** A fresh application of the world's developer, so that tests do not share keys. */
async function newApplication(owner: Context = world.developer): Promise<string> {
  return (await createApplication(owner, { name: `App ${String(Math.random()).slice(2)}` })).id;
}

async function generated(changes: Parameters<KeysWorld["request"]>[0] = {}) {
  const applicationId = changes.applicationId ?? (await newApplication());
  return done(await generateKeys(world.developer, world.request({ ...changes, applicationId })));
}

function done(outcome: ResumeOutcome): Extract<ResumeOutcome, { outcome: "done" }> {
  if (outcome.outcome !== "done") throw new Error(`The outcome is ${outcome.outcome}.`);
  return outcome;
}

const place = (applicationId: string) => ({ applicationId, keyType: "PRODUCTION" }) as const;

describe("generating keys", () => {
  it("registers one client, gives its credentials and a first token once, and audits without secrets", async () => {
    const { keys, consumerSecret, token } = await generated();
    expect(keys).toMatchObject({
      state: "ACTIVE",
      mode: "PROVISIONED",
      hasSecret: true,
      operation: null,
      failure: null,
    });
    expect(world.server.clients.get(keys.consumerKey ?? "")?.client_secret).toBe(consumerSecret);
    expect(token).toMatchObject({ tokenType: "Bearer", expiresInSeconds: 300 });

    expect(await world.audit(keys.id)).toMatchObject([
      { action: "key_mapping.generate", after: { consumerKey: keys.consumerKey, grantTypes: ["client_credentials"] } },
    ]);
    expect(await listKeys(world.developer, place(keys.applicationId))).toEqual([
      { ...keys, tokenParameters: { fixed: {} } },
    ]);
  });

  it("spares the first token when it is not wanted, not allowed, or the grant type is missing", async () => {
    expect((await generated({ firstToken: false })).token).toBeNull();
    const redirectUris = ["https://app.example.com/callback"];
    expect((await generated({ grantTypes: ["authorization_code"], redirectUris })).token).toBeNull();
    const quiet = await keysWorld({ tokenGeneration: false });
    expect(done(await generateKeys(quiet.developer, quiet.request())).token).toBeNull();
  });

  it("keeps the keys when the first token is refused, and says why", async () => {
    world.server.fail(
      { status: 400, body: { error: "invalid_scope", error_description: "no scope, no token" } },
      { path: /token/, times: 2 },
    );
    const { keys, token, tokenProblem } = await generated();
    world.server.recover();
    expect(keys.state).toBe("ACTIVE");
    expect(token).toBeNull();
    expect(tokenProblem).toContain("no scope, no token");
  });

  it("refuses a second set at the same place and registers nothing", async () => {
    const { keys } = await generated();
    const before = world.server.clients.size;
    await expect(
      generateKeys(world.developer, world.request({ applicationId: keys.applicationId })),
    ).rejects.toMatchObject({ code: "key_mapping.conflict" });
    expect(world.server.clients.size).toBe(before);
    const sandbox = await generateKeys(
      world.developer,
      world.request({ applicationId: keys.applicationId, keyType: "SANDBOX" }),
    );
    expect(sandbox.outcome).toBe("done");
  });

  it.each([
    ["a grant type that the key manager does not offer", { grantTypes: ["password"] }, "grantTypes"],
    ["no grant type", { grantTypes: [] }, "grantTypes"],
    ["no callback URL where one is needed", { grantTypes: ["authorization_code"] }, "redirectUris"],
    ["a callback URL where none is used", { redirectUris: ["https://a.example/cb"] }, "redirectUris"],
    ["a callback URL with a fragment", withCallback("https://a.example/cb#x"), "redirectUris.0"],
    ["a script as callback URL", withCallback("javascript:alert(1)"), "redirectUris.0"],
    ["a wildcard callback URL", withCallback("https://*.example/cb"), "redirectUris.0"],
    ["a plain-text callback URL of a remote host", withCallback("http://a.example/cb"), "redirectUris.0"],
    ["an unknown connector field", { settings: { nonsense: true } }, "settings"],
  ])("refuses %s at its field and calls nobody", async (_, changes, path) => {
    const applicationId = await newApplication();
    const before = world.server.requests.length;
    await expect(generateKeys(world.developer, world.request({ applicationId, ...changes }))).rejects.toMatchObject({
      code: "input.invalid",
      fields: [{ path }],
    });
    expect(world.server.requests.length).toBe(before);
    expect(await listKeys(world.developer, place(applicationId))).toEqual([]);
  });

  it("keeps a refusal with the server's own words, and makes keys when it is tried again", async () => {
    const applicationId = await newApplication();
    world.server.rejectRegistration("client_name is too funny");
    await expect(generateKeys(world.developer, world.request({ applicationId }))).rejects.toMatchObject({
      code: "key_manager.rejected",
      message: expect.stringContaining("client_name is too funny"),
    });
    world.server.rejectRegistration(undefined);
    const [failed] = await listKeys(world.developer, place(applicationId));
    expect(failed).toMatchObject({ state: "FAILED", operation: null });
    expect(failed?.failure?.message).toContain("client_name is too funny");

    const { keys } = done(await resumeKeys(world.developer, { id: failed?.id ?? "" }));
    expect(keys).toMatchObject({ id: failed?.id, state: "ACTIVE", failure: null });
  });

  it("takes the place of a failed attempt when keys are generated anew", async () => {
    const applicationId = await newApplication();
    world.server.rejectRegistration("no");
    await generateKeys(world.developer, world.request({ applicationId })).catch(() => undefined);
    world.server.rejectRegistration(undefined);
    await generated({ applicationId });
    expect(await listKeys(world.developer, place(applicationId))).toMatchObject([{ state: "ACTIVE" }]);
  });

  it("refuses a disabled key manager, and one where generating is switched off", async () => {
    const off = await keysWorld({ clientCreation: false });
    await expect(generateKeys(off.developer, off.request())).rejects.toMatchObject({ code: "key_manager.not_allowed" });
    const exchanged = await keysWorld({ tokenTypes: ["EXCHANGED"], exchangeAudience: "https://portal.test" });
    await expect(generateKeys(exchanged.developer, exchanged.request())).rejects.toMatchObject({
      code: "key_manager.not_allowed",
    });
    const { id, revision } = await getKeyManager(off.admin, { id: off.keyManagerId });
    await setKeyManagerEnabled(off.admin, { id, revision, enabled: false });
    await expect(generateKeys(off.developer, off.request())).rejects.toMatchObject({ code: "key_manager.disabled" });
  });

  it("makes one client and one row of twenty requests at once", async () => {
    const applicationId = await newApplication();
    const before = world.server.clients.size;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => generateKeys(world.developer, world.request({ applicationId }))),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") {
        expect((outcome.reason as { code: string }).code).toMatch(/^key_mapping\.(busy|conflict)$/);
      }
    }
    expect(world.server.clients.size).toBe(before + 1);
    expect(await listKeys(world.developer, place(applicationId))).toHaveLength(1);
  });
});

function withCallback(uri: string) {
  return { grantTypes: ["authorization_code"], redirectUris: [uri] };
}

describe("keys in use", () => {
  it("are listed without a call to any key manager", async () => {
    const { keys } = await generated();
    const before = world.server.requests.length;
    await listKeys(world.developer, place(keys.applicationId));
    await getKeys(world.developer, { id: keys.id });
    expect(world.server.requests.length).toBe(before);
  });

  it("keep their secret when they are updated", async () => {
    const { keys, consumerSecret } = await generated();
    const redirectUris = ["https://app.example.com/cb"];
    const grantTypes = ["client_credentials", "authorization_code"];
    const updated = done(await updateKeys(world.developer, { id: keys.id, grantTypes, redirectUris }));
    expect(updated).toMatchObject({ consumerSecret: null, keys: { client: { grantTypes, redirectUris } } });
    expect(world.server.clients.get(keys.consumerKey ?? "")).toMatchObject({ redirect_uris: redirectUris });
    expect(await revealSecret(world.developer, { id: keys.id })).toEqual({ consumerSecret });
    expect((await world.audit(keys.id)).map(({ action }) => action)).toEqual([
      "key_mapping.generate",
      "key_mapping.update",
      "key_mapping.reveal_secret",
    ]);
  });

  it("stay as they were when the key manager refuses an update", async () => {
    const { keys } = await generated();
    world.server.rejectRegistration("not today");
    await expect(
      updateKeys(world.developer, {
        id: keys.id,
        grantTypes: ["authorization_code"],
        redirectUris: ["https://a.example/cb"],
      }),
    ).rejects.toMatchObject({ code: "key_manager.rejected", message: expect.stringContaining("not today") });
    world.server.rejectRegistration(undefined);
    expect(await getKeys(world.developer, { id: keys.id })).toMatchObject({
      state: "ACTIVE",
      operation: null,
      client: { grantTypes: ["client_credentials"] },
    });
  });

  it("offer no new secret where the key manager cannot make one, and refuse to try", async () => {
    const { keys } = await generated();
    expect(keys.can.regenerateSecret).toBe(false);
    await expect(regenerateSecret(world.developer, { id: keys.id })).rejects.toMatchObject({
      code: "key_manager.unsupported",
    });
  });

  it("give tokens with scopes of subscribed APIs only, audited and stored nowhere", async () => {
    const { keys } = await generated();
    await subscribe(keys.applicationId, ["read", "weird"]);
    const token = await issueToken(world.developer, { id: keys.id, scopes: ["read"] });
    expect(token).toMatchObject({ tokenType: "Bearer", scopes: ["read"] });
    await expect(issueToken(world.developer, { id: keys.id, scopes: ["write"] })).rejects.toMatchObject({
      code: "input.invalid",
      fields: [{ path: "scopes" }],
    });
    await expect(issueToken(world.developer, { id: keys.id, scopes: ["weird"] })).rejects.toMatchObject({
      message: expect.stringContaining("a scope is not known"),
    });
    const rows = await world.audit(keys.id);
    expect(rows.at(-2)).toMatchObject({ action: "key_mapping.issue_token", after: { scopes: ["read"] } });
    expect(JSON.stringify(rows)).not.toContain(token.accessToken);
  });

  it("give no token where the administrator switched that off, and the key manager is not asked", async () => {
    const quiet = await keysWorld({ tokenGeneration: false });
    const { keys } = done(await generateKeys(quiet.developer, quiet.request()));
    expect(keys.can.issueToken).toBe(false);
    quiet.server.requests.length = 0;
    await expect(issueToken(quiet.developer, { id: keys.id })).rejects.toMatchObject({
      code: "key_manager.not_allowed",
      message: expect.stringContaining("switched off getting tokens"),
    });
    expect(quiet.server.requests).toEqual([]);
    expect((await quiet.audit(keys.id)).map(({ action }) => action)).toEqual(["key_mapping.generate"]);
  });

  it("show what the key manager says when they are refreshed, and that a client is gone", async () => {
    const { keys } = await generated();
    const stored = world.server.clients.get(keys.consumerKey ?? "");
    if (stored) stored.redirect_uris = ["https://changed.example/cb"];
    expect(await refreshKeys(world.developer, { id: keys.id })).toMatchObject({
      client: { redirectUris: ["https://changed.example/cb"] },
    });
    world.server.removeClient(keys.consumerKey ?? "");
    expect(await refreshKeys(world.developer, { id: keys.id })).toMatchObject({ state: "NEEDS_ATTENTION" });
    expect(await removeKeys(world.developer, { id: keys.id })).toEqual({ outcome: "removed" });
  });

  it("change nothing when a refresh cannot reach the key manager", async () => {
    const { keys } = await generated();
    world.server.fail("unreachable");
    await expect(refreshKeys(world.developer, { id: keys.id })).rejects.toMatchObject({
      code: "key_manager.unreachable",
    });
    world.server.recover();
    expect(await getKeys(world.developer, { id: keys.id })).toEqual(keys);
  });
});

describe("removing keys", () => {
  it("deletes the client at the key manager, then the keys, and frees the place", async () => {
    const { keys } = await generated();
    expect(await removeKeys(world.developer, { id: keys.id })).toEqual({ outcome: "removed" });
    expect(world.server.clients.has(keys.consumerKey ?? "")).toBe(false);
    await expect(getKeys(world.developer, { id: keys.id })).rejects.toMatchObject({ code: "key_mapping.not_found" });
    expect((await world.audit(keys.id)).at(-1)).toMatchObject({
      action: "key_mapping.remove",
      after: { removed: true },
    });
    await generated({ applicationId: keys.applicationId });
  });

  it("succeeds where the client is gone already", async () => {
    const { keys } = await generated();
    world.server.removeClient(keys.consumerKey ?? "");
    expect(await removeKeys(world.developer, { id: keys.id })).toEqual({ outcome: "removed" });
  });

  it("is not over until the key manager has confirmed it, though the keys are dead at once", async () => {
    const { keys } = await generated();
    world.server.fail("timeout");
    const outcome = await removeKeys(world.developer, { id: keys.id });
    expect(outcome).toMatchObject({ outcome: "finishing", keys: { state: "DELETING" } });
    world.server.recover();
    await expect(revealSecret(world.developer, { id: keys.id })).rejects.toMatchObject({
      code: "key_mapping.not_active",
    });
    expect(await removeKeys(world.developer, { id: keys.id })).toEqual({ outcome: "removed" });
    expect(world.server.clients.has(keys.consumerKey ?? "")).toBe(false);
  });

  it("can forget keys of a dead key manager, and tells the audit what was left", async () => {
    const { keys } = await generated();
    await expect(removeKeys(world.developer, { id: keys.id, forget: true })).rejects.toMatchObject({
      code: "key_mapping.busy",
    });
    world.server.fail("unreachable");
    await removeKeys(world.developer, { id: keys.id });
    expect(await removeKeys(world.developer, { id: keys.id, forget: true })).toEqual({ outcome: "removed" });
    world.server.recover();
    expect((await world.audit(keys.id)).at(-1)).toMatchObject({ after: { leftAtKeyManager: keys.consumerKey } });
  });

  it("works while the key manager is disabled", async () => {
    const own = await keysWorld();
    const { keys } = done(await generateKeys(own.developer, own.request()));
    const { id, revision } = await getKeyManager(own.admin, { id: own.keyManagerId });
    await setKeyManagerEnabled(own.admin, { id, revision, enabled: false });
    expect(await getKeys(own.developer, { id: keys.id })).toMatchObject({
      keyManager: { enabled: false },
      can: { update: false, issueToken: false },
    });
    await removeKeys(own.developer, { id: keys.id });
    expect(own.server.clients.size).toBe(0);
  });
});

describe("keys whose client is somebody else's, because a server hands out one consumer key twice", () => {
  it("do not work, and leave the client alone when they are removed", async () => {
    const { keys: first } = await generated();
    const applicationId = await newApplication();
    world.interfere(async (url, init) => {
      const response = await world.server.fetch(url, init);
      if (init?.method !== "POST" || !url.endsWith("/register")) return response;
      return Response.json({ ...world.server.clients.get(first.consumerKey ?? "") }, { status: 201 });
    });
    await expect(generateKeys(world.developer, world.request({ applicationId }))).rejects.toMatchObject({
      code: "key_mapping.claimed",
    });
    world.interfere(undefined);
    const [second] = await listKeys(world.developer, place(applicationId));
    expect(second).toMatchObject({ state: "NEEDS_ATTENTION", operation: null, standsAtServer: false });
    expect(await removeKeys(world.developer, { id: second?.id ?? "" })).toEqual({ outcome: "removed" });
    expect(world.server.clients.has(first.consumerKey ?? "")).toBe(true);
    expect(await issueToken(world.developer, { id: first.id })).toMatchObject({ tokenType: "Bearer" });
  });
});

describe("mapping an existing client", () => {
  function mapped(outcome: MappingOutcome): KeysView {
    if (outcome.outcome !== "mapped") throw new Error(outcome.message);
    return outcome.keys;
  }
  const mapping = async (client: { client_id: string; client_secret?: string }, changes: object = {}) => ({
    applicationId: await newApplication(),
    keyManagerId: world.keyManagerId,
    keyType: "PRODUCTION" as const,
    consumerKey: client.client_id,
    consumerSecret: client.client_secret ?? "",
    ...changes,
  });

  it("attaches a client whose secret proves possession, and leaves it alone when the keys are removed", async () => {
    const client = world.server.addClient();
    const keys = mapped(await mapKeys(world.developer, await mapping(client)));
    expect(keys).toMatchObject({
      mode: "MAPPED",
      state: "ACTIVE",
      consumerKey: client.client_id,
      hasSecret: true,
      can: { update: false, regenerateSecret: false },
    });
    await expect(
      updateKeys(world.developer, { id: keys.id, grantTypes: ["client_credentials"] }),
    ).rejects.toMatchObject({ code: "key_mapping.not_active" });
    expect(await issueToken(world.developer, { id: keys.id })).toMatchObject({ tokenType: "Bearer" });
    await removeKeys(world.developer, { id: keys.id });
    expect(world.server.clients.has(client.client_id)).toBe(true);
    // The claim is gone with the keys.
    await mapKeys(world.developer, await mapping(client));
  });

  it("refuses an unknown client and a wrong secret with the same words, at the field", async () => {
    const client = world.server.addClient();
    const refusals = await Promise.all(
      [
        { ...client, client_secret: "wrong" },
        { client_id: "nobody", client_secret: "wrong" },
      ].map(async (wrong) => mapKeys(world.developer, await mapping(wrong)).catch((error: unknown) => error)),
    );
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ code: "key_mapping.unproven", fields: [{ path: "consumerKey" }] });
    }
    expect(new Set(refusals.map((refusal) => (refusal as Error).message)).size).toBe(1);
  });

  it("refuses a client without proof", async () => {
    await expect(
      mapKeys(world.developer, await mapping({ client_id: world.server.addClient().client_id })),
    ).rejects.toMatchObject({ code: "input.invalid", fields: [{ path: "consumerSecret" }] });
  });

  it("lets one of two tenants have a client of a server that both use, however close they are", async () => {
    const other = await testTenant(world.deps);
    const stranger = await other.caller("DEVELOPER");
    const { id: keyManagerId } = await registerKeyManager(
      await other.caller("ADMINISTRATOR"),
      registrationOf(world.server),
    );
    for (let round = 0; round < 5; round += 1) {
      const client = world.server.addClient();
      const theirs = await mapping(client, { applicationId: await newApplication(stranger), keyManagerId });
      const outcomes = await Promise.allSettled([
        mapKeys(world.developer, await mapping(client)),
        mapKeys(stranger, theirs),
      ]);
      const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as Error] : []));
      expect(refused).toMatchObject([{ code: "key_mapping.claimed", fields: [{ path: "consumerKey" }] }]);
      expect(refused[0]?.message).not.toMatch(/tenant|application/i);
    }
  });

  it("refuses a client that the portal itself made for somebody", async () => {
    const { keys, consumerSecret } = await generated();
    await expect(
      mapKeys(
        world.developer,
        await mapping({ client_id: keys.consumerKey ?? "", client_secret: consumerSecret ?? "" }),
      ),
    ).rejects.toMatchObject({ code: "key_mapping.claimed" });
  });

  it("asks the key manager nothing when the administrator switched the check off", async () => {
    const trusting = await keysWorld({ mappedClientCheck: false });
    const outcome = await mapKeys(trusting.developer, {
      applicationId: trusting.applicationId,
      keyManagerId: trusting.keyManagerId,
      keyType: "PRODUCTION",
      consumerKey: "made-by-hand",
    });
    const keys = mapped(outcome);
    expect(keys).toMatchObject({ state: "ACTIVE", hasSecret: false, client: { grantTypes: [] } });
    expect(trusting.server.requests).toEqual([]);
  });

  it("audits refusals, and stops guessing after ten of them", async () => {
    const guesser = await world.tenant.caller("DEVELOPER");
    const applicationId = await newApplication(guesser);
    const guess = async () =>
      mapKeys(guesser, await mapping({ client_id: "guess", client_secret: "guess" }, { applicationId }));
    for (let count = 0; count < 10; count += 1) {
      await expect(guess()).rejects.toMatchObject({ code: "key_mapping.unproven" });
    }
    await expect(guess()).rejects.toMatchObject({ code: "limit.exceeded" });
    const rows = (await world.audit(applicationId)).filter(({ action }) => action === "key_mapping.map");
    expect(rows).toHaveLength(10);
    expect(rows[0]?.after).toMatchObject({ outcome: "refused", consumerKey: "guess" });
  });

  it("is refused where the administrator switched it off", async () => {
    const off = await keysWorld({ clientMapping: false });
    const input = { ...off.request(), consumerKey: "a", consumerSecret: "b" };
    const { applicationId, keyManagerId, keyType, consumerKey, consumerSecret } = input;
    await expect(
      mapKeys(off.developer, { applicationId, keyManagerId, keyType, consumerKey, consumerSecret }),
    ).rejects.toMatchObject({ code: "key_manager.not_allowed" });
  });
});

describe("deleting an application", () => {
  it("deletes the clients that the portal made, leaves mapped ones, and takes subscriptions along", async () => {
    const { keys } = await generated();
    const client = world.server.addClient();
    await mapKeys(world.developer, {
      applicationId: keys.applicationId,
      keyManagerId: world.keyManagerId,
      keyType: "SANDBOX",
      consumerKey: client.client_id,
      consumerSecret: client.client_secret ?? "",
    });
    await subscribe(keys.applicationId, ["read"]);
    expect(await deleteApplication(world.developer, { id: keys.applicationId })).toEqual({ deleted: true });
    expect(world.server.clients.has(keys.consumerKey ?? "")).toBe(false);
    expect(world.server.clients.has(client.client_id)).toBe(true);
    await expect(getApplication(world.developer, { id: keys.applicationId })).rejects.toMatchObject({
      code: "application.not_found",
    });
    expect((await world.audit(keys.applicationId)).at(-1)).toMatchObject({ action: "application.delete" });
  });

  it("keeps the application while a client cannot be deleted, says why, and ends when asked again", async () => {
    const { keys } = await generated();
    world.server.fail("timeout");
    expect(await deleteApplication(world.developer, { id: keys.applicationId })).toMatchObject({
      deleted: false,
      remaining: [{ keyManagerName: "Orders server" }],
    });
    world.server.recover();
    expect(await deleteApplication(world.developer, { id: keys.applicationId })).toEqual({ deleted: true });
    expect(world.server.clients.has(keys.consumerKey ?? "")).toBe(false);
  });
});

describe("who may", () => {
  it("hides keys from other developers and other tenants in every verb, as if they did not exist", async () => {
    const { keys } = await generated();
    const strangers = [
      await world.tenant.caller("DEVELOPER"),
      await (await testTenant(world.deps)).caller("DEVELOPER"),
    ];
    const id = keys.id;
    for (const stranger of strangers) {
      const attempts = [
        () => getKeys(stranger, { id }),
        () => updateKeys(stranger, { id, grantTypes: ["client_credentials"] }),
        () => regenerateSecret(stranger, { id }),
        () => revealSecret(stranger, { id }),
        () => removeKeys(stranger, { id }),
        () => issueToken(stranger, { id }),
        () => resumeKeys(stranger, { id }),
        () => refreshKeys(stranger, { id }),
      ];
      for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: "key_mapping.not_found" });
      const elsewhere = world.request({ applicationId: keys.applicationId });
      await expect(generateKeys(stranger, elsewhere)).rejects.toMatchObject({ code: "application.not_found" });
      await expect(listKeys(stranger, place(keys.applicationId))).rejects.toMatchObject({
        code: "application.not_found",
      });
      await expect(deleteApplication(stranger, { id: keys.applicationId })).rejects.toMatchObject({
        code: "application.not_found",
      });
    }
  });

  it("refuses people without the role in every verb", async () => {
    const { keys } = await generated();
    const creator = await world.tenant.caller("CREATOR", "ADMINISTRATOR");
    const { id, applicationId } = keys;
    const existing = { consumerKey: "a", consumerSecret: "b" };
    const attempts = [
      () => generateKeys(creator, world.request()),
      () => mapKeys(creator, { applicationId, keyManagerId: world.keyManagerId, keyType: "PRODUCTION", ...existing }),
      () => listKeys(creator, place(applicationId)),
      () => getKeys(creator, { id }),
      () => updateKeys(creator, { id, grantTypes: ["client_credentials"] }),
      () => regenerateSecret(creator, { id }),
      () => revealSecret(creator, { id }),
      () => removeKeys(creator, { id }),
      () => issueToken(creator, { id }),
      () => resumeKeys(creator, { id }),
      () => refreshKeys(creator, { id }),
      () => deleteApplication(creator, { id: applicationId }),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: "auth.forbidden" });
  });

  it("writes no secret into logs, audit, jobs or the database in clear", async () => {
    const { deps, server, tenant } = world;
    const dump = await deps.database.inTenant(tenant.id, async (tx) =>
      JSON.stringify([
        await tenantDb(tx).keyMapping.findMany(),
        await tenantDb(tx).auditEvent.findMany(),
        await tenantDb(tx).keyManager.findMany(),
        deps.enqueued,
      ]),
    );
    const seen = dump + world.logged();
    expect(server.canaries.length).toBeGreaterThan(20);
    expect(server.canaries.filter((canary) => seen.includes(canary))).toEqual([]);
  });
});

/** Subscribes an application to a new API with these scopes. */
async function subscribe(applicationId: string, scopes: string[]): Promise<void> {
  const { deps, tenant } = world;
  const id = () => crypto.randomUUID();
  const [apiId, planId, tenantId] = [id(), id(), tenant.id];
  await deps.database.inTenant(tenantId, async (tx) => {
    const db = tenantDb(tx);
    const name = apiId.slice(0, 8);
    await db.plan.create({ data: { id: planId, tenantId, name } });
    await db.api.create({
      data: { id: apiId, tenantId, name, version: "1", context: `/${name}`, createdById: id(), audiences: [] },
    });
    await db.apiScope.createMany({ data: scopes.map((scope) => ({ id: id(), tenantId, apiId, name: scope })) });
    await db.subscription.create({ data: { id: id(), tenantId, applicationId, apiId, planId } });
  });
}
