import { isForeignKeyViolation } from "#lib/data/database.ts";
import {
  deleteCopies,
  insertCopies,
  listServedTenantIds,
  lockServing,
  updateGlobalKeyManager,
  type GlobalKeyManagerRecord,
} from "#lib/data/global-key-managers.ts";
import { listTenantSlugs } from "#lib/data/tenants.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import { requireRevision } from "../key-managers/refusals.ts";
import { defineOperatorVerb, type OperatorContext } from "../verb.ts";
import { auditHere, auditThere, servingInWords } from "./audit.ts";
import { SetServingInput, type ServingView } from "./contract.ts";
import { letTenantsFollow } from "./follow.ts";
import { requireGlobalKeyManager } from "./require.ts";
import { refuseTakenIssuer, refuseTakenName, refuseUsed, resolveTenants } from "./serving.ts";

const action = "global_key_manager.set_serving";

/**
 * Changes which tenants a global key manager serves. It is taken only from tenants that do not use it, and given
 * only to those that have no key manager of its name and no other enabled one of its issuer.
 *
 * @throws {AppError} `auth.forbidden` unless an operator asks; `key_manager.not_found`, `revision.conflict`,
 *   `input.invalid` at `tenants`, `key_manager.in_use`, `key_manager.conflict`, `key_manager.issuer_conflict`
 */
export const setServing = defineOperatorVerb({
  action,
  input: SetServingInput,
  async run(ctx, { id, revision, serves, tenants }): Promise<ServingView> {
    await lockServing(ctx);
    const before = await requireGlobalKeyManager(ctx, id);
    requireRevision(before, revision);
    const wanted = await resolveTenants(ctx, { serves, tenants });
    const served = await listServedTenantIds(ctx, before.id);
    await take(ctx, before, missingFrom(served, wanted));
    await give(ctx, before, missingFrom(wanted, served));
    const after = await updateGlobalKeyManager(ctx, before, { serves });
    if (!after) throw new AppError("revision.conflict");
    await letTenantsFollow(ctx, before.id);
    const listed = serves === "ALL" ? [] : await listTenantSlugs(ctx, wanted);
    await auditHere(ctx, {
      keyManager: before,
      before: servingInWords(before.serves, await listTenantSlugs(ctx, served)),
      after: servingInWords(serves, listed),
    });
    return { id, revision: after.revision, serves, tenants: listed };
  },
});

function missingFrom(all: readonly TenantId[], others: readonly TenantId[]): TenantId[] {
  const known = new Set(others);
  return all.filter((id) => !known.has(id));
}

async function take(ctx: OperatorContext, record: GlobalKeyManagerRecord, tenantIds: TenantId[]): Promise<void> {
  if (tenantIds.length === 0) return;
  await refuseUsed(ctx, record, tenantIds);
  await auditThere(ctx, { action, keyManager: record, before: { served: true }, after: { served: false } }, tenantIds);
  await deleteCopies(ctx, record.id, tenantIds).catch((error: unknown) => {
    // Somebody began to use it between the check and the delete.
    throw isForeignKeyViolation(error) ? new AppError("key_manager.in_use", { cause: error }) : error;
  });
}

async function give(ctx: OperatorContext, record: GlobalKeyManagerRecord, tenantIds: TenantId[]): Promise<void> {
  if (tenantIds.length === 0) return;
  const { id, name, enabled } = record;
  await refuseTakenName(ctx, { name, tenantIds, path: "tenants" });
  if (enabled) await refuseTakenIssuer(ctx, { keyManager: record, tenantIds, except: id, path: "tenants" });
  await insertCopies(ctx, id, tenantIds);
  await auditThere(ctx, { action, keyManager: record, before: { served: false }, after: { served: true } }, tenantIds);
}
