import { findConnector } from "#connectors/registry.ts";
import { findApi, type ApiRecord } from "#lib/data/apis.ts";
import { listEnabledKeyManagers, type KeyManagerSummary } from "#lib/data/key-managers.ts";
import { countScopeMirrors, findScopeMirrors, listScopeMirrors } from "#lib/data/scope-mirrors.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { ApiId } from "#lib/foundation/ids.ts";
import { requireKeyManager } from "../key-managers/refusals.ts";
import { toTile } from "../key-managers/views.ts";
import { defineQuery, type QueryContext } from "../verb.ts";
import {
  ScopeMirrorsAtInput,
  ScopeMirrorsOfApiInput,
  type ApiMirrorView,
  type KeyManagerMirrorView,
  type MirroredScopeView,
} from "./contract.ts";
import { toMirroredScope } from "./views.ts";

/**
 * How far an API's scopes have come at each key manager that it accepts and that holds scopes. Reads our own records
 * only.
 *
 * @throws {AppError} `api.not_found`
 */
export const listScopeMirrorsOfApi = defineQuery({
  action: "scope_mirror.list_of_api",
  permission: "api:read",
  input: ScopeMirrorsOfApiInput,
  async run(ctx, { apiId }): Promise<ApiMirrorView[]> {
    const { api, holders } = await requireApiWithHolders(ctx, apiId);
    const names = api.scopes.map(({ name }) => name);
    const rows = await findScopeMirrors(ctx, { keyManagerIds: holders.map(({ id }) => id), names });
    return holders.map(({ id, displayName, connectorId }) => {
      const known = new Map(rows.filter((row) => row.keyManagerId === id).map((row) => [row.name, row]));
      const scopes = names.map((name): MirroredScopeView => {
        const row = known.get(name);
        return row ? toMirroredScope(row) : { name, state: "waiting", problem: null, nextTryAt: null };
      });
      return { keyManager: { id, displayName, monogram: toTile(connectorId).monogram }, scopes };
    });
  },
});

/**
 * The tenant's scopes at one key manager, by name.
 *
 * @throws {AppError} `key_manager.not_found`
 */
export const listScopeMirrorsAt = defineQuery({
  action: "scope_mirror.list_at",
  permission: "key_manager:read",
  input: ScopeMirrorsAtInput,
  async run(ctx, { keyManagerId, cursor, limit }): Promise<KeyManagerMirrorView> {
    const { id } = await requireKeyManager(ctx, keyManagerId);
    const page = await listScopeMirrors(ctx, { keyManagerId: id, after: cursor ?? null, limit });
    const counts = (await countScopeMirrors(ctx, [id])).get(id);
    return {
      counts: counts ?? { waiting: 0, mirrored: 0, found: 0, failed: 0, removing: 0 },
      scopes: page.items.map(toMirroredScope),
      nextCursor: page.next,
    };
  },
});

/**
 * An API, and the key managers to which its scopes are mirrored, by display name.
 *
 * @throws {AppError} `api.not_found`
 */
export async function requireApiWithHolders(
  ctx: QueryContext,
  apiId: string,
): Promise<{ api: ApiRecord; holders: KeyManagerSummary[] }> {
  const api = await findApi(ctx, apiId as ApiId);
  if (!api) throw new AppError("api.not_found");
  const accepted = new Set(api.keyManagers.map(({ id }) => id));
  const holders = (await listEnabledKeyManagers(ctx)).filter(
    (keyManager) => holdsScopes(keyManager) && (api.acceptAllKeyManagers || accepted.has(keyManager.id)),
  );
  return { api, holders };
}

/** True where scopes are mirrored to a key manager while it is enabled. */
export function holdsScopes({ connectorId, tokenType }: Pick<KeyManagerSummary, "connectorId" | "tokenType">): boolean {
  return tokenType !== "EXCHANGED" && (findConnector(connectorId)?.capabilities.includes("scopes") ?? false);
}
