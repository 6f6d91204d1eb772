import { findApplicationOwner } from "#lib/data/subscriptions.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { ApplicationId } from "#lib/foundation/ids.ts";
import { actorId } from "../context.ts";
import type { QueryContext } from "../verb.ts";

/**
 * The caller's own application. Somebody else's reads as absent.
 *
 * @throws {AppError} `application.not_found`
 */
export async function ownApplication(ctx: QueryContext, id: ApplicationId) {
  const application = await findApplicationOwner(ctx, id);
  if (!application || application.ownerId !== actorId(ctx.actor)) throw new AppError("application.not_found");
  return application;
}
