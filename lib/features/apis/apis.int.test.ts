import { describe, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import { newId, type ApplicationId, type KeyManagerId } from "#lib/foundation/ids.ts";
import { testTenant, type TestTenant } from "#tooling/testing/tenant.ts";
import type { Context } from "../context.ts";
import { createPlan } from "../plans/create.ts";
import { subscribe } from "../subscriptions/subscribe.ts";
import { browseApis, getPublishedApi } from "./browse.ts";
import { changeApiStatus } from "./change-status.ts";
import type { ApiInput } from "./contract.ts";
import { createApi } from "./create.ts";
import { deleteApi } from "./delete.ts";
import { importOpenApi } from "./import.ts";
import { previewAcceptance } from "./preview-acceptance.ts";
import { getApi, listApis } from "./read.ts";
import { updateApi } from "./update.ts";

const orders: ApiInput = {
  name: "Orders",
  version: "1.0.0",
  context: "/orders",
  scopes: [{ name: "orders:read", description: "Read orders" }, { name: "orders:write" }],
  resources: [
    { verb: "GET", path: "/orders/{id}", scopes: ["orders:read"] },
    { verb: "POST", path: "/orders", scopes: ["orders:write"] },
    { verb: "GET", path: "/health" },
  ],
};

async function addKeyManager({ id: tenantId }: TestTenant, ctx: Context, displayName: string, enabled = true) {
  const id = newId<KeyManagerId>();
  await ctx.deps.database.inTenant(tenantId, (tx) =>
    tenantDb(tx).keyManager.create({
      data: {
        id,
        tenantId,
        name: displayName.toLowerCase(),
        displayName,
        connectorId: "test",
        enabled,
        issuer: `https://${id}.test`,
        endpoints: {},
        signingKeys: { kind: "none" },
        connection: {},
        sealedSecrets: {},
      },
    }),
  );
  return id;
}

async function addApplication(ctx: Context, name: string): Promise<string> {
  if (ctx.actor.kind !== "person") throw new Error("a person owns applications");
  const { personId, name: ownerName } = ctx.actor;
  const id = newId<ApplicationId>();
  await ctx.deps.database.inTenant(ctx.tenant.id, (tx) =>
    tenantDb(tx).application.create({ data: { id, tenantId: ctx.tenant.id, name, ownerId: personId, ownerName } }),
  );
  return id;
}

describe("APIs", () => {
  it("keeps everything that a creator entered, in its order, with one audit row", async () => {
    const creator = await (await testTenant()).caller("CREATOR");
    const api = await createApi(creator, orders);
    expect(await getApi(creator, { id: api.id })).toMatchObject({
      status: "CREATED",
      resources: [
        { verb: "GET", path: "/orders/{id}", scopes: ["orders:read"] },
        { verb: "POST", path: "/orders", scopes: ["orders:write"] },
        { verb: "GET", path: "/health", scopes: [] },
      ],
      scopes: [{ name: "orders:read" }, { name: "orders:write" }],
    });
    const rows = await creator.deps.database.inTenant(creator.tenant.id, (tx) =>
      tenantDb(tx).auditEvent.findMany({ where: { subjectId: api.id } }),
    );
    expect(rows).toMatchObject([{ action: "api.create", subjectName: "Orders 1.0.0" }]);
  });

  it.each([
    ["name", { ...orders, context: "/other" }],
    ["context", { ...orders, name: "Other" }],
  ])("refuses a taken %s at its field and writes nothing", async (path, second) => {
    const creator = await (await testTenant()).caller("CREATOR");
    await createApi(creator, orders);
    await expect(createApi(creator, second)).rejects.toMatchObject({ code: "api.conflict", fields: [{ path }] });
    expect((await listApis(creator, {})).items).toHaveLength(1);
  });

  it.each([
    [
      "a scope that is not declared",
      { resources: [{ verb: "GET" as const, path: "/", scopes: ["x"] }] },
      "resources.0.scopes",
    ],
    [
      "the same resource under another parameter name",
      {
        resources: [
          { verb: "GET" as const, path: "/a/{x}" },
          { verb: "GET" as const, path: "/a/{y}" },
        ],
      },
      "resources.1.path",
    ],
    [
      "the same resource with a slash behind it",
      {
        resources: [
          { verb: "GET" as const, path: "/a" },
          { verb: "GET" as const, path: "/a/" },
        ],
      },
      "resources.1.path",
    ],
    ["no resources", { resources: [] }, "resources"],
    ["an empty list of key managers", { acceptAllKeyManagers: false }, "keyManagerIds"],
    ["a context without a slash", { context: "orders" }, "context"],
    ["a context that climbs", { context: "/a/../b" }, "context"],
    ["a resource that climbs", { resources: [{ verb: "GET" as const, path: "/a/../b" }] }, "resources.0.path"],
    ["a scope with a space", { scopes: [{ name: "a b" }] }, "scopes.0.name"],
    ["control characters in the name", { name: "Ord\u0000ers" }, "name"],
  ])("refuses %s at its field", async (_what, change, path) => {
    const creator = await (await testTenant()).caller("CREATOR");
    const attempt = createApi(creator, { ...orders, scopes: [], resources: [{ verb: "GET", path: "/" }], ...change });
    await expect(attempt).rejects.toMatchObject({
      code: "input.invalid",
      fields: expect.arrayContaining([expect.objectContaining({ path })]),
    });
    expect((await listApis(creator, {})).items).toEqual([]);
  });

  it("accepts a chosen key manager, keeps it when it is disabled, and never takes a disabled one anew", async () => {
    const tenant = await testTenant();
    const creator = await tenant.caller("CREATOR");
    const [first, second] = [
      await addKeyManager(tenant, creator, "First"),
      await addKeyManager(tenant, creator, "Second"),
    ];
    const api = await createApi(creator, { ...orders, acceptAllKeyManagers: false, keyManagerIds: [first, second] });
    await creator.deps.database.inTenant(tenant.id, (tx) =>
      tenantDb(tx).keyManager.update({ where: { id: first }, data: { enabled: false } }),
    );

    const edit = { ...orders, id: api.id, acceptAllKeyManagers: false };
    const saved = await updateApi(creator, { ...edit, revision: api.revision, keyManagerIds: [first, second] });
    expect(saved.keyManagers).toHaveLength(2);
    await expect(
      updateApi(creator, { ...edit, revision: saved.revision, keyManagerIds: [first] }),
    ).rejects.toMatchObject({
      fields: [{ path: "keyManagerIds" }],
    });
    const choosing = createApi(creator, {
      ...orders,
      name: "New",
      context: "/new",
      acceptAllKeyManagers: false,
      keyManagerIds: [first, second],
    });
    await expect(choosing).rejects.toMatchObject({ fields: [{ path: "keyManagerIds" }] });
  });

  it("refuses another tenant's key manager and plan as unknown", async () => {
    const [here, there] = await Promise.all([testTenant(), testTenant()]);
    const [creator, stranger] = [await here.caller("CREATOR"), await there.caller("CREATOR")];
    const keyManagerId = await addKeyManager(there, stranger, "Theirs");
    const plan = await createPlan(stranger, { name: "Theirs", requestsPerMinute: null });
    await expect(
      createApi(creator, { ...orders, acceptAllKeyManagers: false, keyManagerIds: [keyManagerId] }),
    ).rejects.toMatchObject({ fields: [{ path: "keyManagerIds" }] });
    await expect(createApi(creator, { ...orders, planIds: [plan.id] })).rejects.toMatchObject({
      fields: [{ path: "planIds" }],
    });
  });

  it("lets only one of two simultaneous edits win", async () => {
    const creator = await (await testTenant()).caller("CREATOR");
    const { id, revision } = await createApi(creator, orders);
    await updateApi(creator, { ...orders, id, revision, description: "mine" });
    await expect(updateApi(creator, { ...orders, id, revision, description: "late" })).rejects.toMatchObject({
      code: "revision.conflict",
    });
    expect(await getApi(creator, { id })).toMatchObject({ description: "mine" });
  });

  it("shows developers published APIs only, and opens with the keys that really open", async () => {
    const tenant = await testTenant();
    const [creator, developer] = [await tenant.caller("CREATOR"), await tenant.caller("DEVELOPER")];
    const plan = await createPlan(creator, { name: "Gold", requestsPerMinute: 60 });
    const accepted = await addKeyManager(tenant, creator, "Accepted");
    const other = await addKeyManager(tenant, creator, "Other");
    const api = await createApi(creator, {
      ...orders,
      planIds: [plan.id],
      acceptAllKeyManagers: false,
      keyManagerIds: [accepted],
    });
    // Other suites open APIs of their tenants to everybody meanwhile.
    const { items } = await browseApis(developer, { limit: 100 });
    expect(items.filter((item) => item.tenant === null)).toEqual([]);
    await expect(getPublishedApi(developer, { id: api.id })).rejects.toMatchObject({ code: "api.not_found" });

    await changeApiStatus(creator, { id: api.id, change: "publish" });
    const applicationId = await addApplication(developer, "Shop");
    for (const keyManagerId of [accepted, other]) {
      await developer.deps.database.inTenant(tenant.id, (tx) =>
        tenantDb(tx).keyMapping.create({
          data: {
            id: newId(),
            tenantId: tenant.id,
            applicationId,
            keyManagerId,
            keyType: "PRODUCTION",
            mode: "PROVISIONED",
            state: "ACTIVE",
            requested: {},
            createdById: newId(),
          },
        }),
      );
    }
    await subscribe(developer, { applicationId, apiId: api.id, planId: plan.id });
    const { access } = await getPublishedApi(developer, { id: api.id });
    expect(access).toMatchObject([
      {
        applicationName: "Shop",
        subscription: { planName: "Gold", state: "ACTIVE" },
        keys: [
          { keyManagerName: "Accepted", opens: true, reason: null },
          { keyManagerName: "Other", opens: false, reason: "The API does not accept Other." },
        ],
      },
    ]);
    await expect(deleteApi(creator, { id: api.id })).rejects.toMatchObject({ code: "api.in_use" });
  });

  it("tells who loses access before a published API accepts fewer key managers", async () => {
    const tenant = await testTenant();
    const [creator, developer] = [await tenant.caller("CREATOR"), await tenant.caller("DEVELOPER")];
    const [left, removed, disabled] = [
      await addKeyManager(tenant, creator, "Left"),
      await addKeyManager(tenant, creator, "Removed"),
      await addKeyManager(tenant, creator, "Disabled", false),
    ];
    const plan = await createPlan(creator, { name: "Gold", requestsPerMinute: null });
    const { id, revision } = await createApi(creator, { ...orders, planIds: [plan.id] });
    const preview = (keyManagerIds: string[], acceptAllKeyManagers = false) =>
      previewAcceptance(creator, { id, acceptAllKeyManagers, keyManagerIds });
    const addKeys = (applicationId: string, keyManagerId: string, keyType: "PRODUCTION" | "SANDBOX" = "PRODUCTION") =>
      creator.deps.database.inTenant(tenant.id, (tx) =>
        tenantDb(tx).keyMapping.create({
          data: {
            ...{ id: newId(), tenantId: tenant.id, applicationId, keyManagerId, keyType },
            ...{ mode: "PROVISIONED", state: "ACTIVE", requested: {}, createdById: newId() },
          },
        }),
      );
    expect(await preview([left])).toBeNull();
    await changeApiStatus(creator, { id, change: "publish" });
    const [shop, partner, other] = [
      await addApplication(developer, "Shop"),
      await addApplication(developer, "Partner"),
      await addApplication(developer, "Not subscribed"),
    ];
    for (const applicationId of [shop, partner])
      await subscribe(developer, { applicationId, apiId: id, planId: plan.id });
    for (const applicationId of [shop, partner, other]) await addKeys(applicationId, removed);
    await addKeys(shop, removed, "SANDBOX");
    await addKeys(partner, disabled);

    const both = { keyManagers: ["Removed"], applications: { count: 2, names: ["Partner", "Shop"] } };
    expect(await preview([left])).toEqual({ ...both, subscriptionValidation: true });
    expect(await preview([removed])).toBeNull();
    expect(await preview([], true)).toBeNull();

    const setState = (applicationId: string, state: "BLOCKED" | "PRODUCTION_BLOCKED") =>
      creator.deps.database.inTenant(tenant.id, (tx) =>
        tenantDb(tx).subscription.updateMany({ where: { applicationId }, data: { state } }),
      );
    await setState(shop, "PRODUCTION_BLOCKED");
    await setState(partner, "PRODUCTION_BLOCKED");
    expect(await preview([left])).toMatchObject({ applications: { count: 1, names: ["Shop"] } });
    await setState(shop, "BLOCKED");
    expect(await preview([left])).toBeNull();

    const open = { ...orders, planIds: [plan.id], subscriptionValidation: false };
    const saved = { acceptAllKeyManagers: false, keyManagerIds: [left, removed] };
    await updateApi(creator, { ...open, ...saved, id, revision: revision + 1 });
    expect(await preview([left])).toMatchObject({ applications: { count: 0 }, subscriptionValidation: false });
    expect(await preview([left, removed])).toBeNull();

    const input = { id, acceptAllKeyManagers: false, keyManagerIds: [left] };
    await expect(previewAcceptance(developer, input)).rejects.toMatchObject({ code: "auth.forbidden" });
    const stranger = await (await testTenant()).caller("CREATOR");
    await expect(previewAcceptance(stranger, input)).rejects.toMatchObject({ code: "api.not_found" });
  });

  it("does not publish an API that demands subscriptions and offers no plan", async () => {
    const creator = await (await testTenant()).caller("CREATOR");
    const { id } = await createApi(creator, orders);
    await expect(changeApiStatus(creator, { id, change: "publish" })).rejects.toMatchObject({
      code: "api.invalid_state",
      fields: [{ path: "planIds" }],
    });
  });

  it("pages through a long list without gaps or repeats, and finds by part of a name", async () => {
    const creator = await (await testTenant()).caller("CREATOR");
    for (const index of Array(7).keys()) {
      await createApi(creator, { ...orders, name: `API ${index}`, context: `/api-${index}` });
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listApis(creator, { limit: 3, ...(cursor ? { cursor } : {}) });
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `API ${index}`));
    expect((await listApis(creator, { search: "pi-4" })).items.map(({ name }) => name)).toEqual(["API 4"]);
  });

  it("keeps another tenant out", async () => {
    const [here, there] = await Promise.all([testTenant(), testTenant()]);
    const { id, revision } = await createApi(await here.caller("CREATOR"), orders);
    const stranger = await there.caller("CREATOR");
    await expect(getApi(stranger, { id })).rejects.toMatchObject({ code: "api.not_found" });
    await expect(updateApi(stranger, { ...orders, id, revision })).rejects.toMatchObject({ code: "api.not_found" });
    await expect(deleteApi(stranger, { id })).rejects.toMatchObject({ code: "api.not_found" });
    expect((await listApis(stranger, {})).items).toEqual([]);
  });

  it("refuses a developer", async () => {
    const developer = await (await testTenant()).caller("DEVELOPER");
    await expect(createApi(developer, orders)).rejects.toMatchObject({ code: "auth.forbidden" });
  });
});

