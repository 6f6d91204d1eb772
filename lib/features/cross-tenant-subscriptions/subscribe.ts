import { findOwnedApplication, insertCrossTenantSubscription } from "#lib/data/cross-tenant-subscriptions.ts";
import { isForeignKeyViolation, isUniqueViolation } from "#lib/data/database.ts";
import { findSharedApi } from "#lib/data/shared-apis.ts";
import { AppError, fieldError } from "#lib/foundation/errors.ts";
import type { ApiId, ApplicationId } from "#lib/foundation/ids.ts";
import { requirePerson } from "../applications/own.ts";
import { SubscribeInput } from "../subscriptions/contract.ts";
import { defineCrossTenantVerb } from "../verb.ts";
import type { CrossTenantSubscriptionView } from "./contract.ts";
import { auditSubject, toCrossTenantView } from "./views.ts";

/**
 * Gives the caller's application the right to call an API of another tenant that is open to the caller's, under one
 * of the API's plans. Keys of global key managers that the API accepts then open it.
 *
 * @throws {AppError} `application.not_found`, `api.not_found`, `input.invalid`, `subscription.conflict`
 */
export const subscribeAcross = defineCrossTenantVerb({
  action: "cross_tenant_subscription.create",
  permission: "subscription:write",
  input: SubscribeInput,
  async run(ctx, input): Promise<CrossTenantSubscriptionView> {
    const { personId: ownerId } = requirePerson(ctx.actor);
    const own = { tenantId: ctx.tenant.id, id: input.applicationId as ApplicationId, ownerId };
    const application = await findOwnedApplication(ctx, own);
    if (!application) throw new AppError("application.not_found");
    const api = await findSharedApi(ctx, ctx.tenant.id, input.apiId as ApiId);
    if (!api) throw new AppError("api.not_found");
    const plan = api.plans.find(({ id }) => id === input.planId);
    if (!plan) throw fieldError("planId", "The API does not offer this plan. Choose one that it offers.");
    const subscription = await insertCrossTenantSubscription(ctx, {
      tenantId: api.tenant.id,
      apiId: api.id,
      planId: plan.id,
      subscriberTenantId: ctx.tenant.id,
      applicationId: application.id,
    }).catch((error: unknown) => {
      if (isUniqueViolation(error)) throw new AppError("subscription.conflict", { cause: error });
      // One of the two was deleted at this moment.
      throw isForeignKeyViolation(error) ? new AppError("api.not_found", { cause: error }) : error;
    });
    for (const { id } of [ctx.tenant, api.tenant]) {
      await ctx.auditIn(id, { subject: auditSubject(subscription), after: { plan: plan.name } });
    }
    return toCrossTenantView(subscription);
  },
});
