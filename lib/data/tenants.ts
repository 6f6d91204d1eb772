import type { TenantId } from "../foundation/ids.ts";
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";
import { afterPosition, toPage, type Page, type Position } from "./paging.ts";
import { containing } from "./search.ts";

export type TenantRecord = {
  id: TenantId;
  slug: string;
  name: string;
  isActive: boolean;
  createdAt: Date;
};

const columns = { id: true, slug: true, name: true, status: true, createdAt: true } as const;

/**
 * Stores the tenant of a transaction that was opened for an id nobody has yet, so that the tenant and what it
 * starts with stand or fall together. Raw, since a tenant's own client refuses the installation's tables.
 *
 * @returns false where the slug is taken
 */
export async function insertOwnTenant(
  tx: TenantContext,
  { slug, name }: { slug: string; name: string },
): Promise<boolean> {
  const count = await tenantDb(tx).$executeRaw`
    INSERT INTO tenant (id, slug, name) VALUES (${tx.tenantId}::uuid, ${slug}, ${name}) ON CONFLICT (slug) DO NOTHING`;
  return count === 1;
}

export async function findTenant(ctx: InstallationContext, id: TenantId): Promise<TenantRecord | null> {
  const row = await installationDb(ctx).tenant.findUnique({ where: { id }, select: columns });
  return row && toTenantRecord(row);
}

export async function findTenantBySlug(ctx: InstallationContext, slug: string): Promise<TenantRecord | null> {
  const row = await installationDb(ctx).tenant.findUnique({ where: { slug }, select: columns });
  return row && toTenantRecord(row);
}

/** Every slug, to compare a new one with. */
export async function listSlugs(ctx: InstallationContext): Promise<string[]> {
  const rows = await installationDb(ctx).tenant.findMany({ select: { slug: true } });
  return rows.map(({ slug }) => slug);
}

/** The id of every tenant. */
export async function listTenantIds(ctx: InstallationContext): Promise<TenantId[]> {
  const rows = await installationDb(ctx).tenant.findMany({ select: { id: true }, orderBy: { id: "asc" } });
  return rows.map(({ id }) => id as TenantId);
}

/** Those among these addresses that a tenant has. */
export async function findTenantsBySlugs(
  ctx: InstallationContext,
  slugs: readonly string[],
): Promise<{ id: TenantId; slug: string }[]> {
  const rows = await installationDb(ctx).tenant.findMany({
    where: { slug: { in: [...slugs] } },
    select: { id: true, slug: true },
  });
  return rows.map(({ id, slug }) => ({ id: id as TenantId, slug }));
}

/** The same inside one tenant. Raw, since a tenant's own client refuses the installation's tables. */
export async function findOtherTenants(
  ctx: TenantContext,
  slugs: readonly string[],
): Promise<{ id: TenantId; slug: string }[]> {
  return tenantDb(ctx).$queryRaw<{ id: TenantId; slug: string }[]>`
    SELECT id::text, slug FROM tenant WHERE slug = ANY(${[...slugs]}::text[]) AND id <> ${ctx.tenantId}::uuid`;
}

/** The addresses of these tenants, in their order. */
export async function listTenantSlugs(ctx: InstallationContext, ids: readonly TenantId[]): Promise<string[]> {
  const rows = await installationDb(ctx).tenant.findMany({
    where: { id: { in: [...ids] } },
    select: { slug: true },
    orderBy: { slug: "asc" },
  });
  return rows.map(({ slug }) => slug);
}

export type ListedTenant = TenantRecord & { people: number; keyManagers: number; apis: number };

/** Tenants, newest first. @param search part of name or slug */
export async function listTenants(
  ctx: InstallationContext,
  { after, limit, search }: { after: Position | null; limit: number; search?: string | undefined },
): Promise<Page<ListedTenant>> {
  const words = containing(search ?? "");
  const rows = await installationDb(ctx).tenant.findMany({
    where: { AND: [afterPosition(after), search ? { OR: [{ name: words }, { slug: words }] } : {}] },
    select: { ...columns, _count: { select: { memberships: true, keyManagers: true, apis: true } } },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: limit + 1,
  });
  return toPage(rows, limit, ({ _count, ...row }) => ({
    ...toTenantRecord(row),
    people: _count.memberships,
    keyManagers: _count.keyManagers,
    apis: _count.apis,
  }));
}

export async function setTenantActive(ctx: InstallationContext, id: TenantId, isActive: boolean): Promise<void> {
  const status = isActive ? "ACTIVE" : "SUSPENDED";
  await installationDb(ctx).tenant.update({ where: { id }, data: { status }, select: { id: true } });
}

type Row = Omit<TenantRecord, "id" | "isActive"> & { id: string; status: "ACTIVE" | "SUSPENDED" };

function toTenantRecord({ id, status, ...rest }: Row): TenantRecord {
  return { id: id as TenantId, isActive: status === "ACTIVE", ...rest };
}
