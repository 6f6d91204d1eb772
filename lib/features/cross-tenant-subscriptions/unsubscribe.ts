import { deleteCrossTenantSubscription, findCrossTenantSubscription } from "#lib/data/cross-tenant-subscriptions.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { CrossTenantSubscriptionId } from "#lib/foundation/ids.ts";
import { actorId } from "../context.ts";
import { requestNarrowing } from "../key-mappings/narrow-scopes.ts";
import { SubscriptionRef } from "../subscriptions/contract.ts";
import { defineCrossTenantVerb } from "../verb.ts";
import { auditSubject } from "./views.ts";

/** Ends a subscription of the caller's application to another tenant's API. @throws {AppError} `subscription.not_found` */
export const unsubscribeAcross = defineCrossTenantVerb({
  action: "cross_tenant_subscription.delete",
  permission: "subscription:write",
  input: SubscriptionRef,
  async run(ctx, { id }): Promise<{ id: string }> {
    const party = { subscriberTenantId: ctx.tenant.id };
    const subscription = await findCrossTenantSubscription(ctx, id as CrossTenantSubscriptionId, party);
    if (!subscription || subscription.application.ownerId !== actorId(ctx.actor)) {
      throw new AppError("subscription.not_found");
    }
    await deleteCrossTenantSubscription(ctx, subscription.id);
    await requestNarrowing({ ...ctx, tenantId: ctx.tenant.id }, { applicationId: subscription.application.id });
    for (const { id: tenantId } of [ctx.tenant, subscription.api.tenant]) {
      const before = { plan: subscription.plan.name, state: subscription.state };
      await ctx.auditIn(tenantId, { subject: auditSubject(subscription), before });
    }
    return { id };
  },
});
