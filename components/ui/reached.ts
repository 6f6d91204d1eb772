import type { ActionProblem, ActionResult } from "#lib/features/actions/contract.ts";

const lostConnection: ActionProblem = {
  code: "unavailable",
  message: "The portal could not be reached, or answered with an error. Check your connection, then try again.",
  fields: [],
};

/**
 * What an action answered; where nothing was heard of it, a problem that says so.
 *
 * @throws what Next.js sends its navigations by
 */
export async function reached<T>(answer: Promise<ActionResult<T>>): Promise<ActionResult<T>> {
  try {
    return await answer;
  } catch (error) {
    if (isNavigation(error)) throw error;
    return { ok: false, problem: lostConnection };
  }
}

/** Redirects and the like of Next.js travel as errors with a digest. */
function isNavigation(error: unknown): boolean {
  return typeof error === "object" && error !== null && "digest" in error && String(error.digest).startsWith("NEXT_");
}
