import type { ApiRecord, ApiSummary } from "#lib/data/apis.ts";
import type { ApiSummaryView, ApiTenant, ApiView, CatalogueApiView } from "./contract.ts";

export function toApiSummaryView({ createdAt, ...api }: ApiSummary): ApiSummaryView {
  return { ...api, createdAt: createdAt.toISOString() };
}

/** An API in a developer's catalogue. @param tenant null for the developer's own */
export function toCatalogueView(api: ApiSummary, tenant: ApiTenant | null): CatalogueApiView {
  const { id, name, version, context, description, kind, status, createdAt } = api;
  return { id, name, version, context, description, kind, status, createdAt: createdAt.toISOString(), tenant };
}

export function toApiView({ createdAt, keyManagers, ...api }: ApiRecord): ApiView {
  return {
    ...api,
    createdAt: createdAt.toISOString(),
    keyManagers: keyManagers.map(({ id, displayName, enabled }) => ({ id, displayName, enabled })),
  };
}
