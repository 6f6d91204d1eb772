import { withinDeadline } from "#lib/foundation/deadline.ts";
import { installationDb, type Database } from "./database.ts";

/** True where the database answers within a moment. Raw SQL, because the question concerns no table. */
export function isDatabaseReady(database: Database, withinMs = 2_000): Promise<boolean> {
  const asked = database.inInstallation((ctx) => installationDb(ctx).$queryRaw`SELECT 1`);
  return withinDeadline(asked, withinMs).then(
    () => true,
    () => false,
  );
}
