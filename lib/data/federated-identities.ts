/** Who people are at the identity providers of their tenants: keyed by provider and subject, never by an address. */
import { newId, type IdentityProviderId, type PersonId, type TenantId } from "../foundation/ids.ts";
import { installationDb, type InstallationContext } from "./database.ts";

export type Identity = { tenantId: TenantId; identityProviderId: IdentityProviderId; subject: string };

/** Whose identity this is; null where nobody has it. */
export async function findFederatedPerson(ctx: InstallationContext, identity: Identity): Promise<PersonId | null> {
  const row = await installationDb(ctx).federatedIdentity.findUnique({
    where: { tenantId_identityProviderId_subject: identity },
    select: { personId: true },
  });
  return row && (row.personId as PersonId);
}

/** Gives an identity to a person. Fails on one that somebody has already (isUniqueViolation). */
export async function insertFederatedIdentity(
  ctx: InstallationContext,
  identity: Identity & { personId: PersonId },
): Promise<void> {
  await installationDb(ctx).federatedIdentity.create({ data: { id: newId(), ...identity }, select: { id: true } });
}

/** An identity as its owner sees it. */
export type OwnIdentityRecord = {
  id: string;
  provider: { id: IdentityProviderId; name: string };
  tenant: { id: TenantId; name: string };
  createdAt: Date;
  /** Whether it signs its owner in today: the provider is enabled, its tenant active, and so is their membership. */
  opens: boolean;
};

/** Every identity of a person, the oldest first. */
export async function listIdentitiesOf(ctx: InstallationContext, personId: PersonId): Promise<OwnIdentityRecord[]> {
  const active = { where: { personId, status: "ACTIVE" as const }, select: { id: true } };
  const rows = await installationDb(ctx).federatedIdentity.findMany({
    where: { personId },
    select: {
      id: true,
      createdAt: true,
      identityProvider: {
        select: {
          id: true,
          name: true,
          enabled: true,
          tenant: { select: { id: true, name: true, status: true, memberships: active } },
        },
      },
    },
    orderBy: { id: "asc" },
    take: 100,
  });
  return rows.map(({ id, createdAt, identityProvider: { tenant, ...provider } }) => ({
    id,
    createdAt,
    provider: { id: provider.id as IdentityProviderId, name: provider.name },
    tenant: { id: tenant.id as TenantId, name: tenant.name },
    opens: provider.enabled && tenant.status === "ACTIVE" && tenant.memberships.length > 0,
  }));
}

/** Takes an identity away from its person. */
export async function deleteFederatedIdentity(ctx: InstallationContext, id: string): Promise<void> {
  await installationDb(ctx).federatedIdentity.delete({ where: { id }, select: { id: true } });
}
