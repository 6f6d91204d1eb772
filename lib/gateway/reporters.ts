import type { Reporter } from "#lib/features/revocations/report.ts";
import { tokenDigest } from "#lib/foundation/ids.ts";
import { GuardedLookUp, type GuardedLookUpOptions } from "./guarded-look-up.ts";

const shape = /^lkr_[A-Za-z0-9_-]{43}$/;

/**
 * Tells which authorization server a credential belongs to, from the database each time: reports are rare, and a revoked
 * credential ends at once.
 */
export class Reporters {
  readonly #lookUps: GuardedLookUp<Reporter>;

  constructor(options: GuardedLookUpOptions<Reporter>) {
    this.#lookUps = new GuardedLookUp(options);
  }

  /** @param credential as the server sent it */
  async admit(credential: string | undefined): Promise<Reporter | "refused" | "unavailable"> {
    if (credential === undefined || !shape.test(credential)) return "refused";
    return this.#lookUps.find(tokenDigest(credential));
  }
}
