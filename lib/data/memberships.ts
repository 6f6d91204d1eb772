import { newId, type MembershipId, type PersonId, type TenantId } from "../foundation/ids.ts";
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";
import type { Role } from "./generated/client.ts";
import { toPage, type Page, type Position } from "./paging.ts";
import { containing } from "./search.ts";

/** A person as a member of one tenant. */
export type MembershipRecord = {
  id: MembershipId;
  personId: PersonId;
  name: string;
  email: string;
  roles: Role[];
  isActive: boolean;
  /** False where an operator disabled the person altogether. */
  personIsActive: boolean;
  hasPassword: boolean;
  createdAt: Date;
};

const columns = {
  id: true,
  personId: true,
  roles: true,
  status: true,
  createdAt: true,
  person: { select: { name: true, email: true, status: true, passwordHash: true } },
} as const;

export type MembershipFilter = {
  search?: string | undefined;
  role?: Role | undefined;
  isActive?: boolean | undefined;
};

/** Members of the tenant, the newest first. @param search part of name or e-mail address */
export async function listMemberships(
  ctx: TenantContext,
  { after, limit, search, role, isActive }: MembershipFilter & { after: Position | null; limit: number },
): Promise<Page<MembershipRecord>> {
  const words = containing(search ?? "");
  const rows = await tenantDb(ctx).membership.findMany({
    where: {
      // Ids are made in order of time, and (tenant, id) is indexed.
      ...(after ? { id: { lt: after.id } } : {}),
      ...(role ? { roles: { has: role } } : {}),
      ...(isActive === undefined ? {} : { status: isActive ? "ACTIVE" : "DISABLED" }),
      ...(search ? { person: { OR: [{ name: words }, { email: words }] } } : {}),
    },
    select: columns,
    orderBy: { id: "desc" },
    take: limit + 1,
  });
  return toPage(rows, limit, toMembershipRecord);
}

export async function findMembership(ctx: TenantContext, id: MembershipId): Promise<MembershipRecord | null> {
  const row = await tenantDb(ctx).membership.findUnique({ where: { id }, select: columns });
  return row && toMembershipRecord(row);
}

/** The membership of a person in this tenant. */
export async function findMembershipOfPerson(ctx: TenantContext, personId: PersonId): Promise<MembershipRecord | null> {
  const row = await tenantDb(ctx).membership.findUnique({
    where: { tenantId_personId: { tenantId: ctx.tenantId, personId } },
    select: columns,
  });
  return row && toMembershipRecord(row);
}

/**
 * Members who may use what a role opens: neither disabled here nor altogether. By name.
 *
 * @param query.search part of name or e-mail address
 * @param query.except who is left out
 */
export async function listActiveHolders(
  ctx: TenantContext,
  { role, search, except, limit }: { role: Role; search: string; except: PersonId; limit: number },
): Promise<MembershipRecord[]> {
  const words = containing(search);
  const rows = await tenantDb(ctx).membership.findMany({
    where: {
      roles: { has: role },
      status: "ACTIVE",
      personId: { not: except },
      person: { status: "ACTIVE", ...(search ? { OR: [{ name: words }, { email: words }] } : {}) },
    },
    select: columns,
    orderBy: [{ person: { name: "asc" } }, { id: "asc" }],
    take: limit,
  });
  return rows.map(toMembershipRecord);
}

/** True where a member of the tenant has this address. @param email lower-cased */
export async function hasMemberWithEmail(ctx: TenantContext, email: string): Promise<boolean> {
  return (await tenantDb(ctx).membership.findFirst({ where: { person: { email } }, select: { id: true } })) !== null;
}

export async function updateMembership(
  ctx: TenantContext,
  id: MembershipId,
  values: { roles?: Role[]; isActive?: boolean },
): Promise<void> {
  const { roles, isActive } = values;
  const data = {
    ...(roles ? { roles } : {}),
    ...(isActive === undefined ? {} : { status: isActive ? ("ACTIVE" as const) : ("DISABLED" as const) }),
  };
  await tenantDb(ctx).membership.update({ where: { id }, data, select: { id: true } });
}

/**
 * How many members besides one could administer the tenant now. The rows are locked until the transaction
 * ends: two administrators who disable each other at the same moment must not both succeed. Raw, since locking
 * reads exist in SQL only.
 */
export async function countOtherAdministrators(ctx: TenantContext, except: MembershipId): Promise<number> {
  const rows = await tenantDb(ctx).$queryRaw<{ id: string }[]>`
    SELECT membership.id FROM membership JOIN person ON person.id = membership.person_id
    WHERE membership.tenant_id = ${ctx.tenantId}::uuid
      AND membership.status = 'ACTIVE' AND person.status = 'ACTIVE' AND 'ADMINISTRATOR' = ANY (membership.roles)
    ORDER BY membership.id FOR UPDATE OF membership`;
  return rows.filter(({ id }) => id !== except).length;
}

/** Makes a person a member. Fails on a person who is one already (isUniqueViolation). */
export async function insertMembership(
  ctx: InstallationContext,
  { tenantId, personId, roles }: { tenantId: TenantId; personId: PersonId; roles: Role[] },
): Promise<MembershipId> {
  const id = newId<MembershipId>();
  await installationDb(ctx).membership.create({ data: { id, tenantId, personId, roles }, select: { id: true } });
  return id;
}

/** A person's membership of one tenant, for work outside that tenant's own transactions. */
export async function findMembershipOf(
  ctx: InstallationContext,
  { tenantId, personId }: { tenantId: TenantId; personId: PersonId },
): Promise<{ id: MembershipId; isActive: boolean } | null> {
  const row = await installationDb(ctx).membership.findUnique({
    where: { tenantId_personId: { tenantId, personId } },
    select: { id: true, status: true },
  });
  return row && { id: row.id as MembershipId, isActive: row.status === "ACTIVE" };
}

/** Whose membership of which tenant this is, for work outside that tenant's own transactions. */
export async function findMembershipById(
  ctx: InstallationContext,
  id: MembershipId,
): Promise<{ tenantId: TenantId; personId: PersonId } | null> {
  const row = await installationDb(ctx).membership.findUnique({
    where: { id },
    select: { tenantId: true, personId: true },
  });
  return row && { tenantId: row.tenantId as TenantId, personId: row.personId as PersonId };
}

type Row = {
  id: string;
  personId: string;
  roles: Role[];
  status: "ACTIVE" | "DISABLED";
  createdAt: Date;
  person: { name: string; email: string; status: "ACTIVE" | "DISABLED"; passwordHash: string | null };
};

function toMembershipRecord({ id, personId, status, person, ...rest }: Row): MembershipRecord {
  return {
    id: id as MembershipId,
    personId: personId as PersonId,
    ...rest,
    name: person.name,
    email: person.email,
    isActive: status === "ACTIVE",
    personIsActive: person.status === "ACTIVE",
    hasPassword: person.passwordHash !== null,
  };
}
