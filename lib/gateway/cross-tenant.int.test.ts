import { afterEach, describe, expect, it } from "vitest";
import { tenantDb } from "#lib/data/database.ts";
import { changeApiStatus } from "#lib/features/apis/change-status.ts";
import type { ApiInput, ApiView } from "#lib/features/apis/contract.ts";
import { createApi } from "#lib/features/apis/create.ts";
import { updateApi } from "#lib/features/apis/update.ts";
import { deleteApplication } from "#lib/features/applications/remove.ts";
import type { Context } from "#lib/features/context.ts";
import { setCrossTenantSubscriptionState } from "#lib/features/cross-tenant-subscriptions/set-state.ts";
import { subscribeAcross } from "#lib/features/cross-tenant-subscriptions/subscribe.ts";
import { unsubscribeAcross } from "#lib/features/cross-tenant-subscriptions/unsubscribe.ts";
import { createGatewayCredential } from "#lib/features/gateway-credentials/create.ts";
import { setGlobalKeyManagerEnabled } from "#lib/features/global-key-managers/set-enabled.ts";
import { setServing } from "#lib/features/global-key-managers/set-serving.ts";
import { listChoosableKeyManagers } from "#lib/features/key-managers/list-choosable.ts";
import { registerKeyManager } from "#lib/features/key-managers/register.ts";
import { setKeyManagerEnabled } from "#lib/features/key-managers/set-enabled.ts";
import { removeKeys } from "#lib/features/key-mappings/remove.ts";
import { createPlan } from "#lib/features/plans/create.ts";
import { revokeOwnApplicationTokens } from "#lib/features/revocations/revoke-issued.ts";
import { subscribe } from "#lib/features/subscriptions/subscribe.ts";
import { setTenantActive } from "#lib/features/tenants/set-active.ts";
import { newId } from "#lib/foundation/ids.ts";
import { serveValidationPlane, within5Seconds } from "#tooling/testing/gateway.ts";
import { registrationOf } from "#tooling/testing/key-managers.ts";
import { applicationWithKeys, globalsOf, globalWorld, type GlobalWorld } from "#tooling/testing/global-key-managers.ts";

type Plane = Awaited<ReturnType<typeof serveValidationPlane>>;
const planes: Plane[] = [];
afterEach(async () => {
  for (const plane of planes.splice(0)) await plane.stop();
});

type Side = { ctx: Context; credential: string; keyManagerId: string };

/** Two tenants with gateways, a global key manager that serves both, and the validation plane over them. */
async function scene() {
  const world = await globalWorld();
  const plane = await serveValidationPlane(world.deps);
  planes.push(plane);
  const keyManager = await world.register();
  const side = async (tenant: GlobalWorld["here"]): Promise<Side> => {
    const ctx = await tenant.caller("ADMINISTRATOR", "CREATOR", "DEVELOPER");
    const { credential } = await createGatewayCredential(ctx, { name: "Edge" });
    return { ctx, credential, keyManagerId: (await globalsOf(ctx))[0]?.id ?? "" };
  };
  return { world, plane, keyManager, here: await side(world.here), there: await side(world.there) };
}

async function publish({ ctx }: Side, changes: Partial<ApiInput> = {}) {
  const { id: planId } = await createPlan(ctx, { name: "Gold", requestsPerMinute: 60 });
  const definition: ApiInput = {
    name: "Orders",
    version: "1.0.0",
    context: "/orders",
    resources: [{ verb: "GET", path: "/items" }],
    planIds: [planId],
    subscriptionAvailability: "ALL_TENANTS",
    ...changes,
  };
  const api: ApiView = await createApi(ctx, definition);
  await changeApiStatus(ctx, { id: api.id, change: "publish" });
  return { id: api.id, planId, definition, revision: api.revision + 1 };
}

type Answer = Record<string, unknown> & { allowed: boolean; reason?: string };

async function ask(plane: Plane, { credential }: Side, token: string): Promise<Answer> {
  const response = await fetch(`http://${plane.address}/gateway/v1/validate`, {
    method: "POST",
    headers: { Authorization: `Bearer ${credential}` },
    body: JSON.stringify({ token, method: "GET", requestPath: "/orders/1.0.0/items" }),
  });
  return (await response.json()) as Answer;
}

