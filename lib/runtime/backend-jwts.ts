/** Where backend JWTs get their keys from: made for a tenant that wants them, read for everybody who verifies. */
import type { JWK } from "jose";
import { ensureSigningKeys } from "#lib/authorization-server/signing.ts";
import { findBackendJwt } from "#lib/data/backend-jwt.ts";
import { listPublishedSigningKeys } from "#lib/data/signing-keys.ts";
import { findTenantBySlug } from "#lib/data/tenants.ts";
import type { TenantConfiguration } from "#lib/data/validation-snapshot.ts";
import { backendJwtIssuer } from "#lib/features/backend-jwt/addresses.ts";
import type { Dependencies } from "#lib/features/context.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import type { BackendJwtConfiguration } from "#lib/gateway/backend-jwt.ts";
import type { FindBackendKeys } from "#lib/gateway/backend-key-set.ts";

type KeyDependencies = Pick<Dependencies, "database" | "vault" | "clock">;

const ownerOfKeys = (tenantId: TenantId) => ({ tenantId, purpose: "BACKEND_JWT" }) as const;

/**
 * What a tenant's gateways sign with, of the rows that were loaded; keys are made where there are none yet.
 *
 * @returns null where the tenant's backends get no JWT
 */
export async function backendJwtOf(
  deps: KeyDependencies & Pick<Dependencies, "origin">,
  { tenantId, slug, backendJwt }: Pick<TenantConfiguration, "tenantId" | "slug" | "backendJwt">,
): Promise<BackendJwtConfiguration | null> {
  if (!backendJwt) return null;
  const { keys, ...settings } = backendJwt;
  const hasKey = keys.some(({ algorithm }) => algorithm === settings.algorithm);
  return {
    ...settings,
    issuer: backendJwtIssuer(deps.origin, slug),
    keys: hasKey ? keys : await ensureSigningKeys(deps, ownerOfKeys(tenantId)),
  };
}

/**
 * Finds what a tenant publishes. A backend may ask before the first call does, so keys are made here too; where the tenant
 * switched its JWTs off, those of before stay published until they expire.
 */
export function backendKeyFinder(deps: KeyDependencies): FindBackendKeys {
  const { database, clock } = deps;
  return async (slug) => {
    const tenant = await database.inInstallation((ctx) => findTenantBySlug(ctx, slug));
    if (!tenant?.isActive) return null;
    const owner = ownerOfKeys(tenant.id);
    const [chosen, standing] = await database.inTenant(tenant.id, async (ctx) => [
      await findBackendJwt(ctx),
      await listPublishedSigningKeys(ctx, owner.purpose, clock.now()),
    ]);
    const keys = chosen?.enabled ? await ensureSigningKeys(deps, owner) : standing;
    return keys.map(({ publicJwk }) => publicJwk as JWK);
  };
}
