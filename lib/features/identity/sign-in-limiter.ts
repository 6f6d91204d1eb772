/**
 * How often a sign-in may fail. Three counts, since each alone can be worked around: one for an account on a
 * device (guessing), one for a network (spraying), one for an account (guessing from many places; the ceiling
 * of NIST SP 800-63B-4 §3.2.2).
 */
import { RateLimiterMemory, RateLimiterPrisma, RateLimiterRes } from "rate-limiter-flexible";
import type { Database } from "#lib/data/database.ts";
import { rateLimitStore } from "#lib/data/rate-limits.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { tokenDigest } from "#lib/foundation/ids.ts";
import { limitedNetwork } from "#lib/foundation/request-stamp.ts";

const minute = 60;
const limits = {
  /** An unknown device shares one count per account, so that throwing a cookie away wins nothing. */
  accountOnDevice: { keyPrefix: "sign-in-device", points: 10, duration: 15 * minute },
  account: { keyPrefix: "sign-in-account", points: 100, duration: 24 * 60 * minute },
  network: { keyPrefix: "sign-in-network", points: 100, duration: 60 * minute },
} as const;

/** Who tries. `device` is proven to be one from which this account signed in before; null for any other. */
export type Attempt = { email: string; device: string | null; address: string };

export type SignInLimiter = {
  /**
   * Counts an attempt before the password is looked at.
   *
   * @param onLock called once per window, when an account's attempts are used up
   * @throws {AppError} `limit.exceeded`, with the seconds to wait
   */
  admit(attempt: Attempt, onLock?: () => Promise<void>): Promise<void>;
  /** After a success: forgets the account's failures, and takes this attempt off the network's count. */
  clear(attempt: Attempt): Promise<void>;
};

/** Counts in the database; in this process's memory while the database does not answer. */
export function createSignInLimiter(database: Database): SignInLimiter {
  const storeClient = rateLimitStore(database);
  const limiter = (options: { keyPrefix: string; points: number; duration: number }) =>
    new RateLimiterPrisma({
      ...options,
      storeClient,
      // Once refused, further attempts cost neither the database nor the hash anything.
      inMemoryBlockOnConsumed: options.points + 1,
      insuranceLimiter: new RateLimiterMemory(options),
    });
  const accountOnDevice = limiter(limits.accountOnDevice);
  const account = limiter(limits.account);
  const network = limiter(limits.network);

  const keysOf = ({ email, device, address }: Attempt) => ({
    // Addresses and names stay out of the table: a digest is enough to count by.
    device: tokenDigest(`${email}\n${device ?? ""}`),
    account: tokenDigest(email),
    network: tokenDigest(limitedNetwork(address)),
  });

  return {
    async admit(attempt, onLock) {
      const keys = keysOf(attempt);
      await consume(network, keys.network);
      await consume(accountOnDevice, keys.device, onLock);
      // A device from which the owner signed in before keeps working while others are guessing.
      if (attempt.device === null) await consume(account, keys.account, onLock);
    },
    async clear(attempt) {
      const keys = keysOf(attempt);
      await accountOnDevice.delete(keys.device);
      await account.delete(keys.account);
      await network.reward(keys.network);
    },
  };
}

async function consume(limiter: RateLimiterPrisma, key: string, onLock?: () => Promise<void>): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    // Later refusals are answered from memory with no count, or with a higher one.
    if (refusal.consumedPoints === limiter.points + 1) await onLock?.();
    throw new AppError("limit.exceeded", { retryAfterSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)) });
  }
}
