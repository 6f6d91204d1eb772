import type { Database } from "./database.ts";
import { installationDb } from "./database.ts";
import type { Prisma } from "./generated/client.ts";

/**
 * The table of counters in the form that rate-limiter-flexible's Prisma store calls: three operations of one
 * model, each in a short transaction of its own. Counting is one upsert in the database, so that concurrent
 * attempts are all counted, on every instance.
 */
export function rateLimitStore(database: Database) {
  return {
    RateLimiterFlexible: {
      upsert: (args: Prisma.RateLimiterFlexibleUpsertArgs) =>
        database.inInstallation((ctx) => installationDb(ctx).rateLimiterFlexible.upsert(args)),
      deleteMany: (args: Prisma.RateLimiterFlexibleDeleteManyArgs) =>
        database.inInstallation((ctx) => installationDb(ctx).rateLimiterFlexible.deleteMany(args)),
      findFirst: (args: Prisma.RateLimiterFlexibleFindFirstArgs) =>
        database.inInstallation((ctx) => installationDb(ctx).rateLimiterFlexible.findFirst(args)),
    },
  };
}
