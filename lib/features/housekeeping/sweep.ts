import { deleteExpiredAuthorizationState } from "#lib/data/authorization-state.ts";
import { deleteSpentSignIns } from "#lib/data/housekeeping.ts";
import { deleteExpiredRevokedTokens } from "#lib/data/revoked-tokens.ts";
import type { Dependencies } from "../context.ts";

/** Ended things are kept for an hour, so that clocks that differ a little never meet a missing row. */
const keptMs = 60 * 60_000;

/** Forgets what has ended: sessions, one-time links, counters, and state of the built-in authorization servers. */
export async function sweepExpired({ database, clock, log }: Dependencies): Promise<void> {
  const before = new Date(clock.now().getTime() - keptMs);
  const gone = await database.inInstallation(async (tx) => ({
    signIns: await deleteSpentSignIns(tx, before),
    authorizationState: await deleteExpiredAuthorizationState(tx, before),
    revokedTokens: await deleteExpiredRevokedTokens(tx, before),
  }));
  log.info(gone, "expired rows swept");
}
