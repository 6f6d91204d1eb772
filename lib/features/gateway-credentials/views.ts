import type { GatewayCredentialRecord } from "#lib/data/gateway-credentials.ts";
import type { GatewayCredentialView } from "./contract.ts";

export function toGatewayCredentialView(record: GatewayCredentialRecord): GatewayCredentialView {
  const { id, name, prefix, createdAt, lastUsedAt, revokedAt, reports } = record;
  return {
    id,
    name,
    prefix,
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
    reports,
  };
}