describe("kinds of API", () => {
  const graphql: ApiInput = {
    name: "Shop",
    version: "1",
    context: "/shop",
    kind: "GRAPHQL",
    scopes: [{ name: "orders:write" }],
    resources: [
      { verb: "QUERY", path: "orders" },
      { verb: "MUTATION", path: "orders", scopes: ["orders:write"] },
    ],
  };

  it("are kept with their resources, told in lists, and never change", async () => {
    const creator = await (await testTenant()).caller("CREATOR");
    const { id, revision } = await createApi(creator, graphql);
    const stored = await getApi(creator, { id });
    expect(stored).toMatchObject({
      kind: "GRAPHQL",
      resources: [
        { verb: "QUERY", path: "orders", scopes: [] },
        { verb: "MUTATION", path: "orders", scopes: ["orders:write"] },
      ],
    });
    expect((await listApis(creator, {})).items).toMatchObject([{ id, kind: "GRAPHQL" }]);
    const changed = {
      ...graphql,
      id,
      revision,
      kind: "HTTP" as const,
      resources: [{ verb: "GET" as const, path: "/" }],
    };
    await expect(updateApi(creator, changed)).rejects.toMatchObject({
      code: "input.invalid",
      fields: [{ path: "kind", message: expect.stringContaining("GraphQL API") as unknown }],
    });
    const saved = await updateApi(creator, { ...graphql, id, revision, description: "Orders" });
    expect(saved).toMatchObject({ kind: "GRAPHQL", description: "Orders" });
  });

  it("are read from a GraphQL schema", async () => {
    const creator = await (await testTenant()).caller("CREATOR");
    const draft = await importOpenApi(creator, { document: "type Query { orders: Int }" });
    expect(draft).toMatchObject({ kind: "GRAPHQL", resources: [{ verb: "QUERY", path: "orders" }] });
    await expect(importOpenApi(creator, { document: "type Query {" })).rejects.toMatchObject({
      code: "input.invalid",
      fields: [{ path: "document" }],
    });
  });
});
