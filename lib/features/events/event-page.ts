import { readChangeFeed, type FeedChange, type FeedPosition } from "#lib/data/change-feed.ts";
import type { InstallationContext } from "#lib/data/database.ts";
import { findRevocations } from "#lib/data/revocations.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import { eventsOf, revocationSubject, type ChangeEvent } from "./change-events.ts";

/** What is read at a time from a tenant's record of changes. */
export type EventPage = {
  version: bigint;
  /** Null where some of it is no longer on record. */
  changes: readonly Pick<FeedChange, "position">[] | null;
  events: readonly ChangeEvent[];
  hasMore: boolean;
};

/**
 * Reads what changed in a tenant behind a point, as events.
 *
 * @returns null where there is no such tenant
 */
export async function readEventPage(
  ctx: InstallationContext,
  { tenantId, after, limit }: { tenantId: TenantId; after: FeedPosition; limit: number },
): Promise<EventPage | null> {
  const feed = await readChangeFeed(ctx, { tenantId, after, limit });
  if (!feed) return null;
  const { version, changes, hasMore } = feed;
  if (changes === null) return { version, changes, events: [], hasMore };
  const ids = changes.flatMap(({ subject, subjectId }) =>
    subject === revocationSubject && subjectId ? subjectId : [],
  );
  const revocations = await findRevocations(ctx, tenantId, ids);
  const events = eventsOf(changes, new Map(revocations.map((revocation) => [revocation.id, revocation])));
  return { version, changes, events, hasMore };
}