/** A scene with an API here that is open to all, and an application there that has keys and is subscribed. */
async function crossing() {
  const made = await scene();
  const { plane, here, there } = made;
  const api = await publish(here);
  const keys = await applicationWithKeys(there.ctx, there.keyManagerId);
  const { applicationId } = keys;
  const subscription = await subscribeAcross(there.ctx, { applicationId, apiId: api.id, planId: api.planId });
  const verdict = () => ask(plane, here, keys.token);
  expect(await verdict()).toMatchObject({ allowed: true });
  return {
    ...{ ...made, api, keys, subscription, verdict },
    async becomes(reason: string) {
      const answer = await within5Seconds(verdict, (given) => !given.allowed && given.reason === reason);
      expect(answer).toMatchObject({ allowed: false, reason });
    },
    async opens() {
      expect(await within5Seconds(verdict, ({ allowed }) => allowed)).toMatchObject({ allowed: true });
    },
  };
}

describe("a token of a global key manager", () => {
  it("opens APIs of each tenant that it serves, for that tenant's own applications", async () => {
    const { plane, here, there } = await scene();
    for (const side of [here, there]) {
      const api = await publish(side, { subscriptionAvailability: "OWN_TENANT" });
      const { applicationId, token } = await applicationWithKeys(side.ctx, side.keyManagerId);
      const verdict = () => ask(plane, side, token);
      expect(await within5Seconds(verdict, ({ reason }) => reason === "not_subscribed")).toMatchObject({
        reason: "not_subscribed",
      });
      await subscribe(side.ctx, { applicationId, apiId: api.id, planId: api.planId });
      expect(await within5Seconds(verdict, ({ allowed }) => allowed)).toMatchObject({
        allowed: true,
        keyManager: { id: side.keyManagerId, name: "Group login" },
      });
      expect((await ask(plane, side === here ? there : here, token)).allowed).toBe(false);
    }
  });

  it("is refused in every tenant while it is disabled, and where its tenant was taken off the list", async () => {
    const { world, keyManager, becomes, opens, here, there } = await crossing();
    const { id } = keyManager;
    await setGlobalKeyManagerEnabled(world.operator, { id, revision: 1, enabled: false });
    await becomes("key_manager_disabled");
    await setGlobalKeyManagerEnabled(world.operator, { id, revision: 2, enabled: true });
    await opens();
    const tenants = [here.ctx.tenant.slug, there.ctx.tenant.slug];
    await setServing(world.operator, { id, revision: 3, serves: "LISTED", tenants: tenants.slice(1) });
    await becomes("issuer_unknown");
    await setServing(world.operator, { id, revision: 4, serves: "LISTED", tenants });
    await opens();
  });

  it("is the global one's, even where a tenant's own key manager got the same issuer past the rules", async () => {
    const { world, here, subscription, verdict, becomes, opens } = await crossing();
    const tenantId = here.ctx.tenant.id;
    // Sorts before every other id, so that it is not the order of ids that decides.
    const id = `00${newId().slice(2)}`;
    await world.deps.database.inTenant(tenantId, (tx) =>
      tenantDb(tx).keyManager.create({
        data: {
          ...{ id, tenantId, name: "shadow", displayName: "Shadow", connectorId: "oidc", issuer: world.server.issuer },
          ...{ endpoints: {}, connection: {}, sealedSecrets: {} },
          signingKeys: { kind: "jwks", url: `${world.server.issuer}/jwks` },
        },
      }),
    );
    // A later change of another kind shows that the snapshot with the shadow has arrived.
    await setCrossTenantSubscriptionState(here.ctx, { id: subscription.id, state: "BLOCKED" });
    await becomes("subscription_blocked");
    await setCrossTenantSubscriptionState(here.ctx, { id: subscription.id, state: "ACTIVE" });
    await opens();
    expect(await verdict()).toMatchObject({ keyManager: { id: here.keyManagerId } });
  });

  it("belongs to the global one where a tenant has the same issuer disabled, and to the tenant's while that is off", async () => {
    const { world, keyManager, verdict, here, becomes } = await crossing();
    const own = await registerKeyManager(here.ctx, registrationOf(world.server, { enabled: false }));
    expect(await verdict()).toMatchObject({ allowed: true, keyManager: { id: here.keyManagerId } });
    await setGlobalKeyManagerEnabled(world.operator, { id: keyManager.id, revision: 1, enabled: false });
    await becomes("key_manager_disabled");
    await setKeyManagerEnabled(here.ctx, { id: own.id, revision: own.revision, enabled: true });
    // The client is another tenant's: at the tenant's own key manager nobody knows it.
    await becomes("consumer_key_unknown");
    await expect(
      setGlobalKeyManagerEnabled(world.operator, { id: keyManager.id, revision: 2, enabled: true }),
    ).rejects.toMatchObject({ code: "key_manager.issuer_conflict" });
  });

  it("is refused where it calls, too, once its owner revoked what the application got so far", async () => {
    const { keys, there, becomes } = await crossing();
    await revokeOwnApplicationTokens(there.ctx, { id: keys.applicationId });
    await becomes("token_revoked");
  });
});

