import { describe, expect, it } from "vitest";
import { installationDb, tenantDb } from "#lib/data/database.ts";
import { newId, type ApplicationId } from "#lib/foundation/ids.ts";
import { testTenant } from "#tooling/testing/tenant.ts";
import { changeApiStatus } from "../apis/change-status.ts";
import { createApi } from "../apis/create.ts";
import type { Context } from "../context.ts";
import { createPlan } from "../plans/create.ts";
import { listSubscriptionsOfApi, listSubscriptionsOfApplication } from "./list.ts";
import { setSubscriptionState } from "./set-state.ts";
import { subscribe } from "./subscribe.ts";
import { unsubscribe } from "./unsubscribe.ts";

async function scene() {
  const tenant = await testTenant();
  const [creator, developer, colleague] = [
    await tenant.caller("CREATOR"),
    await tenant.caller("DEVELOPER"),
    await tenant.caller("DEVELOPER"),
  ];
  const plan = await createPlan(creator, { name: "Gold", requestsPerMinute: 60 });
  const other = await createPlan(creator, { name: "Silver", requestsPerMinute: 6 });
  const api = await createApi(creator, {
    name: "Orders",
    version: "1",
    context: "/orders",
    resources: [{ verb: "GET", path: "/" }],
    planIds: [plan.id],
  });
  await changeApiStatus(creator, { id: api.id, change: "publish" });
  const applicationId = await addApplication(developer);
  return { tenant, creator, developer, colleague, plan, other, api, applicationId };
}

async function addApplication(ctx: Context): Promise<string> {
  if (ctx.actor.kind !== "person") throw new Error("a person owns applications");
  const { personId: ownerId, name: ownerName } = ctx.actor;
  const id = newId<ApplicationId>();
  await ctx.deps.database.inTenant(ctx.tenant.id, (tx) =>
    tenantDb(tx).application.create({ data: { id, tenantId: ctx.tenant.id, name: "Shop", ownerId, ownerName } }),
  );
  return id;
}

describe("subscriptions", () => {
  it("gives an application an API under a plan, once", async () => {
    const { developer, creator, applicationId, api, plan } = await scene();
    const input = { applicationId, apiId: api.id, planId: plan.id };
    const subscription = await subscribe(developer, input);
    expect(subscription).toMatchObject({ state: "ACTIVE", plan: { name: "Gold" } });
    await expect(subscribe(developer, input)).rejects.toMatchObject({ code: "subscription.conflict" });
    expect((await listSubscriptionsOfApplication(developer, { applicationId })).items).toEqual([subscription]);
    expect((await listSubscriptionsOfApi(creator, { apiId: api.id })).items).toEqual([subscription]);
  });

  it("refuses a plan that the API does not offer, at its field", async () => {
    const { developer, applicationId, api, other } = await scene();
    await expect(subscribe(developer, { applicationId, apiId: api.id, planId: other.id })).rejects.toMatchObject({
      fields: [{ path: "planId" }],
    });
  });

  it("treats a colleague's application as absent", async () => {
    const { developer, colleague, applicationId, api, plan } = await scene();
    await expect(subscribe(colleague, { applicationId, apiId: api.id, planId: plan.id })).rejects.toMatchObject({
      code: "application.not_found",
    });
    const { id } = await subscribe(developer, { applicationId, apiId: api.id, planId: plan.id });
    await expect(unsubscribe(colleague, { id })).rejects.toMatchObject({ code: "subscription.not_found" });
    await expect(listSubscriptionsOfApplication(colleague, { applicationId })).rejects.toMatchObject({
      code: "application.not_found",
    });
  });

  it("lets a creator block and the owner leave, each with an audit row and a raised configuration version", async () => {
    const { tenant, developer, creator, applicationId, api, plan } = await scene();
    const version = () =>
      creator.deps.database.inInstallation(async (tx) => {
        const found = await installationDb(tx).tenant.findUniqueOrThrow({ where: { id: tenant.id } });
        return found.configVersion;
      });
    const { id } = await subscribe(developer, { applicationId, apiId: api.id, planId: plan.id });
    const before = await version();
    await setSubscriptionState(creator, { id, state: "PRODUCTION_BLOCKED" });
    expect((await listSubscriptionsOfApi(creator, { apiId: api.id })).items[0]?.state).toBe("PRODUCTION_BLOCKED");
    expect(await version()).toBe(before + 1n);
    await unsubscribe(developer, { id });
    expect(await version()).toBe(before + 2n);
    const rows = await creator.deps.database.inTenant(tenant.id, (tx) =>
      tenantDb(tx).auditEvent.findMany({ where: { subjectId: id }, orderBy: { id: "asc" } }),
    );
    expect(rows.map(({ action }) => action)).toEqual([
      "subscription.create",
      "subscription.set_state",
      "subscription.delete",
    ]);
  });

  it("refuses a creator who is no developer, and a developer who manages", async () => {
    const { creator, developer, applicationId, api, plan } = await scene();
    await expect(subscribe(creator, { applicationId, apiId: api.id, planId: plan.id })).rejects.toMatchObject({
      code: "auth.forbidden",
    });
    await expect(listSubscriptionsOfApi(developer, { apiId: api.id })).rejects.toMatchObject({
      code: "auth.forbidden",
    });
  });
});
