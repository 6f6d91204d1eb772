import { findApplication, lockApplication, type ApplicationRecord } from "#lib/data/applications.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { ApplicationId, PersonId } from "#lib/foundation/ids.ts";
import type { Actor } from "../context.ts";
import type { QueryContext } from "../verb.ts";

/**
 * An application of the caller's own. Somebody else's reads as absent; the installation's own work, such
 * as a job, may act on any.
 *
 * @throws {AppError} `application.not_found`
 */
export async function requireOwnApplication(ctx: QueryContext, id: string) {
  return ownOrAbsent(ctx.actor, await findApplication(ctx, id as ApplicationId));
}

/**
 * The same, and nobody else changes it until the transaction ends.
 *
 * @throws {AppError} `application.not_found`
 */
export async function lockOwnApplication(ctx: QueryContext, id: string): Promise<ApplicationRecord> {
  return ownOrAbsent(ctx.actor, await lockApplication(ctx, id as ApplicationId));
}

/**
 * The person who asks, where only a person can: whoever owns something is a person.
 *
 * @throws {AppError} `auth.forbidden` for the installation itself
 */
export function requirePerson(actor: Actor): { personId: PersonId; name: string } {
  if (actor.kind === "person") return actor;
  throw new AppError("auth.forbidden", { message: "Only a signed-in person may own applications." });
}

function ownOrAbsent<T extends { ownerId: PersonId }>(actor: Actor, application: T | null): T {
  if (application && (actor.kind === "system" || application.ownerId === actor.personId)) return application;
  throw new AppError("application.not_found");
}
