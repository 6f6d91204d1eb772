import { newId, type PersonId, type TenantId } from "../foundation/ids.ts";
import { installationDb, type InstallationContext } from "./database.ts";

/** Somebody who signs in, over all tenants. */
export type PersonRecord = {
  id: PersonId;
  email: string;
  name: string;
  isOperator: boolean;
  isActive: boolean;
  passwordHash: string | null;
};

const columns = { id: true, email: true, name: true, isOperator: true, status: true, passwordHash: true } as const;

export async function findPerson(ctx: InstallationContext, id: PersonId): Promise<PersonRecord | null> {
  const row = await installationDb(ctx).person.findUnique({ where: { id }, select: columns });
  return row && toPersonRecord(row);
}

/** @param email lower-cased and normalised */
export async function findPersonByEmail(ctx: InstallationContext, email: string): Promise<PersonRecord | null> {
  const row = await installationDb(ctx).person.findUnique({ where: { email }, select: columns });
  return row && toPersonRecord(row);
}

/** Adds a person. Fails on a taken e-mail address (isUniqueViolation). */
export async function insertPerson(
  ctx: InstallationContext,
  person: { email: string; name: string; passwordHash?: string | null; isOperator?: boolean },
): Promise<PersonRecord> {
  const row = await installationDb(ctx).person.create({ data: { id: newId<PersonId>(), ...person }, select: columns });
  return toPersonRecord(row);
}

export async function updatePerson(
  ctx: InstallationContext,
  id: PersonId,
  values: { name?: string; email?: string; passwordHash?: string; isOperator?: boolean },
): Promise<void> {
  await installationDb(ctx).person.update({ where: { id }, data: values, select: { id: true } });
}

/**
 * Holds a person's row until the transaction ends, so that changes which depend on all of their ways to sign in
 * come one after the other. Raw, since locking reads exist in SQL only.
 */
export async function lockPerson(ctx: InstallationContext, id: PersonId): Promise<void> {
  await installationDb(ctx).$queryRaw`SELECT 1 FROM person WHERE id = ${id}::uuid FOR UPDATE`;
}

/** True once an operator can sign in with a password: a tenant's identity provider opens no installation. */
export async function hasReadyOperator(ctx: InstallationContext): Promise<boolean> {
  const row = await installationDb(ctx).person.findFirst({
    where: { isOperator: true, passwordHash: { not: null } },
    select: { id: true },
  });
  return row !== null;
}

/** How a person stands with the tenants they belong to. */
export type Standing = { belongsAnywhere: boolean; mayEnterSome: boolean; isSuspendedSomewhere: boolean };

export async function standingOf(ctx: InstallationContext, personId: PersonId): Promise<Standing> {
  const rows = await installationDb(ctx).membership.findMany({
    where: { personId },
    select: { status: true, tenant: { select: { status: true } } },
    take: 1000,
  });
  const members = rows.filter(({ status }) => status === "ACTIVE");
  return {
    belongsAnywhere: rows.length > 0,
    mayEnterSome: members.some(({ tenant }) => tenant.status === "ACTIVE"),
    isSuspendedSomewhere: members.some(({ tenant }) => tenant.status === "SUSPENDED"),
  };
}

/** Tenants that a person belongs to, whatever their state. */
export async function tenantsOf(ctx: InstallationContext, personId: PersonId): Promise<TenantId[]> {
  const rows = await installationDb(ctx).membership.findMany({
    where: { personId },
    select: { tenantId: true },
    take: 1000,
  });
  return rows.map((row) => row.tenantId as TenantId);
}

type Row = Omit<PersonRecord, "id" | "isActive"> & { id: string; status: "ACTIVE" | "DISABLED" };

function toPersonRecord({ id, status, ...rest }: Row): PersonRecord {
  return { id: id as PersonId, isActive: status === "ACTIVE", ...rest };
}
