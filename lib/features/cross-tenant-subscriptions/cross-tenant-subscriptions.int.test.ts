import { beforeAll, describe, expect, it } from "vitest";
import { deleteApplication as dropApplication } from "#lib/data/applications.ts";
import { installationDb, tenantDb } from "#lib/data/database.ts";
import type { ApplicationId, TenantId } from "#lib/foundation/ids.ts";
import { applicationWithKeys, globalsOf, globalWorld, type GlobalWorld } from "#tooling/testing/global-key-managers.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import type { ApiInput, ApiView } from "../apis/contract.ts";
import { browseApis, getPublishedApi } from "../apis/browse.ts";
import { changeApiStatus } from "../apis/change-status.ts";
import { createApi } from "../apis/create.ts";
import { previewAcceptance } from "../apis/preview-acceptance.ts";
import { deleteApi } from "../apis/delete.ts";
import { updateApi } from "../apis/update.ts";
import { createApplication } from "../applications/create.ts";
import { getApplication, listApplicationScopes } from "../applications/read.ts";
import { deleteApplication } from "../applications/remove.ts";
import { updateApplication } from "../applications/update.ts";
import type { Context } from "../context.ts";
import { listChoosableKeyManagers } from "../key-managers/list-choosable.ts";
import { removeKeys } from "../key-mappings/remove.ts";
import { createPlan } from "../plans/create.ts";
import { deletePlan } from "../plans/delete.ts";
import { subscribe } from "../subscriptions/subscribe.ts";
import { setTenantActive } from "../tenants/set-active.ts";
import { listForeignSubscriptionsOfApi, listForeignSubscriptionsOfApplication } from "./list.ts";
import { setCrossTenantSubscriptionState } from "./set-state.ts";
import { subscribeAcross } from "./subscribe.ts";
import { unsubscribeAcross } from "./unsubscribe.ts";

let world: GlobalWorld;
let creator: Context;
let developer: Context;
let keyManagers: { ofCreator: string; ofDeveloper: string };

beforeAll(async () => {
  world = await globalWorld();
  const { name } = await world.register();
  const roles = ["ADMINISTRATOR", "CREATOR", "DEVELOPER"] as const;
  creator = await world.here.caller(...roles);
  developer = await world.there.caller(...roles);
  const copy = async (ctx: Context) => (await globalsOf(ctx)).find((item) => item.name === name)?.id ?? "";
  keyManagers = { ofCreator: await copy(creator), ofDeveloper: await copy(developer) };
});

let count = 0;

/** A published API with a plan of its own, of the creator's tenant unless said otherwise. */
async function publish(
  changes: Partial<ApiInput> = {},
  owner = creator,
): Promise<{ api: ApiView; definition: ApiInput; planId: string }> {
  const number = String(++count);
  const { id: planId } = await createPlan(owner, { name: `Gold ${number}`, requestsPerMinute: 60 });
  const definition: ApiInput = {
    name: `Orders ${number}`,
    version: "1",
    context: `/orders-${number}`,
    scopes: [{ name: `orders:${number}`, description: "Read orders" }],
    resources: [{ verb: "GET", path: "/" }],
    planIds: [planId],
    subscriptionAvailability: "ALL_TENANTS",
    ...changes,
  };
  const api = await createApi(owner, definition);
  await changeApiStatus(owner, { id: api.id, change: "publish" });
  return { api: { ...api, revision: api.revision + 1 }, definition, planId };
}

async function subscribed(changes: Partial<ApiInput> = {}) {
  const published = await publish(changes);
  const { id: applicationId } = await createApplication(developer, { name: `Shop ${String(count)}` });
  const input = { applicationId, apiId: published.api.id, planId: published.planId };
  return { ...published, applicationId, input, subscription: await subscribeAcross(developer, input) };
}

function versionOf(id: TenantId): Promise<bigint> {
  return world.deps.database.inInstallation(
    async (tx) => (await installationDb(tx).tenant.findUniqueOrThrow({ where: { id } })).configVersion,
  );
}

