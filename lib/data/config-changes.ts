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
  // Many tokens may be revoked at once, and what is revoked is read elsewhere: one row says it.
  const rows = await installationDb(ctx).$queryRaw<ConfigChangeRecord[]>`
    SELECT version, subject, operation, application_id::text AS "applicationId", consumer_key AS "consumerKey"
      FROM config_change AS change
     WHERE tenant_id = ${tenantId}::uuid AND version > ${after}
       AND (subject <> 'revocation' OR NOT EXISTS (
             SELECT 1 FROM config_change AS earlier
              WHERE earlier.tenant_id = change.tenant_id AND earlier.version = change.version AND earlier.id < change.id))
     ORDER BY version, id
     LIMIT ${limit + 1}`;
  return rows.length <= limit && isGapless(rows, after) ? rows : null;
}

/**
 * Whether nothing is missing between a version and the rows that follow it, oldest first. Each version has at least one row:
 * a gap is what was swept.
 */
export function isGapless(rows: readonly { version: bigint }[], after: bigint): boolean {
  let expected = after;
  for (const { version } of rows) {
    if (version > expected + 1n) return false;
    expected = version;
  }
  return true;
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
