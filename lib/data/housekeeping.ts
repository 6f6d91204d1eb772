import { installationDb, type InstallationContext } from "./database.ts";

/**
 * Forgets sessions that ended, one-time links that nobody can use any more, and counters that ran out.
 *
 * @param before rows that ended earlier than this go
 * @returns how many rows went
 */
export async function deleteSpentSignIns(ctx: InstallationContext, before: Date): Promise<number> {
  const db = installationDb(ctx);
  const gone = [
    await db.session.deleteMany({ where: { OR: [{ expiresAt: { lt: before } }, { revokedAt: { lt: before } }] } }),
    await db.oneTimeLink.deleteMany({ where: { OR: [{ expiresAt: { lt: before } }, { usedAt: { lt: before } }] } }),
    await db.rateLimiterFlexible.deleteMany({ where: { expire: { lt: before } } }),
  ];
  return gone.reduce((sum, { count }) => sum + count, 0);
}
