import { generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import type { SimulatedOidc } from "#connectors/oidc/simulator.ts";
import { managing } from "#lib/connector-kit/contract.ts";
import { tenantDb } from "#lib/data/database.ts";
import { newId, type KeyManagerId } from "#lib/foundation/ids.ts";
import { keyManagerWorld, registrationOf, type KeyManagerWorld } from "#tooling/testing/key-managers.ts";
import { testDependencies, testTenant } from "#tooling/testing/tenant.ts";
import type { Context } from "../context.ts";
import { ensurePermanentKeyManagers } from "./ensure-permanent.ts";
import { getKeyManager } from "./get.ts";
import { listChoosableKeyManagers } from "./list-choosable.ts";
import { listConnectors } from "./list-connectors.ts";
import { listUsableKeyManagers } from "./list-usable.ts";
import { listKeyManagerApis, listKeyManagerApplications } from "./list-usage.ts";
import { listKeyManagers } from "./list.ts";
import { openKeyManager } from "./open.ts";
import { previewDisable } from "./preview-disable.ts";
import { registerKeyManager } from "./register.ts";
import { removeKeyManager } from "./remove.ts";
import { setKeyManagerEnabled } from "./set-enabled.ts";
import { testStoredConnection } from "./test-connection.ts";
import { updateKeyManager } from "./update.ts";
import {
  usersCountedTo,
  type KeyManagerListView,
  type KeyManagerView,
  type UpdateKeyManagerInput,
} from "./contract.ts";

let world: KeyManagerWorld;
let server: SimulatedOidc;
let admin: Context;

beforeAll(async () => {
  world = await keyManagerWorld();
  server = world.server;
  admin = await world.tenant.caller("ADMINISTRATOR");
});

/** A caller of a tenant of its own, so that issuers never meet. */
async function freshAdmin(): Promise<Context> {
  return (await testTenant(world.deps)).caller("ADMINISTRATOR");
}

/** The edit form of a key manager, as a browser would send it back untouched. */
function formOf(view: KeyManagerView, changes: Partial<UpdateKeyManagerInput> = {}): UpdateKeyManagerInput {
  const { id, revision, displayName, description, tokenTypes, wellKnownUrl, issuer, endpoints, grantTypes } = view;
  const { consumerKeyClaim, scopesClaim, signingKeys, validationMethod, connection } = view;
  const { tokenGeneration, clientCreation, clientMapping, mappedClientCheck, applicationScopes } = view;
  return {
    ...{ id, revision, displayName, description, tokenTypes, wellKnownUrl, issuer, endpoints, grantTypes },
    ...{ consumerKeyClaim, scopesClaim, signingKeys, validationMethod, connection },
    ...{ tokenGeneration, clientCreation, clientMapping, mappedClientCheck, applicationScopes },
    ...changes,
  };
}

async function auditOf(ctx: Context, subjectId: string) {
  return ctx.deps.database.inTenant(ctx.tenant.id, (tx) =>
    tenantDb(tx).auditEvent.findMany({ where: { subjectId }, orderBy: { id: "asc" } }),
  );
}

/** Whether the stored credentials are good enough for the server to register a client. */
async function registersClients(ctx: Context, id: string): Promise<boolean> {
  const { adapter } = await openKeyManager(ctx, id as KeyManagerId);
  const client = await managing(adapter).registerClient({
    name: "Billing",
    marker: newId(),
    grantTypes: ["client_credentials"],
    redirectUris: [],
    settings: { authentication: { method: "client_secret_basic" }, applicationType: "web", scopes: [] },
  });
  return server.clients.has(client.ref.consumerKey);
}

/** An application with active keys of the key manager, and an API that names it. */
async function useIt(ctx: Context, keyManagerId: string) {
  const applicationId = newId();
  const apiId = newId();
  const common = { tenantId: ctx.tenant.id };
  await ctx.deps.database.inTenant(ctx.tenant.id, async (tx) => {
    const db = tenantDb(tx);
    const person = newId();
    await db.application.create({
      data: { ...common, id: applicationId, name: "Billing", ownerId: person, ownerName: "Mina" },
    });
    await db.keyMapping.create({
      data: {
        ...common,
        id: newId(),
        applicationId,
        keyManagerId,
        keyType: "PRODUCTION",
        mode: "PROVISIONED",
        state: "ACTIVE",
        requested: {},
        createdById: person,
      },
    });
    await db.api.create({
      data: {
        ...common,
        id: apiId,
        name: "Orders",
        version: "1.0.0",
        context: "/orders",
        status: "PUBLISHED",
        acceptAllKeyManagers: false,
        createdById: person,
      },
    });
    await db.apiKeyManager.create({ data: { ...common, apiId, keyManagerId } });
  });
  return { applicationId, apiId };
}

describe("registering", () => {
  it("stores everything, seals the secrets, and writes one audit row", async () => {
    const ctx = await freshAdmin();
    const view = await registerKeyManager(ctx, registrationOf(server, { name: "orders", description: "Ours" }));
    expect(await getKeyManager(ctx, { id: view.id })).toEqual(view);
    expect(view).toMatchObject({ name: "orders", enabled: true, tokenTypes: ["DIRECT"], revision: 1 });
    expect(view.secretsSet).toEqual([
      "introspection.client.authentication.client_secret_basic.clientSecret",
      "registration.initial_access_token.token",
    ]);
    const rows = await auditOf(ctx, view.id);
    expect(rows).toMatchObject([{ action: "key_manager.register", after: { name: "orders", issuer: server.issuer } }]);
  });

  it("shows no secret in views, lists, audit rows or the stored row", async () => {
    const ctx = await freshAdmin();
    const view = await registerKeyManager(ctx, registrationOf(server));
    const stored = await ctx.deps.database.inTenant(ctx.tenant.id, (tx) =>
      tenantDb(tx).keyManager.findUnique({ where: { id: view.id } }),
    );
    const seen = JSON.stringify([
      view,
      await listKeyManagers(ctx, {}),
      await getKeyManager(ctx, { id: view.id }),
      await auditOf(ctx, view.id),
      stored,
    ]);
    for (const canary of server.canaries) expect(seen).not.toContain(canary);
    expect(server.canaries.length).toBeGreaterThan(0);
  });

  it("opens with the secrets that were typed", async () => {
    const ctx = await freshAdmin();
    const view = await registerKeyManager(ctx, registrationOf(server));
    expect(await registersClients(ctx, view.id)).toBe(true);
  });

  it("takes the name for people from the stable name where none is given", async () => {
    const ctx = await freshAdmin();
    const view = await registerKeyManager(ctx, registrationOf(server, { name: "plain", displayName: "" }));
    expect(view.displayName).toBe("plain");
  });

  const endpoint = () => server.endpoints;
  const cases: [what: string, changes: () => Record<string, unknown>, path: string][] = [
    ["a name with white space", () => ({ name: "two words" }), "name"],
    ["a name with a NUL character", () => ({ name: "nul\u0000l" }), "name"],
    ["a name of half a character", () => ({ name: "\ud800" }), "name"],
    ["no name", () => ({ name: " " }), "name"],
    ["a description with control characters", () => ({ description: "bell\u0007" }), "description"],
    ["no way for tokens to reach APIs", () => ({ tokenTypes: [] }), "tokenTypes"],
    ["no issuer", () => ({ issuer: "" }), "issuer"],
    ["an issuer that is no address", () => ({ issuer: "keycloak" }), "issuer"],
    ["a missing token endpoint", () => ({ endpoints: { ...endpoint(), token: "" } }), "endpoints.token"],
    [
      "a missing registration endpoint",
      () => ({ endpoints: { ...endpoint(), registration: undefined } }),
      "endpoints.registration",
    ],
    [
      "an endpoint that is no address",
      () => ({ endpoints: { ...endpoint(), token: "javascript:alert(1)" } }),
      "endpoints.token",
    ],
    [
      "an endpoint with a password in it",
      () => ({ endpoints: { ...endpoint(), token: "https://me:secret@as.test/token" } }),
      "endpoints.token",
    ],
    [
      "an endpoint that this kind has no use for",
      () => ({ endpoints: { ...endpoint(), scopeManagement: "https://as.test/scopes" } }),
      "endpoints.scopeManagement",
    ],
    [
      "an endpoint on a host that nobody confirmed",
      () => ({ endpoints: { ...endpoint(), token: "https://elsewhere.test/token" } }),
      "endpoints.token",
    ],
    ["no signing keys for tokens that are checked here", () => ({ signingKeys: { kind: "none" } }), "signingKeys"],
    [
      "a key set address that is none",
      () => ({ signingKeys: { kind: "jwks", url: "not an address" } }),
      "signingKeys.url",
    ],
    ["a PEM that is none", () => ({ signingKeys: { kind: "pem", value: "hello" } }), "signingKeys.value"],
    ["a grant type with a space", () => ({ grantTypes: ["client credentials"] }), "grantTypes.0"],
    ["a kind that does not exist", () => ({ connectorId: "nobody" }), "connectorId"],
    ["the kind that each tenant has by itself", () => ({ connectorId: "built-in" }), "connectorId"],
    [
      "introspection without its endpoint",
      () => ({ validationMethod: "INTROSPECT", endpoints: { ...endpoint(), introspection: "" } }),
      "endpoints.introspection",
    ],
    [
      "a missing secret of the connection",
      () => ({
        connection: { ...server.connectionInput, registration: { method: "initial_access_token", token: "" } },
      }),
      "connection.registration.token",
    ],
    [
      "a field that the connection does not have",
      () => ({ connection: { ...server.connectionInput, surprise: 1 } }),
      "connection",
    ],
  ];
  it.each(cases)("refuses %s, at its field, and stores nothing", async (_what, changes, path) => {
    const ctx = await freshAdmin();
    const input = { ...registrationOf(server), ...changes() };
    await expect(registerKeyManager(ctx, input as never)).rejects.toMatchObject({
      code: "input.invalid",
      fields: expect.arrayContaining([expect.objectContaining({ path })]) as unknown,
    });
    expect((await listKeyManagers(ctx, {})).items.every(({ permanent }) => permanent)).toBe(true);
  });

  it("names every missing field at once", async () => {
    const ctx = await freshAdmin();
    const refused = registerKeyManager(ctx, registrationOf(server, { endpoints: {}, connection: {} }));
    await expect(refused).rejects.toMatchObject({
      message: expect.stringMatching(/endpoints\.registration.*endpoints\.token.*connection/) as unknown,
    });
  });

  it("refuses a name that is taken, at its field", async () => {
    const ctx = await freshAdmin();
    await registerKeyManager(ctx, registrationOf(server, { name: "taken" }));
    await expect(
      registerKeyManager(ctx, registrationOf(server, { name: "taken", enabled: false })),
    ).rejects.toMatchObject({ code: "key_manager.conflict", fields: [{ path: "name" }] });
  });

  it("refuses an issuer that another enabled key manager has, and takes it where that one is disabled", async () => {
    const ctx = await freshAdmin();
    const first = await registerKeyManager(ctx, registrationOf(server));
    await expect(registerKeyManager(ctx, registrationOf(server))).rejects.toMatchObject({
      code: "key_manager.issuer_conflict",
      fields: [{ path: "issuer" }],
    });
    const second = await registerKeyManager(ctx, registrationOf(server, { enabled: false }));
    await expect(setKeyManagerEnabled(ctx, { ...ref(second), enabled: true })).rejects.toMatchObject({
      code: "key_manager.issuer_conflict",
    });
    await setKeyManagerEnabled(ctx, { ...ref(first), enabled: false });
    await setKeyManagerEnabled(ctx, { ...ref(second), enabled: true });
  });

  it("takes two enabled key managers with one issuer where claims tell their tokens apart, and only as long as they do", async () => {
    const ctx = await freshAdmin();
    const tokenHandling = { kind: "JWT" as const, claims: [{ claim: "tid", pattern: "blue|green" }] };
    const first = await registerKeyManager(ctx, registrationOf(server));
    const second = await registerKeyManager(ctx, registrationOf(server, { tokenHandling }));
    expect((await getKeyManager(ctx, { id: second.id })).tokenHandling).toEqual(tokenHandling);
    // Without a limit, the form clears the rule.
    await expect(updateKeyManager(ctx, formOf(second))).rejects.toMatchObject({
      code: "key_manager.issuer_conflict",
      fields: [{ path: "issuer" }],
    });
    await setKeyManagerEnabled(ctx, { ...ref(first), enabled: false });
    const cleared = await updateKeyManager(ctx, formOf(second));
    expect(cleared.tokenHandling).toEqual({ kind: "NONE" });
    await expect(setKeyManagerEnabled(ctx, { ...ref(first), revision: 2, enabled: true })).rejects.toMatchObject({
      code: "key_manager.issuer_conflict",
    });
  });

  it.each([
    [{ kind: "REFERENCE", pattern: "" }, "tokenHandling.pattern"],
    [{ kind: "REFERENCE", pattern: "(a" }, "tokenHandling.pattern"],
    [{ kind: "REFERENCE", pattern: "(?=a)a" }, "tokenHandling.pattern"],
    [{ kind: "REFERENCE", pattern: "x".repeat(201) }, "tokenHandling.pattern"],
    [{ kind: "JWT", claims: [] }, "tokenHandling.claims"],
    [{ kind: "JWT", claims: [{ claim: "a b", pattern: "x" }] }, "tokenHandling.claims.0.claim"],
    [{ kind: "JWT", claims: [{ claim: "a", pattern: "[" }] }, "tokenHandling.claims.0.pattern"],
    [
      {
        kind: "JWT",
        claims: [
          { claim: "a", pattern: "x" },
          { claim: "a", pattern: "y" },
        ],
      },
      "tokenHandling.claims.1.claim",
    ],
  ] as const)("refuses the token handling %j at its field", async (tokenHandling, path) => {
    const ctx = await freshAdmin();
    const input = registrationOf(server, { tokenHandling: tokenHandling as never });
    await expect(registerKeyManager(ctx, input)).rejects.toMatchObject({
      code: "input.invalid",
      fields: [expect.objectContaining({ path })],
    });
  });

  it("lets only one of two concurrent registrations have the issuer", async () => {
    const ctx = await freshAdmin();
    const results = await Promise.allSettled([
      registerKeyManager(ctx, registrationOf(server)),
      registerKeyManager(ctx, registrationOf(server)),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("takes an endpoint on another host once that host is confirmed", async () => {
    const ctx = await freshAdmin();
    const endpoints = { ...server.endpoints, token: "https://elsewhere.test/token" };
    const view = await registerKeyManager(
      ctx,
      registrationOf(server, { endpoints, confirmedHosts: ["elsewhere.test"] }),
    );
    expect(view.endpoints.token).toBe("https://elsewhere.test/token");
  });

  it("takes a pasted public key, and refuses a private, a weak or a foreign one", async () => {
    const ctx = await freshAdmin();
    const pem = (bits: number, kind: "public" | "private") => {
      const pair = generateKeyPairSync("rsa", { modulusLength: bits });
      return kind === "public"
        ? pair.publicKey.export({ type: "spki", format: "pem" }).toString()
        : pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    };
    const register = (value: string) =>
      registerKeyManager(ctx, registrationOf(server, { signingKeys: { kind: "pem", value } }));
    await expect(register(pem(2048, "private"))).rejects.toMatchObject({ fields: [{ path: "signingKeys.value" }] });
    await expect(register(pem(1024, "public"))).rejects.toMatchObject({ fields: [{ path: "signingKeys.value" }] });
    // The validator would take it for no key at all, and every token would wait for one.
    const foreign = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey;
    await expect(register(foreign.export({ type: "spki", format: "pem" }).toString())).rejects.toMatchObject({
      fields: [{ path: "signingKeys.value", message: expect.stringContaining("P-256, P-384 or P-521") }],
    });
    expect((await register(pem(2048, "public"))).signingKeys.kind).toBe("pem");
  });

  it("is refused to anybody but administrators", async () => {
    for (const role of ["CREATOR", "DEVELOPER"] as const) {
      const ctx = await world.tenant.caller(role);
      await expect(registerKeyManager(ctx, registrationOf(server))).rejects.toMatchObject({ code: "auth.forbidden" });
      await expect(listKeyManagers(ctx, {})).rejects.toMatchObject({ code: "auth.forbidden" });
    }
  });
});

function ref({ id, revision }: { id: string; revision: number }) {
  return { id, revision };
}

describe("updating", () => {
  it("keeps every secret that is left blank, and changes nothing where nothing was changed", async () => {
    const ctx = await freshAdmin();
    const before = await registerKeyManager(ctx, registrationOf(server));
    const after = await updateKeyManager(ctx, formOf(before));
    expect({ ...after, revision: 1, updatedAt: before.updatedAt }).toEqual(before);
    expect(await registersClients(ctx, before.id)).toBe(true);
  });

  it("audits what was and what is, and which secrets were entered, without them", async () => {
    const ctx = await freshAdmin();
    const before = await registerKeyManager(ctx, registrationOf(server));
    await updateKeyManager(ctx, formOf(before, { description: "New words", connection: server.connectionInput }));
    const [, row] = await auditOf(ctx, before.id);
    expect(row).toMatchObject({
      action: "key_manager.update",
      before: { description: "" },
      after: { description: "New words", secretsEntered: expect.arrayContaining([expect.any(String)]) as unknown },
    });
    for (const canary of server.canaries) expect(JSON.stringify(row)).not.toContain(canary);
  });

  it("refuses another name at its field", async () => {
    const ctx = await freshAdmin();
    const before = await registerKeyManager(ctx, registrationOf(server));
    await expect(updateKeyManager(ctx, formOf(before, { name: "other" }))).rejects.toMatchObject({
      code: "input.invalid",
      fields: [{ path: "name" }],
    });
    expect((await updateKeyManager(ctx, formOf(before, { name: before.name }))).name).toBe(before.name);
  });

  it("refuses a form that somebody else has overtaken", async () => {
    const ctx = await freshAdmin();
    const before = await registerKeyManager(ctx, registrationOf(server));
    await updateKeyManager(ctx, formOf(before, { description: "First" }));
    await expect(updateKeyManager(ctx, formOf(before, { description: "Second" }))).rejects.toMatchObject({
      code: "revision.conflict",
    });
    expect((await getKeyManager(ctx, { id: before.id })).description).toBe("First");
  });

  it("lets exactly one of two simultaneous saves win", async () => {
    const ctx = await freshAdmin();
    const before = await registerKeyManager(ctx, registrationOf(server));
    const results = await Promise.allSettled([
      updateKeyManager(ctx, formOf(before, { description: "One" })),
      updateKeyManager(ctx, formOf(before, { description: "Two" })),
    ]);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it.each([
    ["the issuer", { issuer: "https://as.test/moved" }],
    ["the token endpoint", { endpoints: { token: "https://as.test/elsewhere" } }],
    ["the registration endpoint on another host", { endpoints: { registration: "https://thief.test/reg" } }],
  ])("asks for the secrets again where %s is new", async (_what, changes) => {
    const ctx = await freshAdmin();
    const before = await registerKeyManager(ctx, registrationOf(server));
    const endpoints = "endpoints" in changes ? { ...before.endpoints, ...changes.endpoints } : before.endpoints;
    const form = formOf(before, { ...changes, endpoints, confirmedHosts: ["thief.test", "as.test"] });
    await expect(updateKeyManager(ctx, form)).rejects.toMatchObject({
      code: "input.invalid",
      fields: expect.arrayContaining([
        expect.objectContaining({ path: "connection.registration.token" }),
        expect.objectContaining({ path: "connection.introspection.authentication.clientSecret" }),
      ]) as unknown,
    });
    const after = await updateKeyManager(ctx, { ...form, connection: server.connectionInput });
    expect(after.revision).toBe(2);
  });

  it("refuses a secret that the server does not accept, and keeps the one that works", async () => {
    const own = await keyManagerWorld({ registration: "client_credentials" });
    const ctx = await own.tenant.caller("ADMINISTRATOR");
    const before = await registerKeyManager(ctx, registrationOf(own.server));
    const authentication = { method: "client_secret_basic", clientSecret: "wrong-canary-secret-9d1e" };
    const registration = { method: "client_credentials", clientId: "portal", authentication, scopes: ["register"] };
    const form = formOf(before, { connection: { registration, introspection: { method: "none" } } });
    await expect(updateKeyManager(ctx, form)).rejects.toMatchObject({
      code: "input.invalid",
      fields: [{ path: "connection.registration.authentication.clientSecret" }],
    });
    expect((await getKeyManager(ctx, { id: before.id })).revision).toBe(before.revision);
    const { results } = await testStoredConnection(ctx, { part: "access", id: before.id });
    expect(results[0]).toMatchObject({ step: "sign_in", status: "passed" });
  });

  it("asks for no secret where only an address that gets none is new", async () => {
    const ctx = await freshAdmin();
    const before = await registerKeyManager(ctx, registrationOf(server));
    const endpoints = { ...before.endpoints, displayToken: "https://public.test/token" };
    expect((await updateKeyManager(ctx, formOf(before, { endpoints }))).endpoints.displayToken).toBe(
      "https://public.test/token",
    );
  });

  it("forgets the secrets of a choice that was left", async () => {
    const ctx = await freshAdmin();
    const before = await registerKeyManager(ctx, registrationOf(server));
    const connection = { ...server.connectionInput, registration: { method: "none" } };
    const after = await updateKeyManager(ctx, formOf(before, { connection }));
    expect(after.secretsSet).toEqual(["introspection.client.authentication.client_secret_basic.clientSecret"]);
  });
});

describe("enabling and deleting", () => {
  it("audits a toggle, and developers no longer see a disabled key manager", async () => {
    const tenant = await testTenant(world.deps);
    const ctx = await tenant.caller("ADMINISTRATOR");
    const developer = await tenant.caller("DEVELOPER");
    const creator = await tenant.caller("CREATOR");
    const view = await registerKeyManager(ctx, registrationOf(server));
    const usable = async () => (await listUsableKeyManagers(developer, {})).map(({ id }) => id);
    expect(await usable()).toContain(view.id);
    const off = await setKeyManagerEnabled(ctx, { ...ref(view), enabled: false });
    expect(await usable()).not.toContain(view.id);
    expect(await listChoosableKeyManagers(creator, {})).toContainEqual(
      expect.objectContaining({ id: view.id, enabled: false }),
    );
    await setKeyManagerEnabled(ctx, { ...ref(off), enabled: true });
    expect(await usable()).toContain(view.id);
    const actions = (await auditOf(ctx, view.id)).map(({ action, after }) => ({ action, after }));
    expect(actions.slice(1)).toEqual([
      { action: "key_manager.set_enabled", after: { enabled: false } },
      { action: "key_manager.set_enabled", after: { enabled: true } },
    ]);
  });

  it("deletes what nobody uses, with an audit row", async () => {
    const ctx = await freshAdmin();
    const view = await registerKeyManager(ctx, registrationOf(server));
    await removeKeyManager(ctx, { id: view.id });
    await expect(getKeyManager(ctx, { id: view.id })).rejects.toMatchObject({ code: "key_manager.not_found" });
    expect((await auditOf(ctx, view.id)).at(-1)).toMatchObject({
      action: "key_manager.delete",
      before: { name: view.name },
    });
  });

  it("refuses to delete what is in use, and names who uses it", async () => {
    const ctx = await freshAdmin();
    const view = await registerKeyManager(ctx, registrationOf(server));
    await useIt(ctx, view.id);
    await expect(removeKeyManager(ctx, { id: view.id })).rejects.toMatchObject({
      code: "key_manager.in_use",
      status: 412,
      message: expect.stringMatching(/1 API \(Orders 1\.0\.0\) and 1 application \(Billing\)/) as unknown,
    });
    expect((await getKeyManager(ctx, { id: view.id })).usage).toEqual({ apis: 1, applications: 1 });
  });

  it("counts users up to a bound, so that many of them cost a list nothing", async () => {
    const ctx = await freshAdmin();
    const view = await registerKeyManager(ctx, registrationOf(server));
    await ctx.deps.database.inTenant(ctx.tenant.id, (tx) => {
      const many = usersCountedTo + 5;
      return tenantDb(tx).$executeRaw`
        WITH added AS (
          INSERT INTO application (id, tenant_id, name, owner_id, owner_name)
          SELECT gen_random_uuid(), ${ctx.tenant.id}::uuid, 'Application ' || n, gen_random_uuid(), 'Mina'
            FROM generate_series(1, ${many}::int) AS n RETURNING id, owner_id)
        INSERT INTO key_mapping (id, tenant_id, application_id, key_manager_id, key_type, mode, state, requested,
                                 created_by_id, updated_at)
        SELECT gen_random_uuid(), ${ctx.tenant.id}::uuid, id, ${view.id}::uuid, 'PRODUCTION', 'PROVISIONED',
               'ACTIVE', '{}', owner_id, now() FROM added`;
    });
    const { items } = await listKeyManagers(ctx, {});
    expect(items.find(({ id }) => id === view.id)?.usage).toEqual({ apis: 0, applications: usersCountedTo });
    await expect(removeKeyManager(ctx, { id: view.id })).rejects.toMatchObject({
      message: expect.stringMatching(/1000 or more applications \(.*, and many more\)/) as unknown,
    });
  });

  it("lists and counts who uses it, and foretells what disabling breaks", async () => {
    const ctx = await freshAdmin();
    const view = await registerKeyManager(ctx, registrationOf(server));
    const { apiId, applicationId } = await useIt(ctx, view.id);
    expect(await listKeyManagerApis(ctx, { id: view.id })).toMatchObject({ total: 1, items: [{ id: apiId }] });
    expect(await listKeyManagerApplications(ctx, { id: view.id })).toMatchObject({
      total: 1,
      items: [{ id: applicationId, keyTypes: ["PRODUCTION"] }],
    });
    expect(await previewDisable(ctx, { id: view.id })).toEqual({
      publishedApis: 1,
      applications: 1,
      activeKeys: 1,
      subscriptions: 0,
      apisLosingAccess: { count: 1, names: ["Orders 1.0.0"] },
      applicationsLosingAccess: { count: 1, names: ["Billing"] },
    });
  });
});

describe("the permanent key manager", () => {
  it("exists in each tenant by itself, once, whoever asks first", async () => {
    const tenant = await testTenant(world.deps);
    const ctx = await tenant.caller("ADMINISTRATOR");
    const developer = await tenant.caller("DEVELOPER");
    await Promise.all([listKeyManagers(ctx, {}), listUsableKeyManagers(developer, {}), listKeyManagers(ctx, {})]);
    const { items } = await listKeyManagers(ctx, {});
    expect(items).toMatchObject([
      { permanent: true, enabled: true, issuer: `${world.deps.origin}/t/${tenant.slug}/oidc` },
    ]);
    expect(await auditOf(ctx, items[0]?.id ?? "")).toHaveLength(1);
  });

  it("cannot be deleted, and lets only its own fields be edited", async () => {
    const ctx = await freshAdmin();
    const [item] = (await listKeyManagers(ctx, {})).items;
    const view = await getKeyManager(ctx, { id: item?.id ?? "" });
    await expect(removeKeyManager(ctx, { id: view.id })).rejects.toMatchObject({ code: "key_manager.permanent" });
    const form = formOf(view, { connection: {} });
    for (const [changes, path] of [
      [{ issuer: "https://other.test" }, "issuer"],
      [{ signingKeys: { kind: "jwks", url: "https://other.test/jwks" } }, "signingKeys"],
      [{ endpoints: { ...view.endpoints, token: `${view.issuer}/other` } }, "endpoints.token"],
      [{ connection: { registrationToken: "mine" } }, "connection.registrationToken"],
    ] as const) {
      await expect(updateKeyManager(ctx, { ...form, ...changes })).rejects.toMatchObject({
        code: "input.invalid",
        fields: expect.arrayContaining([expect.objectContaining({ path })]) as unknown,
      });
    }
    const endpoints = { ...view.endpoints, displayToken: "https://public.test/token" };
    const after = await updateKeyManager(ctx, { ...form, endpoints, description: "Ours", tokenGeneration: false });
    expect(after).toMatchObject({ description: "Ours", tokenGeneration: false });
  });

  it("follows the installation to another address and another vault key", async () => {
    const tenant = await testTenant(world.deps);
    const ctx = await tenant.caller("ADMINISTRATOR");
    const [before] = (await listKeyManagers(ctx, {})).items;
    const moved = { ...testDependencies(), origin: "https://moved.test" };
    // A vault that knows the old key and seals with a new one.
    const deps = { ...moved, vault: { ...moved.vault, isStale: () => true } };
    await deps.database.inTenant(tenant.id, (tx) => ensurePermanentKeyManagers(tx, { tenantSlug: tenant.slug, deps }));
    const opened = await openKeyManager({ ...ctx, deps }, before?.id as KeyManagerId);
    expect(opened.settings.issuer).toBe(`https://moved.test/t/${tenant.slug}/oidc`);
    expect(opened.record.id).toBe(before?.id);
  });
});

describe("lists", () => {
  it("pages, sorts and searches, whatever characters are searched for", async () => {
    const ctx = await freshAdmin();
    for (const name of ["alpha_1", "beta%2", "gamma\\3"]) {
      await registerKeyManager(ctx, registrationOf(server, { name, displayName: name.toUpperCase(), enabled: false }));
    }
    const names = async (input: Parameters<typeof listKeyManagers>[1]) =>
      (await listKeyManagers(ctx, input)).items.map(({ name }) => name);
    expect(await names({ search: "_" })).toEqual(["alpha_1"]);
    expect(await names({ search: "%" })).toEqual(["beta%2"]);
    expect(await names({ search: "\\" })).toEqual(["gamma\\3"]);
    expect(await names({ search: "GAMMA" })).toEqual(["gamma\\3"]);
    expect(await names({ search: "'; DROP TABLE key_manager; --" })).toEqual([]);

    for (const sort of ["name", "-name", "-created"] as const) {
      const whole = await names({ sort });
      const paged: string[] = [];
      let cursor: string | null = null;
      do {
        const page: KeyManagerListView = await listKeyManagers(ctx, { sort, limit: 1, cursor });
        paged.push(...page.items.map(({ name }) => name));
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(paged).toEqual(whole);
      expect(whole).toHaveLength(4);
    }
    expect(await names({ sort: "-name" })).toEqual((await names({ sort: "name" })).reverse());
    const foreign = ["a\0b", "\ud83d"].map((name) => Buffer.from(JSON.stringify(["name", name])).toString("base64url"));
    for (const cursor of ["nonsense", "a\0b", "x".repeat(501), ...foreign]) {
      expect(await names({ cursor }), cursor).toHaveLength(4);
    }
  });

  it("shows another tenant nothing, and says that it does not exist", async () => {
    const ctx = await freshAdmin();
    const view = await registerKeyManager(ctx, registrationOf(server));
    const stranger = await freshAdmin();
    expect((await listKeyManagers(stranger, {})).items.map(({ id }) => id)).not.toContain(view.id);
    const missing = { code: "key_manager.not_found" };
    await expect(getKeyManager(stranger, { id: view.id })).rejects.toMatchObject(missing);
    await expect(updateKeyManager(stranger, formOf(view))).rejects.toMatchObject(missing);
    await expect(setKeyManagerEnabled(stranger, { ...ref(view), enabled: false })).rejects.toMatchObject(missing);
    await expect(removeKeyManager(stranger, { id: view.id })).rejects.toMatchObject(missing);
    await expect(previewDisable(stranger, { id: view.id })).rejects.toMatchObject(missing);
    await expect(listKeyManagerApis(stranger, { id: view.id })).rejects.toMatchObject(missing);
    await expect(openKeyManager(stranger, view.id as KeyManagerId)).rejects.toMatchObject(missing);
    // The same server may be connected by both.
    await expect(registerKeyManager(stranger, registrationOf(server))).resolves.toMatchObject({ enabled: true });
  });

  it("shows developers the addresses meant for them, and nothing of the connection", async () => {
    const tenant = await testTenant(world.deps);
    const ctx = await tenant.caller("ADMINISTRATOR");
    const developer = await tenant.caller("DEVELOPER");
    const endpoints = { ...server.endpoints, displayToken: "https://public.test/token" };
    const view = await registerKeyManager(ctx, registrationOf(server, { endpoints }));
    const usable = (await listUsableKeyManagers(developer, {})).find(({ id }) => id === view.id);
    expect(usable?.endpoints).toEqual({
      token: "https://public.test/token",
      revocation: server.endpoints.revocation,
    });
    expect(usable?.grantTypes).toEqual(["client_credentials"]);
    expect(usable?.capabilities).toContain("issueToken");
    expect(JSON.stringify(usable)).not.toContain("connection");
  });

  it("offers the kinds that may be added, described for their forms", async () => {
    const offered = await listConnectors(admin, {});
    expect(offered.length).toBeGreaterThan(0);
    for (const connector of offered) expect(connector.connectionFields.length).toBeGreaterThan(0);
    expect(offered.map(({ id }) => id)).not.toContain("built-in");
  });
});
