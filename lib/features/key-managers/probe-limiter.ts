/**
 * How often one person may make this installation call authorization servers: enough for work, too little to look
 * around in a network with, or to guess tokens.
 */
import { RateLimiterMemory, RateLimiterPrisma, RateLimiterRes } from "rate-limiter-flexible";
import type { Database } from "#lib/data/database.ts";
import { rateLimitStore } from "#lib/data/rate-limits.ts";
import { AppError } from "#lib/foundation/errors.ts";

const minute = 60;
const limits = {
  discovery: { keyPrefix: "probe-discovery", points: 20, duration: minute },
  // A test runs in two parts, and each counts by itself.
  server: { keyPrefix: "probe-server", points: 10, duration: minute },
  access: { keyPrefix: "probe-access", points: 10, duration: minute },
  explanation: { keyPrefix: "probe-explanation", points: 30, duration: minute },
} as const;

export type ProbeKind = keyof typeof limits;

export type ProbeLimiter = {
  /** Counts one call. @throws {AppError} `limit.exceeded`, with the seconds to wait */
  admit(kind: ProbeKind, who: string): Promise<void>;
};

/** Counts in the database; in this process's memory while the database does not answer. */
export function createProbeLimiter(database: Database): ProbeLimiter {
  const storeClient = rateLimitStore(database);
  const limiter = (options: { keyPrefix: string; points: number; duration: number }) =>
    new RateLimiterPrisma({ ...options, storeClient, insuranceLimiter: new RateLimiterMemory(options) });
  const limiters: Record<ProbeKind, RateLimiterPrisma> = {
    discovery: limiter(limits.discovery),
    server: limiter(limits.server),
    access: limiter(limits.access),
    explanation: limiter(limits.explanation),
  };
  return {
    async admit(kind, who) {
      try {
        await limiters[kind].consume(who);
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        const retryAfterSeconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
        throw new AppError("limit.exceeded", {
          message: `You have tried this ${String(limits[kind].points)} times within a minute. Wait ${String(retryAfterSeconds)} s, then try again.`,
          retryAfterSeconds,
        });
      }
    },
  };
}
