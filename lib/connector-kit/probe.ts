import type { ProbeResult } from "./contract.ts";
import { isConnectorError } from "./errors.ts";

/** One step of a connection test; who runs the test adds how long it took. */
export type Probe = Omit<ProbeResult, "durationMs">;

/**
 * Tries something that changes nothing.
 *
 * @param summary what is true if it succeeds; @param fix what to do if it does not
 */
export async function probe(
  step: Probe["step"],
  summary: string,
  { attempt, fix }: { attempt: () => Promise<unknown>; fix: string },
): Promise<Probe> {
  try {
    await attempt();
    return { step, status: "passed", summary };
  } catch (error) {
    if (!isConnectorError(error)) throw error;
    return { step, status: "failed", summary: error.message, fix, ...(error.reason && { detail: error.reason }) };
  }
}
