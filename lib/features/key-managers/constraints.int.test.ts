import { beforeAll, describe, expect, it } from "vitest";
import { openEntra } from "#connectors/entra/simulator.ts";
import { tenantDb } from "#lib/data/database.ts";
import { setGlobalSimulated } from "#lib/data/global-key-managers.ts";
import { isAppError } from "#lib/foundation/errors.ts";
import type { GlobalKeyManagerId } from "#lib/foundation/ids.ts";
import { globalsOf, globalWorld } from "#tooling/testing/global-key-managers.ts";
import { registrationOf } from "#tooling/testing/key-managers.ts";
import { keysWorld, type KeysWorld } from "#tooling/testing/key-mappings.ts";
import { testDependencies, testTenant } from "#tooling/testing/tenant.ts";
import { createApplication } from "../applications/create.ts";
import { testStoredGlobalConnection } from "../global-key-managers/test-connection.ts";
import { generateKeys } from "../key-mappings/generate.ts";
import { mapKeys } from "../key-mappings/map.ts";
import { updateKeys } from "../key-mappings/update.ts";
import type { KeyManagerView, UpdateKeyManagerInput } from "./contract.ts";
import { getKeyManager } from "./get.ts";
import { listKeyManagers } from "./list.ts";
import { listUsableKeyManagers } from "./list-usable.ts";
import { registerKeyManager } from "./register.ts";
import { testStoredConnection } from "./test-connection.ts";
import { updateKeyManager } from "./update.ts";

let world: KeysWorld;

beforeAll(async () => {
  world = await keysWorld();
});

/** The edit form of a key manager, sent back with changes. */
function formOf(view: KeyManagerView, changes: Partial<UpdateKeyManagerInput>): UpdateKeyManagerInput {
  const { id, revision, displayName, description, tokenTypes, wellKnownUrl, issuer, endpoints, grantTypes } = view;
  const { consumerKeyClaim, scopesClaim, signingKeys, validationMethod, connection } = view;
  return {
    ...{ id, revision, displayName, description, tokenTypes, issuer, endpoints, grantTypes, signingKeys },
    ...{ wellKnownUrl, consumerKeyClaim, scopesClaim, validationMethod, constraints: { ...view.constraints } },
    connection: view.permanent ? {} : connection,
    ...changes,
  };
}

async function limit({ admin, keyManagerId }: KeysWorld, constraints: UpdateKeyManagerInput["constraints"]) {
  const view = await getKeyManager(admin, { id: keyManagerId });
  return updateKeyManager(admin, formOf(view, { constraints }));
}

async function refusal(work: Promise<unknown>) {
  const error: unknown = await work.then(() => undefined).catch((thrown: unknown) => thrown);
  if (!isAppError(error)) throw error ?? new Error("This was not refused.");
  return { code: error.code, fields: error.fields };
}

const redirecting = { grantTypes: ["authorization_code"], redirectUris: ["https://app.example.com/back"] };

