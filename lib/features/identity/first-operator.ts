import { isUniqueViolation } from "#lib/data/database.ts";
import { findPersonByEmail, hasReadyOperator, insertPerson } from "#lib/data/people.ts";
import type { Dependencies } from "../context.ts";
import { firstOperatorEmail, issueOneTimeLink, type IssuedLink } from "./one-time-links.ts";

const lifeSeconds = 24 * 60 * 60;

/**
 * The way into a new installation, which has no default password: a one-time link for its first operator.
 * Each call makes a fresh link and ends the one before it. Null once an operator can sign in.
 *
 * @returns a link valid once, for 24 hours
 */
export async function ensureFirstOperator(deps: Setup): Promise<IssuedLink | null> {
  return attempt(deps).catch((error: unknown) => {
    // Another instance, starting at the same moment, has just added the operator.
    if (!isUniqueViolation(error)) throw error;
    return attempt(deps);
  });
}

type Setup = Pick<Dependencies, "database" | "clock" | "origin">;

function attempt(deps: Setup): Promise<IssuedLink | null> {
  return deps.database.inInstallation(async (ctx) => {
    if (await hasReadyOperator(ctx)) return null;
    const operator =
      (await findPersonByEmail(ctx, firstOperatorEmail)) ??
      (await insertPerson(ctx, { email: firstOperatorEmail, name: "First operator", isOperator: true }));
    return issueOneTimeLink(ctx, deps, { personId: operator.id, purpose: "FIRST_SIGN_IN", lifeSeconds });
  });
}
