/** The record of what changed for gateways, read on from any point of it. */
import type { TenantId } from "../foundation/ids.ts";
import { isGapless } from "./config-changes.ts";
import { Prisma } from "./generated/client.ts";
import { installationDb, type InstallationContext } from "./database.ts";

/** A point in a tenant's record of changes. */
export type FeedPosition = {
  version: bigint;
  /** The last change of that version that was seen; null where all of them were. */
  id: bigint | null;
};

export type FeedChange = {
  /** Where a reader goes on who has seen it, and everything before it. */
  position: FeedPosition;
  /** The table whose row changed. */
  subject: string;
  operation: string;
  subjectId: string | null;
  applicationId: string | null;
  consumerKey: string | null;
  occurredAt: Date;
};

type ChangeRow = Omit<FeedChange, "position"> & { version: bigint; id: bigint };

export type Feed = {
  /** The tenant's present version. */
  version: bigint;
  /** What changed behind the point, oldest first; null where some of that is no longer on record. */
  changes: FeedChange[] | null;
  /** True where there is more than was asked for. */
  hasMore: boolean;
};

/**
 * Reads what changed behind a point, in the order in which it took effect.
 *
 * @returns null where there is no such tenant
 */
export async function readChangeFeed(
  ctx: InstallationContext,
  { tenantId, after, limit }: { tenantId: TenantId; after: FeedPosition; limit: number },
): Promise<Feed | null> {
  const db = installationDb(ctx);
  // Before the changes: what they lack of this version is gone for good, not still to come.
  const tenant = await db.tenant.findUnique({ where: { id: tenantId }, select: { configVersion: true } });
  if (!tenant) return null;
  const version = tenant.configVersion;
  const from = after.id === null ? Prisma.sql`version > ${after.version}` : beginningAt(after.version, after.id);
  const rows = await db.$queryRaw<ChangeRow[]>`
    SELECT version, id, subject, operation, subject_id::text AS "subjectId", application_id::text AS "applicationId",
           consumer_key AS "consumerKey", occurred_at AS "occurredAt"
      FROM config_change
     WHERE tenant_id = ${tenantId}::uuid AND ${from}
     ORDER BY version, id
     LIMIT ${limit + 2}`;
  const isCut = rows.length === limit + 2;
  if (!isOnRecord(rows, after, { present: version, isCut })) return { version, changes: null, hasMore: false };
  const behind = after.id === null ? rows : rows.slice(1);
  const changes = behind.slice(0, limit).map((row, index) => toChange(row, behind[index + 1]));
  return { version, changes, hasMore: behind.length > limit };
}

/**
 * A version's changes come and go together, as one transaction made them. Who has seen the last of them goes on from the
 * version as a whole, for which nothing has to be on record but what came later.
 */
function toChange({ version, id, ...change }: ChangeRow, next: ChangeRow | undefined): FeedChange {
  return { ...change, position: { version, id: next?.version === version ? id : null } };
}

/** With the change at the point itself: where it is gone, others of its version may be too. */
function beginningAt(version: bigint, id: bigint): Prisma.Sql {
  return Prisma.sql`version >= ${version} AND (version > ${version} OR id >= ${id})`;
}

function isOnRecord(
  rows: readonly ChangeRow[],
  { version, id }: FeedPosition,
  { present, isCut }: { present: bigint; isCut: boolean },
): boolean {
  if (version > present) return false;
  if (id !== null && (rows[0]?.version !== version || rows[0].id !== id)) return false;
  const reached = rows.at(-1)?.version ?? version;
  return isGapless(rows, version) && (isCut || reached >= present);
}