describe("limits", () => {
  it("are stored with the key manager, told in its view and its audit, and kept by an edit that sends them back", async () => {
    const before = await getKeyManager(world.admin, { id: world.keyManagerId });
    expect(before.constraints).toEqual({});
    const view = await limit(world, {
      redirectUris: { type: "REGEX", pattern: "https://[a-z]+\\.example\\.com/.*", words: "On example.com." },
      scopes: { type: "REGEX", pattern: "shop:[a-z]+" },
      applicationType: { type: "" },
    });
    expect(view.constraints).toEqual({
      redirectUris: { type: "REGEX", pattern: "https://[a-z]+\\.example\\.com/.*", words: "On example.com." },
      scopes: { type: "REGEX", pattern: "shop:[a-z]+" },
    });
    const again = await updateKeyManager(world.admin, formOf(view, { description: "Limited" }));
    expect(again.constraints).toEqual(view.constraints);
    const rows = await world.audit(world.keyManagerId);
    expect(rows.map(({ action }) => action)).toEqual([
      "key_manager.register",
      "key_manager.update",
      "key_manager.update",
    ]);
    expect(rows[1]).toMatchObject({ before: { constraints: {} }, after: { constraints: view.constraints } });
  });

  it("that make no sense are refused all at once, each at its place, beside everything else that is wrong", async () => {
    const refused = await refusal(
      registerKeyManager(
        world.admin,
        registrationOf(world.server, {
          issuer: "https://other.test",
          endpoints: {},
          constraints: {
            redirectUris: { type: "REGEX", pattern: "(" },
            scopes: { type: "MIN", minimum: 1 },
            applicationType: { type: "ENUM", allowed: ["web", "toaster"] },
            tea: { type: "MAX", maximum: 1 },
          },
        }),
      ),
    );
    expect(refused.code).toBe("input.invalid");
    expect(refused.fields.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        "endpoints.token",
        "constraints.redirectUris.pattern",
        "constraints.scopes.type",
        "constraints.applicationType.allowed",
        "constraints.tea",
      ]),
    );
  });

  it("are shown to developers as a narrower form, and to nobody who may not use key managers", async () => {
    await limit(world, { applicationType: { type: "ENUM", allowed: ["native"] } });
    const usable = await listUsableKeyManagers(world.developer, {});
    const field = usable
      .find(({ id }) => id === world.keyManagerId)
      ?.clientFields.find(({ name }) => name === "applicationType");
    expect(field).toMatchObject({
      options: [{ value: "native" }],
      fallback: "native",
      limit: { words: "The administrator allows: On a phone or desktop.", replaced: "web" },
    });
    expect(await refusal(limit({ ...world, admin: world.developer }, {}))).toMatchObject({ code: "auth.forbidden" });
  });

  it("are held by the server when keys are generated, and a default outside gives way", async () => {
    await limit(world, {
      applicationType: { type: "ENUM", allowed: ["native"] },
      scopes: { type: "REGEX", pattern: "shop:[a-z]+" },
      authentication: { type: "ENUM", allowed: ["client_secret_post"] },
      redirectUris: { type: "REGEX", pattern: "https://[a-z]+\\.example\\.com/.*" },
    });
    const asked = world.request({
      ...redirecting,
      redirectUris: ["https://evil.example/back"],
      settings: {
        applicationType: "web",
        scopes: ["shop:read", "admin"],
        authentication: { method: "none" },
      },
    });
    const refused = await refusal(generateKeys(world.developer, asked));
    expect(refused).toMatchObject({ code: "input.invalid" });
    expect(refused.fields.map(({ path }) => path).sort()).toEqual([
      "redirectUris",
      "settings.applicationType",
      "settings.authentication.method",
      "settings.scopes",
    ]);

    const made = await generateKeys(world.developer, world.request({ firstToken: false }));
    expect(made.keys.client.settings).toMatchObject({
      applicationType: "native",
      authentication: { method: "client_secret_post" },
    });
    const { id } = made.keys;
    const grantTypes = ["client_credentials"];
    const change = { id, grantTypes, settings: { ...made.keys.client.settings, scopes: ["admin"] } };
    expect(await refusal(updateKeys(world.developer, change))).toMatchObject({ fields: [{ path: "settings.scopes" }] });

    // Limits that came after the keys: what is still the connector's default gives way, what somebody chose does not.
    await limit(world, { applicationType: { type: "ENUM", allowed: ["web"] } });
    expect(
      await refusal(updateKeys(world.developer, { id, grantTypes, settings: { ...made.keys.client.settings } })),
    ).toMatchObject({ fields: [{ path: "settings.applicationType" }] });
  });

  it("do not block an update of keys that are older than them and have the default", async () => {
    const own = await keysWorld();
    const made = await generateKeys(own.developer, own.request({ firstToken: false }));
    expect(made.keys.client.settings).toMatchObject({ applicationType: "web" });
    await limit(own, { applicationType: { type: "ENUM", allowed: ["native"] } });
    const { id, client } = made.keys;
    const updated = await updateKeys(own.developer, {
      id,
      grantTypes: ["client_credentials"],
      settings: { ...client.settings },
    });
    expect(updated.keys.client.settings).toMatchObject({ applicationType: "native" });
  });

  it("hold for clients that are mapped, as far as the key manager tells of them", async () => {
    const own = await keysWorld();
    const existing = own.server.addClient({
      grant_types: ["authorization_code"],
      response_types: ["code"],
      redirect_uris: ["https://evil.example/back"],
    });
    await limit(own, { redirectUris: { type: "REGEX", pattern: "https://[a-z]+\\.example\\.com/.*" } });
    const asked = {
      applicationId: own.applicationId,
      keyManagerId: own.keyManagerId,
      keyType: "PRODUCTION",
      consumerKey: existing.client_id,
      consumerSecret: existing.client_secret ?? "",
      registrationToken: existing.registration_access_token,
      registrationClientUri: existing.registration_client_uri,
    } as const;
    expect(await refusal(mapKeys(own.developer, asked))).toMatchObject({ fields: [{ path: "consumerKey" }] });
    await limit(own, {});
    expect(await mapKeys(own.developer, asked)).toMatchObject({ outcome: "mapped" });
  });

  it("can be set for the key manager that each tenant has by itself", async () => {
    const { items } = await listKeyManagers(world.admin, {});
    const builtIn = items.find(({ permanent }) => permanent);
    const view = await getKeyManager(world.admin, { id: builtIn?.id ?? "" });
    const constraints = { applicationTokenLifetime: { type: "RANGE", minimum: 60, maximum: 900 } };
    const limited = await updateKeyManager(world.admin, formOf(view, { constraints }));
    expect(limited.constraints).toEqual(constraints);
    const asked = world.request({ keyManagerId: view.id, settings: { applicationTokenLifetime: 3_600 } });
    expect(await refusal(generateKeys(world.developer, asked))).toMatchObject({
      fields: [{ path: "settings.applicationTokenLifetime", message: "The administrator allows 60 to 900 seconds." }],
    });
  });
});

