import { insertAuditEvent } from "#lib/data/audit.ts";
import { findPersonByEmail, standingOf, tenantsOf, updatePerson, type PersonRecord } from "#lib/data/people.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { PersonId } from "#lib/foundation/ids.ts";
import type { InstallationCaller } from "../context.ts";
import { parseInput } from "../verb.ts";
import { SignInInput } from "./contract.ts";
import { hashPassword, isOutdatedHash, matchesPassword } from "./passwords.ts";

type Caller = Pick<InstallationCaller, "deps" | "requestId">;
type Origin = { device: string | null; address: string };

/**
 * Proves a person by e-mail address and password. A wrong password, an unknown address, a disabled person and
 * a person without a password get the same answer after the same work.
 *
 * @param origin from where: the device only if it is proven to be one of this account's
 * @throws {AppError} `auth.failed`, `limit.exceeded` with the seconds to wait, `input.invalid`;
 *   `tenant.suspended` for the right password of somebody all of whose tenants are suspended
 */
export async function verifyPassword(caller: Caller, input: SignInInput, origin: Origin): Promise<PersonId> {
  const { deps } = caller;
  const { email, password } = parseInput(SignInInput, input);
  const attempt = { email, ...origin };
  await deps.signInLimiter.admit(attempt, () => noteLock(caller, email));
  const person = await deps.database.inInstallation((ctx) => findPersonByEmail(ctx, email));
  const usable = person?.isActive ? person.passwordHash : null;
  if (!(await matchesPassword(usable, password)) || !person) throw new AppError("auth.failed");
  await requireEntry(caller, person);
  await deps.signInLimiter.clear(attempt);
  await renewHash(caller, person, password);
  return person.id;
}

/**
 * Refuses a person whom every one of their tenants has shut out; the session would be dead at once.
 *
 * @throws {AppError} `auth.failed`, `tenant.suspended`
 */
export async function requireEntry({ deps }: Caller, person: Pick<PersonRecord, "id" | "isOperator">): Promise<void> {
  if (person.isOperator) return;
  const standing = await deps.database.inInstallation((ctx) => standingOf(ctx, person.id));
  if (standing.mayEnterSome || !standing.belongsAnywhere) return;
  throw new AppError(standing.isSuspendedSomewhere ? "tenant.suspended" : "auth.failed");
}

/** Moves a hash of an older cost to today's, now that the password is at hand. */
async function renewHash({ deps }: Caller, person: PersonRecord, password: string): Promise<void> {
  if (person.passwordHash === null || !isOutdatedHash(person.passwordHash)) return;
  const passwordHash = await hashPassword(password);
  await deps.database.inInstallation((ctx) => updatePerson(ctx, person.id, { passwordHash }));
}

/** One audit row in each tenant of the account, so that its administrators learn of the guessing. */
async function noteLock({ deps, requestId }: Caller, email: string): Promise<void> {
  const known = await deps.database.inInstallation(async (ctx) => {
    const person = await findPersonByEmail(ctx, email);
    return person && { person, tenants: await tenantsOf(ctx, person.id) };
  });
  deps.log.warn({ requestId, personId: known?.person.id }, "sign-in attempts of an account are used up");
  for (const tenantId of known?.tenants ?? []) {
    await deps.database.inTenant(tenantId, (tx) =>
      insertAuditEvent(tx, {
        actorId: null,
        actorName: "Sign-in limiter",
        action: "person.sign_in_locked",
        subjectType: "person",
        subjectId: known?.person.id ?? "",
        subjectName: known?.person.name ?? "",
        requestId,
      }),
    );
  }
}
