import { deleteSubscription, findSubscription } from "#lib/data/subscriptions.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { SubscriptionId } from "#lib/foundation/ids.ts";
import { actorId } from "../context.ts";
import { requestNarrowing } from "../key-mappings/narrow-scopes.ts";
import { defineMutation } from "../verb.ts";
import { SubscriptionRef } from "./contract.ts";

/** Ends a subscription of the caller's application. @throws {AppError} `subscription.not_found` */
export const unsubscribe = defineMutation({
  action: "subscription.delete",
  permission: "subscription:write",
  input: SubscriptionRef,
  async run(ctx, { id }): Promise<{ id: string }> {
    const subscription = await findSubscription(ctx, id as SubscriptionId);
    if (!subscription || subscription.application.ownerId !== actorId(ctx.actor)) {
      throw new AppError("subscription.not_found");
    }
    await deleteSubscription(ctx, subscription.id);
    await requestNarrowing(ctx, { applicationId: subscription.application.id });
    const { application, api, plan, state } = subscription;
    ctx.audit({
      subject: { type: "subscription", id, name: `${application.name} → ${api.name} ${api.version}` },
      before: { application: application.name, api: `${api.name} ${api.version}`, plan: plan.name, state },
    });
    return { id };
  },
});
