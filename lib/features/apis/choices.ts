import type { ApiRecord } from "#lib/data/apis.ts";
import { listKeyManagersByIds } from "#lib/data/api-key-managers.ts";
import { listPlans } from "#lib/data/plans.ts";
import { findOtherTenants } from "#lib/data/tenants.ts";
import { isUniqueViolation, type TenantContext } from "#lib/data/database.ts";
import { AppError, fieldError } from "#lib/foundation/errors.ts";
import type { KeyManagerId, PlanId, TenantId } from "#lib/foundation/ids.ts";
import type { ApiFields } from "./contract.ts";

/**
 * Checks the chosen key managers and plans against the tenant's own, and the chosen subscribers against other tenants.
 * A disabled key manager cannot be newly chosen; one that the API lists already may stay, as long as
 * another one that is enabled remains.
 *
 * @param before the API as it stands; null for a new one
 * @throws {AppError} `input.invalid` at keyManagerIds, planIds or subscriberTenants
 */
export async function checkChoices(
  ctx: TenantContext,
  fields: ApiFields,
  before: ApiRecord | null,
): Promise<{ keyManagerIds: KeyManagerId[]; planIds: PlanId[]; subscriberTenantIds: TenantId[] }> {
  const wanted = fields.acceptAllKeyManagers ? [] : [...new Set(fields.keyManagerIds)];
  const found = await listKeyManagersByIds(ctx, wanted as KeyManagerId[]);
  if (found.length < wanted.length) {
    throw fieldError("keyManagerIds", "One of the chosen key managers does not exist any more. Choose again.");
  }
  const kept = new Set<string>(before?.keyManagers.map(({ id }) => id));
  const newlyDisabled = found.find(({ id, enabled }) => !enabled && !kept.has(id));
  if (newlyDisabled) {
    throw fieldError("keyManagerIds", `${newlyDisabled.displayName} is disabled. Choose one that is enabled.`);
  }
  if (wanted.length > 0 && !found.some(({ enabled }) => enabled)) {
    throw fieldError("keyManagerIds", "All chosen key managers are disabled. Choose at least one that is enabled.");
  }

  const plans = new Set<string>((await listPlans(ctx)).map(({ id }) => id));
  if (fields.planIds.some((id) => !plans.has(id))) {
    throw fieldError("planIds", "One of the chosen plans does not exist any more. Choose again.");
  }
  return {
    keyManagerIds: wanted as KeyManagerId[],
    planIds: [...new Set(fields.planIds)] as PlanId[],
    subscriberTenantIds: await findSubscriberTenants(ctx, fields),
  };
}

/** @throws {AppError} `input.invalid` at subscriberTenants, naming an address that no other tenant has */
async function findSubscriberTenants(
  ctx: TenantContext,
  { subscriptionAvailability, subscriberTenants }: ApiFields,
): Promise<TenantId[]> {
  if (subscriptionAvailability !== "LISTED") return [];
  const wanted = [...new Set(subscriberTenants)];
  const found = await findOtherTenants(ctx, wanted);
  const known = new Set(found.map(({ slug }) => slug));
  const unknown = wanted.filter((slug) => !known.has(slug));
  if (unknown.length > 0) {
    const message = `No other tenant has the address ${unknown.join(", ")}. Correct it, or remove it.`;
    throw fieldError("subscriberTenants", message);
  }
  return found.map(({ id }) => id);
}

/** Turns the database's word on a taken name or context into a refusal at the field. */
export function refuseDuplicate(error: unknown): never {
  if (!isUniqueViolation(error)) throw error;
  const onContext = JSON.stringify((error as { meta?: unknown }).meta ?? "").includes("context");
  const path = onContext ? "context" : "name";
  const message = onContext
    ? "Another API has this context and version. Change one of them."
    : "Another API has this name and version. Change one of them.";
  throw new AppError("api.conflict", { message, fields: [{ path, message }], cause: error });
}
