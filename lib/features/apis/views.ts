import type { ApiRecord, ApiSummary } from "#lib/data/apis.ts";
import type { ApiSummaryView, ApiView } from "./contract.ts";

export function toApiSummaryView({ createdAt, ...api }: ApiSummary): ApiSummaryView {
  return { ...api, createdAt: createdAt.toISOString() };
}

export function toApiView({ createdAt, keyManagers, ...api }: ApiRecord): ApiView {
  return {
    ...api,
    createdAt: createdAt.toISOString(),
    keyManagers: keyManagers.map(({ id, displayName, enabled }) => ({ id, displayName, enabled })),
  };
}
