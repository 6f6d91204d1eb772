import type { FieldProblem } from "#lib/foundation/errors.ts";

/** Why an action was refused, in a form that a browser may see. */
export type ActionProblem = {
  code: string;
  message: string;
  /** Problems by field path, "connection.clientSecret"; empty where the refusal is about the whole. */
  fields: readonly FieldProblem[];
  retryAfterSeconds?: number;
  /** Present for bugs only: names the log entry. */
  errorId?: string;
};

/** What every server action returns: the view, or the reason. */
export type ActionResult<T> = { ok: true; value: T } | { ok: false; problem: ActionProblem };
