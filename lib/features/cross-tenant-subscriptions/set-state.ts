import { findCrossTenantSubscription, setCrossTenantState } from "#lib/data/cross-tenant-subscriptions.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { CrossTenantSubscriptionId } from "#lib/foundation/ids.ts";
import { SetSubscriptionStateInput, type SubscriptionState } from "../subscriptions/contract.ts";
import { defineCrossTenantVerb } from "../verb.ts";
import { auditSubject } from "./views.ts";

/**
 * Blocks another tenant's subscription to an API of the caller's tenant, blocks its production keys only, or lets it
 * in again.
 *
 * @throws {AppError} `subscription.not_found`
 */
export const setCrossTenantSubscriptionState = defineCrossTenantVerb({
  action: "cross_tenant_subscription.set_state",
  permission: "subscription:manage",
  input: SetSubscriptionStateInput,
  async run(ctx, { id, state }): Promise<{ id: string; state: SubscriptionState }> {
    const party = { tenantId: ctx.tenant.id };
    const subscription = await findCrossTenantSubscription(ctx, id as CrossTenantSubscriptionId, party);
    if (!subscription) throw new AppError("subscription.not_found");
    await setCrossTenantState(ctx, subscription.id, state);
    for (const { id: tenantId } of [ctx.tenant, subscription.application.tenant]) {
      const change = { before: { state: subscription.state }, after: { state } };
      await ctx.auditIn(tenantId, { subject: auditSubject(subscription), ...change });
    }
    return { id, state };
  },
});