describe("a subscription between tenants", () => {
  it("opens the API with the application's name and plan, and nothing else of its tenant", async () => {
    const { verdict, keys, subscription, here, there, plane } = await crossing();
    expect(await verdict()).toMatchObject({
      allowed: true,
      application: { id: keys.applicationId, name: "Shop" },
      subscription: { id: subscription.id },
      plan: { requestsPerMinute: 60 },
      keyType: "PRODUCTION",
      keyManager: { id: here.keyManagerId },
    });
    const unsubscribed = await applicationWithKeys(there.ctx, there.keyManagerId, "Unknown here");
    expect(await ask(plane, here, unsubscribed.token)).toMatchObject({ reason: "consumer_key_unknown" });
  });

  it("is blocked, let in again, and ended", async () => {
    const { becomes, opens, subscription, here, there } = await crossing();
    const { id } = subscription;
    await setCrossTenantSubscriptionState(here.ctx, { id, state: "BLOCKED" });
    await becomes("subscription_blocked");
    await setCrossTenantSubscriptionState(here.ctx, { id, state: "PRODUCTION_BLOCKED" });
    await becomes("subscription_production_blocked");
    await setCrossTenantSubscriptionState(here.ctx, { id, state: "ACTIVE" });
    await opens();
    await unsubscribeAcross(there.ctx, { id });
    await becomes("consumer_key_unknown");
  });

  it("counts only while the API is open to the application's tenant and accepts the key manager", async () => {
    const { becomes, opens, api, here, there } = await crossing();
    const { id, definition } = api;
    let { revision } = api;
    const change = (changes: Partial<ApiInput>) =>
      updateApi(here.ctx, { ...definition, ...changes, id, revision: revision++ });
    await change({ subscriptionAvailability: "OWN_TENANT" });
    await becomes("consumer_key_unknown");
    await change({ subscriptionAvailability: "LISTED", subscriberTenants: [there.ctx.tenant.slug] });
    await opens();
    const builtIn = (await listChoosableKeyManagers(here.ctx, {})).find(({ global }) => !global)?.id ?? "";
    await change({ acceptAllKeyManagers: false, keyManagerIds: [builtIn] });
    await becomes("key_manager_not_accepted");
    await change({ acceptAllKeyManagers: false, keyManagerIds: [here.keyManagerId] });
    await opens();
    await changeApiStatus(here.ctx, { id, change: "unpublish" });
    await becomes("api_unknown");
  });

  it("ends with the keys and the application, and rests while its tenant is suspended", async () => {
    const { becomes, opens, keys, there, world } = await crossing();
    await setTenantActive(world.operator, { id: there.ctx.tenant.id, active: false });
    await becomes("consumer_key_unknown");
    await setTenantActive(world.operator, { id: there.ctx.tenant.id, active: true });
    await opens();
    await removeKeys(there.ctx, { id: keys.keyMappingId });
    await becomes("consumer_key_unknown");
    await deleteApplication(there.ctx, { id: keys.applicationId });
    await becomes("consumer_key_unknown");
  });
});
