import { LRUCache } from "lru-cache";
import { ConnectorError, isConnectorError } from "#lib/connector-kit/errors.ts";
import type { Clock } from "#lib/foundation/clock.ts";
import type { OutboundFetch } from "#lib/foundation/outbound-contract.ts";
import { budgets, exchange } from "#lib/protocol/exchange.ts";

/**
 * Whether authorization servers answer at all. What was found out counts for some seconds for everybody, and those who
 * ask meanwhile wait for the same question: however many people look, a server is asked now and then.
 */
export type Answering = {
  /**
   * Asks a server for one of its public documents. Any answer that is no failure of the server itself will do, since
   * it shows that somebody is there.
   *
   * @param outbound the way out that is taken
   * @returns null where it answers, else how it failed: `unreachable`, or `misconfigured` where it may not be called
   */
  failureAt(outbound: OutboundFetch, url: string): Promise<ConnectorError | null>;
};

/** Short: somebody is looking at the page. */
const deadlineMs = 3_000;
/** A server that fails is asked again soon, because somebody waits for it. */
const keptMs = { answering: 5_000, failing: 3_000 };
const maximumKept = 1_000;

type Question = { failure: Promise<ConnectorError | null>; until: number };

/** @param clock says how old an answer is */
export function createAnswering(clock: Clock): Answering {
  const asked = new LRUCache<string, Question>({ max: maximumKept });
  return {
    async failureAt(outbound, url) {
      const before = asked.get(url);
      if (before && clock.now().getTime() < before.until) return before.failure;
      const question: Question = { failure: ask(outbound, url), until: Number.POSITIVE_INFINITY };
      asked.set(url, question);
      let kept = 0;
      try {
        const failure = await question.failure;
        kept = failure ? keptMs.failing : keptMs.answering;
        return failure;
      } finally {
        question.until = clock.now().getTime() + kept;
      }
    },
  };
}

async function ask(outbound: OutboundFetch, url: string): Promise<ConnectorError | null> {
  try {
    const { status } = await exchange(outbound, url, { ...budgets.discovery, deadlineMs });
    if (status < 500) return null;
    // What stands in the body is left out: gateways in front of servers write inner addresses into it.
    return new ConnectorError("unreachable", "The server failed to answer.", { status, explanation: null });
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return error.kind === "bad_response" ? null : error;
  }
}
