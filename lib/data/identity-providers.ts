import type { IdentityProviderId, PersonId, TenantId } from "../foundation/ids.ts";
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";
import type { Prisma, Role } from "./generated/client.ts";

export type IdentityProviderRecord = {
  id: IdentityProviderId;
  name: string;
  issuer: string;
  clientId: string;
  sealedClientSecret: string;
  /** Parsed by whoever uses them. */
  endpoints: unknown;
  initialRoles: Role[];
  enabled: boolean;
};

const columns = {
  id: true,
  name: true,
  issuer: true,
  clientId: true,
  sealedClientSecret: true,
  endpoints: true,
  initialRoles: true,
  enabled: true,
} as const;

/** Every identity provider of the tenant, by name. A tenant has a handful. */
export async function listIdentityProviders(ctx: TenantContext): Promise<IdentityProviderRecord[]> {
  const rows = await tenantDb(ctx).identityProvider.findMany({ select: columns, orderBy: { name: "asc" }, take: 100 });
  return rows.map(toRecord);
}

export async function findIdentityProvider(
  ctx: TenantContext,
  id: IdentityProviderId,
): Promise<IdentityProviderRecord | null> {
  const row = await tenantDb(ctx).identityProvider.findUnique({ where: { id }, select: columns });
  return row && toRecord(row);
}

type Values = Omit<IdentityProviderRecord, "id" | "endpoints"> & { endpoints: Prisma.InputJsonValue };

/** Fails on a taken name (isUniqueViolation). */
export async function insertIdentityProvider(
  ctx: TenantContext,
  id: IdentityProviderId,
  values: Values,
): Promise<IdentityProviderRecord> {
  const data = { id, tenantId: ctx.tenantId, ...values };
  return toRecord(await tenantDb(ctx).identityProvider.create({ data, select: columns }));
}

export async function updateIdentityProvider(
  ctx: TenantContext,
  id: IdentityProviderId,
  values: Partial<Values>,
): Promise<IdentityProviderRecord> {
  return toRecord(await tenantDb(ctx).identityProvider.update({ where: { id }, data: values, select: columns }));
}

/** Removes it together with the identities known through it; the people stay. */
export async function deleteIdentityProvider(ctx: TenantContext, id: IdentityProviderId): Promise<void> {
  await tenantDb(ctx).identityProvider.delete({ where: { id }, select: { id: true } });
}

/** An identity provider through which somebody may sign in now: enabled, of an active tenant. */
export type SignInProvider = IdentityProviderRecord & { tenant: { id: TenantId; slug: string; name: string } };

const withTenant = { ...columns, tenant: { select: { id: true, slug: true, name: true } } } as const;

export async function findSignInProvider(
  ctx: InstallationContext,
  id: IdentityProviderId,
): Promise<SignInProvider | null> {
  const where = { id, enabled: true, tenant: { status: "ACTIVE" as const } };
  const row = await installationDb(ctx).identityProvider.findFirst({ where, select: withTenant });
  return row && { ...toRecord(row), tenant: { ...row.tenant, id: row.tenant.id as TenantId } };
}

/** The names of a tenant's usable identity providers, for its sign-in page. */
export async function listSignInProviders(
  ctx: InstallationContext,
  slug: string,
): Promise<{ id: IdentityProviderId; name: string }[]> {
  const rows = await installationDb(ctx).identityProvider.findMany({
    where: { enabled: true, tenant: { slug, status: "ACTIVE" } },
    select: { id: true, name: true },
    orderBy: { name: "asc" },
    take: 100,
  });
  return rows.map(({ id, name }) => ({ id: id as IdentityProviderId, name }));
}

/** The usable identity providers of every tenant that a person may enter, by name. */
export async function listProvidersFor(
  ctx: InstallationContext,
  personId: PersonId,
): Promise<{ id: IdentityProviderId; name: string; tenant: { id: TenantId; name: string } }[]> {
  const memberships = { some: { personId, status: "ACTIVE" as const } };
  const rows = await installationDb(ctx).identityProvider.findMany({
    where: { enabled: true, tenant: { status: "ACTIVE", memberships } },
    select: { id: true, name: true, tenant: { select: { id: true, name: true } } },
    orderBy: { name: "asc" },
    take: 100,
  });
  return rows.map(({ id, name, tenant }) => ({
    id: id as IdentityProviderId,
    name,
    tenant: { id: tenant.id as TenantId, name: tenant.name },
  }));
}

function toRecord(row: Omit<IdentityProviderRecord, "id"> & { id: string }): IdentityProviderRecord {
  const { id, name, issuer, clientId, sealedClientSecret, endpoints, initialRoles, enabled } = row;
  return {
    id: id as IdentityProviderId,
    name,
    issuer,
    clientId,
    sealedClientSecret,
    endpoints,
    initialRoles,
    enabled,
  };
}
