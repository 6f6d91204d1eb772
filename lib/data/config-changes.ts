/** The record of what changed for gateways, which the triggers of migration 0020 write. */
import type { TenantId } from "../foundation/ids.ts";
import { installationDb, type InstallationContext } from "./database.ts";

export type ConfigChangeRecord = {
  /** The version of the tenant's configuration that came with the change; several changes may share one. */
  version: bigint;
  /** The table whose row changed. */
  subject: string;
  operation: string;
  applicationId: string | null;
  consumerKey: string | null;
};

/**
 * Reads what changed after a version, oldest first.
 *
 * @returns null where there is more than `limit`, or where some of it is no longer on record: then everything counts
 *   as changed
 */
export async function readConfigChanges(
  ctx: InstallationContext,
  { tenantId, after, limit }: { tenantId: TenantId; after: bigint; limit: number },
): Promise<ConfigChangeRecord[] | null> {
  const rows = await installationDb(ctx).configChange.findMany({
    where: { tenantId, version: { gt: after } },
    select: { version: true, subject: true, operation: true, applicationId: true, consumerKey: true },
    orderBy: [{ version: "asc" }, { id: "asc" }],
    take: limit + 1,
  });
  if (rows.length > limit) return null;
  const changes = rows.flatMap((row) => (row.version === null ? [] : { ...row, version: row.version }));
  // Each version has at least one row: a gap is what was swept.
  let expected = after;
  for (const { version } of changes) {
    if (version > expected + 1n) return null;
    expected = version;
  }
  return changes;
}

/**
 * Forgets changes that happened before a time.
 *
 * @returns how many
 */
export async function deleteConfigChanges(ctx: InstallationContext, before: Date): Promise<number> {
  const { count } = await installationDb(ctx).configChange.deleteMany({ where: { occurredAt: { lt: before } } });
  return count;
}
