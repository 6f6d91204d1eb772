import { deleteSpentSignIns } from "#lib/data/housekeeping.ts";
import type { Dependencies } from "../context.ts";

/** Ended things are kept for an hour, so that clocks that differ a little never meet a missing row. */
const keptMs = 60 * 60_000;

/** Forgets sessions, one-time links and counters that have ended. */
export async function sweepExpired({ database, clock, log }: Dependencies): Promise<void> {
  const before = new Date(clock.now().getTime() - keptMs);
  const gone = await database.inInstallation((tx) => deleteSpentSignIns(tx, before));
  log.info({ gone }, "expired sessions and links swept");
}
