/** The signed-in person's own affairs: password and sessions. */
import { insertAuditEvent } from "#lib/data/audit.ts";
import { findPerson, tenantsOf, updatePerson } from "#lib/data/people.ts";
import { listSessions, revokeSession, revokeSessionsOf } from "#lib/data/sessions.ts";
import { AppError, fieldError } from "#lib/foundation/errors.ts";
import type { SessionId } from "#lib/foundation/ids.ts";
import type { InstallationCaller } from "../context.ts";
import { parseInput } from "../verb.ts";
import { ChangePasswordInput, SessionRef, type OwnSessionView } from "./contract.ts";
import { requireGoodPassword } from "./password-policy.ts";
import { hashPassword, matchesPassword } from "./passwords.ts";
import { idleLimit, type LiveSession } from "./session.ts";

type Caller = Pick<InstallationCaller, "deps" | "requestId">;

/**
 * Changes the password after the old one was proven, and ends every other session. Attempts are limited like
 * those of signing in.
 *
 * @throws {AppError} `input.invalid` at the field, `limit.exceeded`
 */
export async function changePassword(
  { deps, requestId }: Caller,
  session: LiveSession,
  raw: ChangePasswordInput,
): Promise<void> {
  const { currentPassword, newPassword } = parseInput(ChangePasswordInput, raw);
  const { person } = session;
  await deps.signInLimiter.admit({ email: person.email, device: session.id, address: `person:${person.id}` });
  const record = await deps.database.inInstallation((ctx) => findPerson(ctx, person.id));
  if (!record?.isActive) throw new AppError("auth.required");
  if (!(await matchesPassword(record.passwordHash, currentPassword))) {
    throw fieldError("currentPassword", "This is not your current password.");
  }
  requireGoodPassword(newPassword, person, "newPassword");
  const passwordHash = await hashPassword(newPassword);
  const now = deps.clock.now();
  await deps.database.inInstallation(async (ctx) => {
    await updatePerson(ctx, person.id, { passwordHash });
    await revokeSessionsOf(ctx, { personId: person.id, except: session.id, now });
    for (const tenantId of await tenantsOf(ctx, person.id)) {
      await insertAuditEvent(
        { ...ctx, tenantId },
        {
          actorId: person.id,
          actorName: person.name,
          action: "person.change_password",
          subjectType: "person",
          subjectId: person.id,
          subjectName: person.name,
          requestId,
        },
      );
    }
  });
}

/** The person's sessions that still live, the latest used first. */
export async function listOwnSessions({ deps }: Caller, session: LiveSession): Promise<OwnSessionView[]> {
  const now = deps.clock.now();
  const sessions = await deps.database.inInstallation((ctx) =>
    listSessions(ctx, session.person.id, { now, idleSince: idleLimit(now) }),
  );
  return sessions.map(({ id, createdAt, lastSeenAt }) => ({
    id,
    isCurrent: id === session.id,
    createdAt: createdAt.toISOString(),
    lastSeenAt: lastSeenAt.toISOString(),
  }));
}

/** Ends one of the person's own sessions. @throws {AppError} `not_found` for anybody else's */
export async function endOwnSession({ deps }: Caller, session: LiveSession, raw: { id: string }): Promise<void> {
  const { id } = parseInput(SessionRef, raw);
  const ended = await deps.database.inInstallation((ctx) =>
    revokeSession(ctx, { id: id as SessionId, personId: session.person.id, now: deps.clock.now() }),
  );
  if (!ended) throw new AppError("not_found");
}