async function raised(work: () => Promise<unknown>): Promise<boolean> {
  const before = await versionOf(creator.tenant.id);
  await work();
  return (await versionOf(creator.tenant.id)) > before;
}

async function catalogueOf(ctx: Context) {
  return (await browseApis(ctx, { limit: 100 })).items;
}

describe("who may subscribe", () => {
  it("is every tenant, the listed ones, or nobody else, as the API's creator chose", async () => {
    const stranger = await (await testTenant(world.deps)).caller("DEVELOPER");
    const { slug } = developer.tenant;
    const toAll = (await publish()).api;
    const toListed = (await publish({ subscriptionAvailability: "LISTED", subscriberTenants: [slug] })).api;
    const toNobody = (await publish({ subscriptionAvailability: "OWN_TENANT" })).api;
    expect(toListed).toMatchObject({ subscriptionAvailability: "LISTED", subscriberTenants: [slug] });

    const tenant = { name: creator.tenant.name, slug: creator.tenant.slug };
    const [mine, theirs] = [await catalogueOf(developer), await catalogueOf(stranger)];
    expect(mine).toContainEqual(expect.objectContaining({ id: toAll.id, tenant }));
    expect(mine).toContainEqual(expect.objectContaining({ id: toListed.id, tenant }));
    expect(theirs.map(({ id }) => id)).toContain(toAll.id);
    expect(theirs.map(({ id }) => id)).not.toContain(toListed.id);
    for (const items of [mine, theirs]) expect(items.map(({ id }) => id)).not.toContain(toNobody.id);
    expect(await catalogueOf(creator)).toContainEqual(expect.objectContaining({ id: toAll.id, tenant: null }));
    for (const id of [toListed.id, toNobody.id]) {
      await expect(getPublishedApi(stranger, { id })).rejects.toMatchObject({ code: "api.not_found" });
    }
  });

  it("refuses a list of nobody, of addresses that nobody has, and of the tenant itself, at the field", async () => {
    for (const subscriberTenants of [[], ["no-such-tenant"], [creator.tenant.slug]]) {
      await expect(publish({ subscriptionAvailability: "LISTED", subscriberTenants })).rejects.toMatchObject({
        fields: [{ path: "subscriberTenants" }],
      });
    }
  });

  it("pages the catalogue over both kinds, newest first, without losing or repeating one", async () => {
    const ctx = await (await testTenant(world.deps)).caller("CREATOR", "DEVELOPER");
    const word = `w${String(Date.now())}`;
    const ids = [];
    for (const number of [1, 2, 3, 4, 5]) {
      const path = { name: `${word} ${String(number)}`, context: `/${word}-${String(number)}` };
      if (number % 2 === 0) ids.push((await publish(path)).api.id);
      else {
        const own = { ...path, version: "1", resources: [{ verb: "GET" as const, path: "/" }] };
        const { id } = await createApi(ctx, { ...own, subscriptionValidation: false });
        await changeApiStatus(ctx, { id, change: "publish" });
        ids.push(id);
      }
    }
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await browseApis(ctx, { search: word, limit: 2, ...(cursor ? { cursor } : {}) });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toEqual(ids.reverse());
  });
});

describe("a creator who stops accepting a global key manager", () => {
  it("is told of the subscribed applications of other tenants that hold keys there", async () => {
    const { api, planId } = await publish();
    const builtIn = (await listChoosableKeyManagers(creator, {})).find(({ global }) => !global)?.id ?? "";
    const preview = (keyManagerIds: string[]) =>
      previewAcceptance(creator, { id: api.id, acceptAllKeyManagers: false, keyManagerIds });
    const { applicationId } = await applicationWithKeys(developer, keyManagers.ofDeveloper, "From elsewhere");
    expect(await preview([builtIn])).toBeNull();
    await subscribeAcross(developer, { applicationId, apiId: api.id, planId });
    expect(await preview([builtIn])).toMatchObject({
      keyManagers: ["Group login"],
      applications: { count: 1, names: ["From elsewhere"] },
    });
    expect(await preview([keyManagers.ofCreator])).toBeNull();
  });
});

