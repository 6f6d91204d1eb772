/** What the built-in authorization server must know of a tenant, its people and its APIs. */
import { installationDb, tenantDb, type InstallationContext, type TenantContext } from "./database.ts";
import { parseId, type PersonId, type TenantId } from "../foundation/ids.ts";

export type IssuerRecord = {
  tenantId: TenantId;
  slug: string;
  name: string;
  /** False for a suspended tenant. */
  active: boolean;
  /** False where the administrator disabled the tenant's own key manager. */
  issuing: boolean;
};

const columns = (connectorIds: readonly string[]) => ({
  id: true,
  slug: true,
  name: true,
  status: true,
  keyManagers: {
    where: { connectorId: { in: [...connectorIds] }, enabled: false },
    select: { id: true },
    take: 1,
  },
});

/**
 * The tenant behind an issuer.
 *
 * @param by the tenant's address or its id
 * @param connectorIds connectors whose key managers stand for the tenant's own authorization server
 */
export async function findIssuer(
  ctx: InstallationContext,
  by: { slug: string } | { tenantId: TenantId },
  connectorIds: readonly string[],
): Promise<IssuerRecord | null> {
  const row = await installationDb(ctx).tenant.findUnique({
    where: "slug" in by ? { slug: by.slug } : { id: by.tenantId },
    select: columns(connectorIds),
  });
  if (!row) return null;
  return {
    tenantId: row.id as TenantId,
    slug: row.slug,
    name: row.name,
    active: row.status === "ACTIVE",
    issuing: row.keyManagers.length === 0,
  };
}

export type OfferedScope = { name: string; description: string; apiName: string };

/** Every scope of the tenant's APIs; a name may occur in several. At most 5000. */
export async function listOfferedScopes(ctx: TenantContext): Promise<OfferedScope[]> {
  const rows = await tenantDb(ctx).apiScope.findMany({
    select: { name: true, description: true, api: { select: { name: true } } },
    orderBy: [{ name: "asc" }, { id: "asc" }],
    take: 5000,
  });
  return rows.map(({ name, description, api }) => ({ name, description, apiName: api.name }));
}

/** Audiences that the tenant's APIs ask for. */
export async function listOfferedAudiences(ctx: TenantContext): Promise<string[]> {
  const rows = await tenantDb(ctx).api.findMany({
    where: { NOT: { audiences: { isEmpty: true } } },
    select: { audiences: true },
    take: 5000,
  });
  return [...new Set(rows.flatMap(({ audiences }) => audiences))];
}

/**
 * Whether the tenant's administrator wants application scopes at the tenant's own authorization server.
 *
 * @param connectorIds connectors whose key managers stand for it
 */
export async function limitsApplications(ctx: TenantContext, connectorIds: readonly string[]): Promise<boolean> {
  const row = await tenantDb(ctx).keyManager.findFirst({
    where: { connectorId: { in: [...connectorIds] }, applicationScopes: true },
    select: { id: true },
  });
  return row !== null;
}

export type AccountRecord = { personId: PersonId; name: string; email: string };

/** A person who may sign in to applications of this tenant: active, with an active membership. */
export async function findAccount(ctx: TenantContext, accountId: string): Promise<AccountRecord | null> {
  const personId = parseId<PersonId>(accountId);
  if (!personId) return null;
  const row = await tenantDb(ctx).membership.findUnique({
    where: { tenantId_personId: { tenantId: ctx.tenantId, personId } },
    select: { status: true, person: { select: { name: true, email: true, status: true } } },
  });
  if (row?.status !== "ACTIVE" || row.person.status !== "ACTIVE") return null;
  return { personId, name: row.person.name, email: row.person.email };
}
