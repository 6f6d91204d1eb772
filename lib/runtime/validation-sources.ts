/** Where the validator's facts come from: the database, and key managers asked with the administrator's credentials. */
import { LRUCache } from "lru-cache";
import { findConnector } from "#connectors/registry.ts";
import type { KeyManagerAdapter } from "#lib/connector-kit/contract.ts";
import { readGrants } from "#lib/data/validation-grants.ts";
import type { TenantConfiguration } from "#lib/data/validation-snapshot.ts";
import type { Context, Dependencies } from "#lib/features/context.ts";
import { openKeyManager } from "#lib/features/key-managers/open.ts";
import { newId, type KeyManagerId, type TenantId } from "#lib/foundation/ids.ts";
import { Secret } from "#lib/foundation/secret.ts";
import type { ReadGrants } from "#lib/gateway/grant-store.ts";
import type { LoadedTenant } from "#lib/gateway/snapshot-source.ts";
import type { Introspect } from "#lib/token-validation/introspection.ts";
import type { TrustAnchor } from "#lib/token-validation/snapshot.ts";
import { trustAnchorOf } from "./trust-anchors.ts";

const introspectionDeadlineMs = 1_500;
const adapterTtlMs = 60_000;

/** Reads what consumer keys open. */
export function grantReader({ database }: Pick<Dependencies, "database">): ReadGrants {
  return async (tenantId, consumerKeys) => {
    const records = await database.inInstallation((ctx) => readGrants(ctx, tenantId, consumerKeys));
    return records.map(({ consumerKey, keyManagerId, keyType, application, subscriptions }) => ({
      consumerKey,
      keyManagerId,
      grant: {
        application,
        keyType,
        subscriptions: new Map(subscriptions.map(({ id, apiId, ...rest }) => [apiId, { view: { id }, ...rest }])),
      },
    }));
  };
}

/** What the validator knows of a tenant, made of what the database holds. */
export function toLoadedTenant(rows: TenantConfiguration): Omit<LoadedTenant, "backendJwt"> {
  const { tenantId, version, suspended, credentials, keyManagers, plans, apis } = rows;
  return {
    credentials,
    snapshot: {
      ...{ tenantId, version, suspended, plans },
      trustAnchors: keyManagers.flatMap((keyManager) => toTrustAnchor(keyManager) ?? []),
      apis: apis.map(({ acceptAllKeyManagers, keyManagerIds, resources, ...api }) => ({
        ...api,
        keyManagerIds: acceptAllKeyManagers ? null : keyManagerIds,
        resources: resources.map(({ verb, path, scopes }) => ({ method: verb, path, scopes })),
      })),
    },
  };
}

/** Null for a key manager whose tokens are only exchanged, or whose connector this installation lacks. */
function toTrustAnchor(keyManager: TenantConfiguration["keyManagers"][number]): TrustAnchor | null {
  const connector = findConnector(keyManager.connectorId);
  return connector && keyManager.tokenType !== "EXCHANGED" ? trustAnchorOf(keyManager, connector) : null;
}

/** Introspection with the administrator's credentials. An opened key manager serves for a minute. */
export function introspectThrough(deps: Dependencies): Introspect {
  const adapters = new LRUCache<string, KeyManagerAdapter>({ max: 500, ttl: adapterTtlMs });
  const hurried: Dependencies = {
    ...deps,
    outbound: (url, init) =>
      deps.outbound(url, {
        ...init,
        purpose: "validation",
        deadlineMs: Math.min(init?.deadlineMs ?? introspectionDeadlineMs, introspectionDeadlineMs),
      }),
  };
  return async ({ tenantId, anchor, token }) => {
    let adapter = adapters.get(anchor.fingerprint);
    if (!adapter) {
      const context = gatewayContext(hurried, tenantId as TenantId);
      ({ adapter } = await openKeyManager(context, anchor.keyManagerId as KeyManagerId));
      adapters.set(anchor.fingerprint, adapter);
    }
    if (!adapter.introspectToken) throw new Error("The connector of this key manager cannot introspect tokens.");
    return adapter.introspectToken(new Secret(token));
  };
}

/** Gateways read: they hold no permission of any verb. */
function gatewayContext(deps: Dependencies, tenantId: TenantId): Context {
  return {
    tenant: { id: tenantId, slug: "", name: "" },
    actor: { kind: "system", name: "Gateway" },
    permissions: new Set(),
    requestId: newId(),
    deps,
  };
}
