import type { KeyManagerId } from "../foundation/ids.ts";
import { tenantDb, type TenantContext } from "./database.ts";

export type ChoosableKeyManager = { id: KeyManagerId; displayName: string; enabled: boolean };

/** Those of the given key managers that exist in this tenant. */
export async function listKeyManagersByIds(
  ctx: TenantContext,
  ids: readonly KeyManagerId[],
): Promise<ChoosableKeyManager[]> {
  if (ids.length === 0) return [];
  const rows = await tenantDb(ctx).keyManager.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, displayName: true, enabled: true },
  });
  return rows.map((row) => ({ ...row, id: row.id as KeyManagerId }));
}
