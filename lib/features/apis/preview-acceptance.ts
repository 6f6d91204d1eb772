import { findCallersByKeys } from "#lib/data/api-callers.ts";
import { findApi } from "#lib/data/apis.ts";
import { listAllKeyManagers } from "#lib/data/key-managers.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { ApiId } from "#lib/foundation/ids.ts";
import { defineInquiry } from "../verb.ts";
import { PreviewAcceptanceInput, type AcceptanceImpactView } from "./contract.ts";

/**
 * Who could no longer call a published API if it accepted these key managers. Applications of other tenants count too.
 *
 * @returns null where nobody is refused who is let in now
 * @throws {AppError} `api.not_found`
 */
export const previewAcceptance = defineInquiry({
  action: "api.preview_acceptance",
  permission: "api:write",
  input: PreviewAcceptanceInput,
  async run({ deps, tenant }, { id, acceptAllKeyManagers, keyManagerIds }): Promise<AcceptanceImpactView | null> {
    const { api, keyManagers } = await deps.database.inTenant(tenant.id, async (tx) => ({
      api: await findApi(tx, id as ApiId),
      keyManagers: await listAllKeyManagers(tx),
    }));
    if (!api) throw new AppError("api.not_found");
    if (api.status !== "PUBLISHED" || acceptAllKeyManagers) return null;
    const accepted = new Set<string>(api.keyManagers.map((keyManager) => keyManager.id));
    const removed = keyManagers.filter(
      (one) => one.enabled && (api.acceptAllKeyManagers || accepted.has(one.id)) && !keyManagerIds.includes(one.id),
    );
    if (removed.length === 0) return null;
    const callers = { tenantId: tenant.id, apiId: api.id, keyManagerIds: removed.map((one) => one.id) };
    const applications = await deps.database.inInstallation((tx) => findCallersByKeys(tx, callers));
    const { subscriptionValidation } = api;
    if (applications.count === 0 && subscriptionValidation) return null;
    return { keyManagers: removed.map(({ displayName }) => displayName), applications, subscriptionValidation };
  },
});
