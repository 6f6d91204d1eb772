import type { ActionProblem } from "#lib/features/actions/contract.ts";
import { catalogue, isAppError } from "#lib/foundation/errors.ts";
import { newId } from "#lib/foundation/ids.ts";
import type { Log } from "#lib/foundation/log.ts";

/**
 * What a browser may know of a thrown thing: an expected refusal as it is, a bug only by the id under which
 * the log tells of it.
 */
export function toProblem(error: unknown, { log, requestId }: { log: Log; requestId: string }): ActionProblem {
  if (isAppError(error)) {
    const { code, message, fields, retryAfterSeconds } = error;
    return { code, message, fields, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  }
  const errorId = newId();
  log.error({ error, errorId, requestId }, "unexpected error");
  return { code: "internal", message: catalogue.internal.message, fields: [], errorId };
}

/** HTTP status of a problem's code. */
export function statusOf(problem: ActionProblem): number {
  return problem.code in catalogue ? catalogue[problem.code as keyof typeof catalogue].status : 500;
}
