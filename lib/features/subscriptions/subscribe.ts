import { findApi } from "#lib/data/apis.ts";
import { isUniqueViolation } from "#lib/data/database.ts";
import { insertSubscription } from "#lib/data/subscriptions.ts";
import { AppError, fieldError } from "#lib/foundation/errors.ts";
import type { ApiId, ApplicationId } from "#lib/foundation/ids.ts";
import { defineMutation } from "../verb.ts";
import { SubscribeInput, type SubscriptionView } from "./contract.ts";
import { ownApplication } from "./own.ts";
import { toSubscriptionView } from "./views.ts";

/**
 * Gives the caller's application the right to call a published API, under one of the API's plans.
 *
 * @throws {AppError} `application.not_found`, `api.not_found`, `input.invalid`, `subscription.conflict`
 */
export const subscribe = defineMutation({
  action: "subscription.create",
  permission: "subscription:write",
  input: SubscribeInput,
  async run(ctx, input): Promise<SubscriptionView> {
    const application = await ownApplication(ctx, input.applicationId as ApplicationId);
    const api = await findApi(ctx, input.apiId as ApiId);
    if (api?.status !== "PUBLISHED") throw new AppError("api.not_found");
    const plan = api.plans.find(({ id }) => id === input.planId);
    if (!plan) throw fieldError("planId", "The API does not offer this plan. Choose one that it offers.");
    const subscription = await insertSubscription(ctx, {
      applicationId: application.id,
      apiId: api.id,
      planId: plan.id,
    }).catch((error: unknown) => {
      throw isUniqueViolation(error) ? new AppError("subscription.conflict", { cause: error }) : error;
    });
    ctx.audit({
      subject: { type: "subscription", id: subscription.id, name: `${application.name} → ${api.name} ${api.version}` },
      after: { application: application.name, api: `${api.name} ${api.version}`, plan: plan.name },
    });
    return toSubscriptionView(subscription);
  },
});