describe("a developer of another tenant", () => {
  it("sees the API with nothing of its tenant but its name, and which of their keys open it", async () => {
    const { api, definition } = await publish();
    const keys = await applicationWithKeys(developer, keyManagers.ofDeveloper, "With keys");
    const { api: seen, access } = await getPublishedApi(developer, { id: api.id });
    expect(seen).toMatchObject({ tenant: { name: creator.tenant.name }, acceptAllKeyManagers: false });
    expect(seen.keyManagers.map(({ displayName }) => displayName)).toEqual(["Group login"]);
    expect(access.find(({ applicationId }) => applicationId === keys.applicationId)).toMatchObject({
      subscription: null,
      keys: [{ opens: true, reason: null }],
    });
    const builtIn = (await listChoosableKeyManagers(creator, {})).find(({ global }) => !global)?.id ?? "";
    const only = { acceptAllKeyManagers: false, keyManagerIds: [builtIn] };
    await updateApi(creator, { ...definition, ...only, id: api.id, revision: api.revision });
    const after = await getPublishedApi(developer, { id: api.id });
    expect(after.api.keyManagers).toEqual([]);
    expect(after.access.find(({ applicationId }) => applicationId === keys.applicationId)?.keys).toMatchObject([
      { opens: false, reason: "The API does not accept Group login." },
    ]);
  });

  it("subscribes an application once, under a plan of the API, and both tenants see it", async () => {
    const { api, input, subscription, applicationId } = await subscribed();
    expect(subscription).toMatchObject({
      state: "ACTIVE",
      api: { tenant: { slug: creator.tenant.slug } },
      application: { tenant: { slug: developer.tenant.slug } },
    });
    await expect(subscribeAcross(developer, input)).rejects.toMatchObject({ code: "subscription.conflict" });
    expect((await listForeignSubscriptionsOfApi(creator, { apiId: api.id })).items).toEqual([subscription]);
    expect((await listForeignSubscriptionsOfApplication(developer, { applicationId })).items).toEqual([subscription]);
    expect(JSON.stringify(subscription)).not.toContain("owner");
    expect((await getApplication(developer, { id: applicationId })).subscriptions).toBe(1);
    const { access } = await getPublishedApi(developer, { id: api.id });
    expect(access.find((item) => item.applicationId === applicationId)?.subscription).toMatchObject({
      id: subscription.id,
      state: "ACTIVE",
    });
  });

  it("may ask for the scopes of the API in tokens", async () => {
    const { applicationId, api } = await subscribed();
    expect(await listApplicationScopes(developer, { id: applicationId })).toEqual([
      { name: api.scopes[0]?.name, description: "Read orders", apis: [`${api.name} 1`] },
    ]);
    const other = await createApplication(developer, { name: "Without" });
    expect(await listApplicationScopes(developer, { id: other.id })).toEqual([]);
  });

  it("is refused what is not theirs: applications, plans, APIs that are closed or withdrawn", async () => {
    const { api, planId, input } = await subscribed();
    const colleague = await world.there.caller("DEVELOPER");
    await expect(subscribeAcross(colleague, input)).rejects.toMatchObject({ code: "application.not_found" });
    const { id: applicationId } = await createApplication(developer, { name: "Another" });
    const { planId: foreignPlan } = await publish();
    const wanted = { applicationId, apiId: api.id, planId };
    await expect(subscribeAcross(developer, { ...wanted, planId: foreignPlan })).rejects.toMatchObject({
      fields: [{ path: "planId" }],
    });
    const closed = await publish({ subscriptionAvailability: "OWN_TENANT" });
    const closedInput = { applicationId, apiId: closed.api.id, planId: closed.planId };
    await expect(subscribeAcross(developer, closedInput)).rejects.toMatchObject({ code: "api.not_found" });
    await changeApiStatus(creator, { id: api.id, change: "unpublish" });
    await expect(subscribeAcross(developer, wanted)).rejects.toMatchObject({ code: "api.not_found" });
    await expect(subscribe(developer, wanted)).rejects.toMatchObject({ code: "api.not_found" });
  });

  it("is refused without the role, as a creator is for managing", async () => {
    const { input, api, subscription } = await subscribed();
    const onlyCreator = await world.there.caller("CREATOR");
    const onlyDeveloper = await world.here.caller("DEVELOPER");
    for (const attempt of [
      () => subscribeAcross(onlyCreator, input),
      () => unsubscribeAcross(onlyCreator, { id: subscription.id }),
      () => listForeignSubscriptionsOfApplication(onlyCreator, { applicationId: input.applicationId }),
      () => setCrossTenantSubscriptionState(onlyDeveloper, { id: subscription.id, state: "BLOCKED" }),
      () => listForeignSubscriptionsOfApi(onlyDeveloper, { apiId: api.id }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: "auth.forbidden" });
    }
  });

  it("leaves alone what belongs to others: neither side touches the other's half", async () => {
    const { subscription, api } = await subscribed();
    const stranger = await (await testTenant(world.deps)).caller("CREATOR", "DEVELOPER");
    const colleague = await world.there.caller("CREATOR", "DEVELOPER");
    const { id } = subscription;
    for (const attempt of [
      () => unsubscribeAcross(stranger, { id }),
      () => unsubscribeAcross(colleague, { id }),
      () => unsubscribeAcross(creator, { id }),
      () => setCrossTenantSubscriptionState(stranger, { id, state: "BLOCKED" }),
      () => setCrossTenantSubscriptionState(developer, { id, state: "BLOCKED" }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: "subscription.not_found" });
    }
    expect((await listForeignSubscriptionsOfApi(stranger, { apiId: api.id })).items).toEqual([]);
  });
});

