import { findSubscription, setSubscriptionState as writeState } from "#lib/data/subscriptions.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { SubscriptionId } from "#lib/foundation/ids.ts";
import { defineMutation } from "../verb.ts";
import { SetSubscriptionStateInput, type SubscriptionState } from "./contract.ts";

/** Blocks a subscription, blocks its production keys only, or lets it in again. @throws {AppError} `subscription.not_found` */
export const setSubscriptionState = defineMutation({
  action: "subscription.set_state",
  permission: "subscription:manage",
  input: SetSubscriptionStateInput,
  async run(ctx, { id, state }): Promise<{ id: string; state: SubscriptionState }> {
    const subscription = await findSubscription(ctx, id as SubscriptionId);
    if (!subscription) throw new AppError("subscription.not_found");
    await writeState(ctx, subscription.id, state);
    const { application, api } = subscription;
    ctx.audit({
      subject: { type: "subscription", id, name: `${application.name} → ${api.name} ${api.version}` },
      before: { state: subscription.state },
      after: { state },
    });
    return { id, state };
  },
});
