import { installationDb, type Database } from "./database.ts";

/** True where the database answers within a moment. Raw SQL, because the question concerns no table. */
export async function isDatabaseReady(database: Database, withinMs = 2_000): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), withinMs);
  });
  const asked = database
    .inInstallation((ctx) => installationDb(ctx).$queryRaw`SELECT 1`)
    .then(
      () => true,
      () => false,
    );
  try {
    return await Promise.race([asked, patience]);
  } finally {
    clearTimeout(timer);
  }
}