describe("a subscription between tenants", () => {
  it("is blocked and let in by the API's creators, and ended by its owner; both histories tell", async () => {
    const { subscription } = await subscribed();
    const { id } = subscription;
    expect(await raised(() => setCrossTenantSubscriptionState(creator, { id, state: "BLOCKED" }))).toBe(true);
    expect(await raised(() => unsubscribeAcross(developer, { id }))).toBe(true);
    const history = (tenantId: TenantId) =>
      world.deps.database.inTenant(tenantId, (tx) =>
        tenantDb(tx).auditEvent.findMany({ where: { subjectId: id }, orderBy: [{ at: "asc" }, { id: "asc" }] }),
      );
    const verbs = ["create", "set_state", "delete"].map((verb) => `cross_tenant_subscription.${verb}`);
    const [theirs, ours] = [await history(creator.tenant.id), await history(developer.tenant.id)];
    for (const rows of [theirs, ours]) expect(rows.map(({ action }) => action)).toEqual(verbs);
    expect(theirs.map(({ actorName }) => actorName)).toEqual([
      `Somebody of ${developer.tenant.name}`,
      creator.actor.name,
      `Somebody of ${developer.tenant.name}`,
    ]);
    expect(theirs.map(({ actorId }) => actorId)).toMatchObject([null, expect.any(String), null]);
  });

  it("takes what its scopes gave from the application's clients when it ends", async () => {
    const { api, definition } = await publish();
    const { applicationId, keyMappingId } = await applicationWithKeys(developer, keyManagers.ofDeveloper, "Scoped");
    const wanted = { applicationId, apiId: api.id, planId: definition.planIds?.[0] ?? "" };
    const { id } = await subscribeAcross(developer, wanted);
    const scopes = api.scopes.map(({ name }) => name);
    await world.deps.database.inTenant(developer.tenant.id, (tx) =>
      tenantDb(tx).keyMapping.update({
        where: { id: keyMappingId },
        data: { scopeGrant: { chosen: scopes, granted: scopes, dueAt: null } },
      }),
    );
    await unsubscribeAcross(developer, { id });
    expect(world.deps.enqueued).toContainEqual(
      expect.objectContaining({
        tenantId: developer.tenant.id,
        subjectId: keyMappingId,
        kind: "key_mapping.narrow_scopes",
      }),
    );
  });

  it("keeps its API and its plan from being deleted", async () => {
    const { api, planId, definition } = await subscribed();
    await expect(deleteApi(creator, { id: api.id })).rejects.toMatchObject({ code: "api.in_use" });
    await updateApi(creator, { ...definition, id: api.id, revision: api.revision, planIds: [] });
    await expect(deletePlan(creator, { id: planId })).rejects.toMatchObject({ code: "plan.in_use" });
  });

  describe("with another one in the opposite direction", () => {
    /** An application in each tenant, subscribed to an API of its own tenant and to one of the other's. */
    async function crossed(): Promise<{ owner: Context; id: string }[]> {
      const [ofCreator, ofDeveloper] = [await publish(), await publish({}, developer)];
      const applications = [];
      for (const owner of [creator, developer]) {
        const [own, foreign] = owner === creator ? [ofCreator, ofDeveloper] : [ofDeveloper, ofCreator];
        const { id } = await createApplication(owner, { name: `Crossed ${String(++count)}` });
        const wanted = ({ api, planId }: typeof own) => ({ applicationId: id, apiId: api.id, planId });
        await subscribe(owner, wanted(own));
        await subscribeAcross(owner, wanted(foreign));
        applications.push({ owner, id });
      }
      return applications;
    }

    it("waits for nobody when both applications are deleted at the same moment", async () => {
      const applications = await crossed();
      const { promise: bothHaveBegun, resolve } = Promise.withResolvers<undefined>();
      let begun = 0;
      await Promise.all(
        applications.map(({ owner, id }) =>
          world.deps.database.inTenant(owner.tenant.id, async (tx) => {
            // What only the own tenant's gateways must see comes first; then what the other's must see too.
            await tenantDb(tx).subscription.deleteMany({ where: { applicationId: id } });
            if (++begun === applications.length) resolve(undefined);
            await bothHaveBegun;
            await dropApplication(tx, id as ApplicationId);
          }),
        ),
      );
      for (const { owner, id } of applications) {
        await expect(getApplication(owner, { id })).rejects.toMatchObject({ code: "application.not_found" });
      }
    });

    it("ends with its application, whichever is deleted or renamed first", async () => {
      for (let round = 0; round < 5; round += 1) {
        const applications = await crossed();
        const renamed = `Renamed ${String(++count)}`;
        await Promise.all(applications.map(({ owner, id }) => updateApplication(owner, { id, name: renamed })));
        const deletions = await Promise.all(applications.map(({ owner, id }) => deleteApplication(owner, { id })));
        expect(deletions).toEqual([{ deleted: true }, { deleted: true }]);
      }
    });

    it("raises each tenant's version once in a transaction, however much it changes", async () => {
      const [ofCreator, ofDeveloper] = await crossed();
      if (!ofCreator || !ofDeveloper) throw new Error("There is one in each tenant.");
      const tenants = [creator.tenant.id, developer.tenant.id];
      const before = await Promise.all(tenants.map(versionOf));
      await deleteApplication(ofCreator.owner, { id: ofCreator.id });
      const after = await Promise.all(tenants.map(versionOf));
      expect(after).toEqual(before.map((version) => version + 1n));
    });
  });

  it("raises the version of the API's tenant with every change that its gateways must see", async () => {
    const { api, definition } = await publish();
    const keys = await applicationWithKeys(developer, keyManagers.ofDeveloper, "Watched");
    const { applicationId } = keys;
    const input = { applicationId, apiId: api.id, planId: definition.planIds?.[0] ?? "" };
    expect(await raised(() => subscribeAcross(developer, input))).toBe(true);
    expect(await raised(() => updateApplication(developer, { id: applicationId, name: "Renamed" }))).toBe(true);
    const { there, operator } = world;
    expect(await raised(() => setTenantActive(operator, { id: there.id, active: false }))).toBe(true);
    expect(await raised(() => setTenantActive(operator, { id: there.id, active: true }))).toBe(true);
    expect(await raised(() => removeKeys(developer, { id: keys.keyMappingId }))).toBe(true);
    expect(await raised(() => deleteApplication(developer, { id: applicationId }))).toBe(true);
    expect((await listForeignSubscriptionsOfApi(creator, { apiId: api.id })).items).toEqual([]);
  });
});
