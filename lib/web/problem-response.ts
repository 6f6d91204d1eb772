import "server-only";
import { runtime } from "#lib/runtime.ts";
import { statusOf, toProblem } from "./problem.ts";

/** The answer to a thrown thing: the problem as JSON, with its status and, where known, when to come back. */
export function problemResponse(error: unknown, id: string): Response {
  const problem = toProblem(error, { log: runtime().deps.log, requestId: id });
  const retry = problem.retryAfterSeconds;
  return Response.json(problem, {
    status: statusOf(problem),
    headers: {
      "cache-control": "no-store",
      ...(retry === undefined ? {} : { "retry-after": String(Math.ceil(retry)) }),
    },
  });
}
