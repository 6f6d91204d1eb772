import { deleteConfigChanges } from "#lib/data/config-changes.ts";
import { deleteSpentSignIns } from "#lib/data/housekeeping.ts";
import type { Dependencies } from "../context.ts";

/** Ended things are kept for an hour, so that clocks that differ a little never meet a missing row. */
const keptMs = 60 * 60_000;
/** Whoever followed the changes may have been away for so long, and still go on where they stopped. */
const changesKeptMs = 7 * 24 * 60 * 60_000;

/** Forgets sessions, one-time links and counters that have ended, and what changed a week ago. */
export async function sweepExpired({ database, clock, log }: Dependencies): Promise<void> {
  const ago = (milliseconds: number) => new Date(clock.now().getTime() - milliseconds);
  const gone = await database.inInstallation((tx) => deleteSpentSignIns(tx, ago(keptMs)));
  const changes = await database.inInstallation((tx) => deleteConfigChanges(tx, ago(changesKeptMs)));
  log.info({ gone, changes }, "expired sessions, links and changes swept");
}