describe("limits of a global key manager", () => {
  it("hold in each tenant that it serves, and it is known as a simulator there too", async () => {
    const { register, here, there, operator, deps } = await globalWorld();
    const { id } = await register({ constraints: { scopes: { type: "REGEX", pattern: "shop:[a-z]+" } } });
    const administrator = await there.caller("ADMINISTRATOR");
    const [copy] = await globalsOf(administrator);
    expect(copy).toMatchObject({ simulated: true });
    const developer = await here.caller("DEVELOPER");
    const { id: applicationId } = await createApplication(developer, { name: "Shop" });
    const [own] = await globalsOf(await here.caller("ADMINISTRATOR"));
    const asked = {
      applicationId,
      keyManagerId: own?.id ?? "",
      keyType: "PRODUCTION",
      grantTypes: ["client_credentials"],
      settings: { scopes: ["admin"] },
    } as const;
    expect(await refusal(generateKeys(developer, { ...asked, grantTypes: [...asked.grantTypes] }))).toMatchObject({
      fields: [{ path: "settings.scopes" }],
    });

    await deps.database.inInstallation((tx) => setGlobalSimulated(tx, id as GlobalKeyManagerId, false));
    await testStoredGlobalConnection(operator, { part: "server", id });
    expect(await globalsOf(administrator)).toMatchObject([{ simulated: true, revision: copy?.revision }]);
  });
});

describe("a fixed field", () => {
  it("of a connection stays as it was stored, whether it is sent back or left out", async () => {
    const vendor = openEntra({ origin: "https://entra.test" });
    const deps = testDependencies({ outbound: vendor.fetch });
    const admin = await (await testTenant(deps)).caller("ADMINISTRATOR");
    const { issuer, endpoints, signingKeys } = vendor.settings;
    const view = await registerKeyManager(admin, {
      name: "directory",
      connectorId: "entra",
      wellKnownUrl: vendor.wellKnownUrl,
      ...{ issuer, endpoints, signingKeys },
      connection: { ...vendor.connectionInput, tokenVersion: "2" },
      confirmedHosts: [new URL(vendor.wellKnownUrl).host],
    });
    const changed = formOf(view, { connection: { ...view.connection, tokenVersion: "1" } });
    expect(await refusal(updateKeyManager(admin, changed))).toMatchObject({
      code: "input.fixed",
      fields: [{ path: "connection.tokenVersion" }],
    });
    const { tokenVersion, ...others } = view.connection;
    const kept = await updateKeyManager(admin, formOf(view, { connection: others, description: "New" }));
    expect(kept.connection).toMatchObject({ tokenVersion });
  });
});

describe("a simulator", () => {
  it("is remembered by what its discovery document says when it is connected, whatever a browser sends", async () => {
    const own = await keysWorld();
    const view = await getKeyManager(own.admin, { id: own.keyManagerId });
    expect(view.simulated).toBe(true);
    const { items } = await listKeyManagers(own.admin, {});
    expect(items.find(({ id }) => id === own.keyManagerId)?.simulated).toBe(true);
    const usable = await listUsableKeyManagers(own.developer, {});
    expect(usable.map(({ id, simulated }) => [id === own.keyManagerId, simulated])).toEqual(
      expect.arrayContaining([
        [true, true],
        [false, false],
      ]),
    );
    const sent = { ...formOf(view, {}), simulated: false } as UpdateKeyManagerInput;
    expect(await refusal(updateKeyManager(own.admin, sent))).toMatchObject({ code: "input.invalid" });
  });

  it("is told from a real server, and a server that cannot be read is none", async () => {
    const real = await keysWorld({}, { metadata: { latchkey_simulator: undefined } });
    expect(await getKeyManager(real.admin, { id: real.keyManagerId })).toMatchObject({ simulated: false });
    const other = registrationOf(real.server, { enabled: false, wellKnownUrl: "https://nowhere.test/.well-known/x" });
    expect(await registerKeyManager(real.admin, other)).toMatchObject({ simulated: false });
  });

  it("is found out by a test later, which leaves an audit row and no newer revision", async () => {
    const own = await keysWorld();
    await own.deps.database.inTenant(own.tenant.id, (tx) =>
      tenantDb(tx).keyManager.updateMany({ where: { id: own.keyManagerId }, data: { simulated: false } }),
    );
    const before = await getKeyManager(own.admin, { id: own.keyManagerId });
    await testStoredConnection(own.admin, { part: "server", id: own.keyManagerId });
    const after = await getKeyManager(own.admin, { id: own.keyManagerId });
    expect(after).toMatchObject({ simulated: true, revision: before.revision });
    expect((await own.audit(own.keyManagerId)).at(-1)).toMatchObject({
      action: "key_manager.test_stored",
      after: { simulated: true },
    });
    await testStoredConnection(own.admin, { part: "server", id: own.keyManagerId });
    expect(await own.audit(own.keyManagerId)).toHaveLength(2);
  });
});
