import { newId, type PersonId, type SessionId, type TenantId } from "../foundation/ids.ts";
import { installationDb, type InstallationContext } from "./database.ts";
import type { Role } from "./generated/client.ts";

/** A signed-in browser whose person, memberships and tenants are all still in order. */
export type LiveSession = {
  id: SessionId;
  activeTenantId: TenantId | null;
  /** The tenant whose identity provider opened the session, and which alone it reaches. */
  withinTenantId: TenantId | null;
  createdAt: Date;
  lastSeenAt: Date;
  person: { id: PersonId; name: string; email: string; isOperator: boolean };
  /** Active memberships of active tenants that the session reaches, by name of tenant. */
  memberships: { tenant: SessionTenant; roles: Role[] }[];
  /** What the person has beyond the reach of this session. */
  beyond: { tenants: SessionTenant[]; isOperator: boolean };
};

type SessionTenant = { id: TenantId; slug: string; name: string };

/** @returns the new session's id */
export async function insertSession(
  ctx: InstallationContext,
  session: {
    personId: PersonId;
    activeTenantId: TenantId | null;
    withinTenantId: TenantId | null;
    now: Date;
    expiresAt: Date;
  },
): Promise<SessionId> {
  const { now, ...rest } = session;
  const row = await installationDb(ctx).session.create({
    data: { id: newId<SessionId>(), ...rest, createdAt: now, lastSeenAt: now },
    select: { id: true },
  });
  return row.id as SessionId;
}

/**
 * Reads a session with everything that may end it: null where it was revoked, has expired or was idle since
 * `idleSince`, where the person is disabled, and where every tenant that it reaches has disabled them or is
 * suspended. Whoever runs a tenant's identity provider can sign in as anybody whom it knows: what such a session
 * reaches is that tenant, and never the installation.
 */
export async function findLiveSession(
  ctx: InstallationContext,
  id: SessionId,
  { now, idleSince }: { now: Date; idleSince: Date },
): Promise<LiveSession | null> {
  const row = await installationDb(ctx).session.findFirst({
    where: {
      id,
      revokedAt: null,
      expiresAt: { gt: now },
      lastSeenAt: { gt: idleSince },
      person: { status: "ACTIVE" },
    },
    select: {
      id: true,
      activeTenantId: true,
      withinTenantId: true,
      createdAt: true,
      lastSeenAt: true,
      person: {
        select: {
          id: true,
          name: true,
          email: true,
          isOperator: true,
          memberships: {
            select: {
              roles: true,
              status: true,
              tenant: { select: { id: true, slug: true, name: true, status: true } },
            },
            orderBy: { tenant: { name: "asc" } },
            take: 200,
          },
        },
      },
    },
  });
  if (!row) return null;
  const { memberships: all, ...person } = row.person;
  const { withinTenantId } = row;
  const isBound = withinTenantId !== null;
  const active = all
    .filter(({ status, tenant }) => status === "ACTIVE" && tenant.status === "ACTIVE")
    .map(({ roles, tenant: { id, slug, name } }) => ({ roles, tenant: { id: id as TenantId, slug, name } }));
  const isReached = ({ tenant }: { tenant: SessionTenant }) => !isBound || tenant.id === withinTenantId;
  const memberships = active.filter(isReached);
  const isOperator = person.isOperator && !isBound;
  if ((isBound || all.length > 0) && memberships.length === 0 && !isOperator) return null;
  return {
    ...row,
    id: row.id as SessionId,
    activeTenantId: row.activeTenantId as TenantId | null,
    withinTenantId: withinTenantId as TenantId | null,
    person: { ...person, id: person.id as PersonId, isOperator },
    memberships,
    beyond: {
      tenants: active.filter((membership) => !isReached(membership)).map(({ tenant }) => tenant),
      isOperator: person.isOperator && !isOperator,
    },
  };
}

/** Notes that the session was used, which puts its idle end off. */
export async function touchSession(ctx: InstallationContext, id: SessionId, now: Date): Promise<void> {
  await installationDb(ctx).session.updateMany({ where: { id, revokedAt: null }, data: { lastSeenAt: now } });
}

export async function setActiveTenant(ctx: InstallationContext, id: SessionId, tenantId: TenantId): Promise<void> {
  await installationDb(ctx).session.updateMany({ where: { id }, data: { activeTenantId: tenantId } });
}

export type SessionRecord = { id: SessionId; createdAt: Date; lastSeenAt: Date };

/** A person's sessions that still live, the latest used first. */
export async function listSessions(
  ctx: InstallationContext,
  personId: PersonId,
  { now, idleSince }: { now: Date; idleSince: Date },
): Promise<SessionRecord[]> {
  const rows = await installationDb(ctx).session.findMany({
    where: { personId, revokedAt: null, expiresAt: { gt: now }, lastSeenAt: { gt: idleSince } },
    select: { id: true, createdAt: true, lastSeenAt: true },
    orderBy: { lastSeenAt: "desc" },
    take: 100,
  });
  return rows.map((row) => ({ ...row, id: row.id as SessionId }));
}

/**
 * Ends one session of a person.
 *
 * @returns whether the person had such a session
 */
export async function revokeSession(
  ctx: InstallationContext,
  { id, personId, now }: { id: SessionId; personId: PersonId; now: Date },
): Promise<boolean> {
  const { count } = await installationDb(ctx).session.updateMany({
    where: { id, personId, revokedAt: null },
    data: { revokedAt: now },
  });
  return count > 0;
}

/** Ends every session of a person, except one where given. @returns how many ended */
export async function revokeSessionsOf(
  ctx: InstallationContext,
  { personId, except, now }: { personId: PersonId; except?: SessionId; now: Date },
): Promise<number> {
  const { count } = await installationDb(ctx).session.updateMany({
    where: { personId, revokedAt: null, ...(except ? { id: { not: except } } : {}) },
    data: { revokedAt: now },
  });
  return count;
}
