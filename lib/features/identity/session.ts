/** Sessions: a row for each signed-in browser, read on every request, so that ending one takes effect at once. */
import {
  findLiveSession,
  insertSession,
  revokeSession,
  setActiveTenant,
  touchSession,
  type LiveSession,
} from "#lib/data/sessions.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { parseId, type PersonId, type SessionId, type TenantId } from "#lib/foundation/ids.ts";
import type { Dependencies } from "../context.ts";
import { permissionsOf } from "../permissions.ts";
import type { Actor, Context } from "../context.ts";

export type { LiveSession };

/** A session ends this long after sign-in, whatever happens. */
export const sessionLifeSeconds = 24 * 60 * 60;
/** A session ends after this long without a request. */
export const sessionIdleSeconds = 4 * 60 * 60;
/** Changing the ways to sign in needs a sign-in no older than this (OWASP ASVS 5.0 §7.5.1). */
export const recentSignInSeconds = 15 * 60;
/** How often the last use is written down: not on every request. */
const touchEverySeconds = 60;

type Identity = Pick<Dependencies, "database" | "clock">;

/** The moment before which a last use counts as idle too long. */
export function idleLimit(now: Date): Date {
  return new Date(now.getTime() - sessionIdleSeconds * 1000);
}

export type NewSession = {
  personId: PersonId;
  /** The tenant in which it begins. */
  tenantId?: TenantId | null;
  /** The tenant whose identity provider vouches for the person: the session reaches no other. */
  withinTenantId?: TenantId | null;
};

/**
 * Signs a person in: a new session, never a continued one.
 *
 * @returns the id that the browser's cookie will carry, sealed
 */
export async function openSession(
  { database, clock }: Identity,
  { personId, tenantId = null, withinTenantId = null }: NewSession,
): Promise<SessionId> {
  const now = clock.now();
  const expiresAt = new Date(now.getTime() + sessionLifeSeconds * 1000);
  return database.inInstallation((ctx) =>
    insertSession(ctx, { personId, activeTenantId: tenantId, withinTenantId, now, expiresAt }),
  );
}

/**
 * The session behind an id, read afresh. Null where it was ended, has expired, or its person is disabled;
 * memberships that are disabled and tenants that are suspended are left out.
 */
export async function resolveSession({ database, clock }: Identity, id: unknown): Promise<LiveSession | null> {
  const sessionId = parseId<SessionId>(id);
  if (!sessionId) return null;
  const now = clock.now();
  return database.inInstallation(async (ctx) => {
    const session = await findLiveSession(ctx, sessionId, { now, idleSince: idleLimit(now) });
    if (session && now.getTime() - session.lastSeenAt.getTime() > touchEverySeconds * 1000) {
      await touchSession(ctx, sessionId, now);
    }
    return session;
  });
}

/** True while a session's sign-in is recent enough to change how its person signs in. */
export function isRecentSignIn({ clock }: Pick<Dependencies, "clock">, { createdAt }: LiveSession): boolean {
  return clock.now().getTime() - createdAt.getTime() <= recentSignInSeconds * 1000;
}

/** The membership in which a session acts: the chosen one while it stands, else the first. */
export function activeMembership(session: LiveSession): LiveSession["memberships"][number] | undefined {
  const { memberships, activeTenantId } = session;
  return memberships.find(({ tenant }) => tenant.id === activeTenantId) ?? memberships[0];
}

/** Who acts in a session. */
export function actorOf({ person }: LiveSession): Actor & { kind: "person" } {
  return { kind: "person", personId: person.id, name: person.name, email: person.email, isOperator: person.isOperator };
}

/** The context of a session in its active tenant; null where its person belongs to none. */
export function contextOf(
  session: LiveSession,
  { requestId, deps }: { requestId: string; deps: Dependencies },
): Context | null {
  const membership = activeMembership(session);
  if (!membership) return null;
  return {
    tenant: membership.tenant,
    actor: actorOf(session),
    permissions: permissionsOf(membership.roles),
    requestId,
    deps,
  };
}

/** Ends a session of a person. Ending it twice is no error. */
export async function endSession(
  { database, clock }: Identity,
  { id, personId }: { id: SessionId; personId: PersonId },
): Promise<void> {
  await database.inInstallation((ctx) => revokeSession(ctx, { id, personId, now: clock.now() }));
}

/**
 * Makes another of the person's tenants the active one.
 *
 * @throws {AppError} `tenant.not_found` where the person has no active membership there, or the session does not
 *   reach it
 */
export async function switchTenant({ database }: Identity, session: LiveSession, tenantId: TenantId): Promise<void> {
  if (!session.memberships.some(({ tenant }) => tenant.id === tenantId)) throw new AppError("tenant.not_found");
  await database.inInstallation((ctx) => setActiveTenant(ctx, session.id, tenantId));
}
