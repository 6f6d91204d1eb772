/** The clients of an application, with every tenant whose gateways take their tokens. */
import type { ApplicationId, KeyManagerId, KeyMappingId, PersonId, TenantId } from "../foundation/ids.ts";
import { installationDb, type InstallationContext } from "./database.ts";

/** A client at a key manager of a tenant: the application's own, or that of one whose APIs it calls. */
export type RevocableClient = {
  tenantId: TenantId;
  keyManagerId: KeyManagerId;
  connectorId: string;
  keyManagerName: string;
  keyType: "PRODUCTION" | "SANDBOX";
  consumerKey: string;
};

export type RevocableApplication = { id: ApplicationId; name: string; clients: RevocableClient[] };

/** Whose clients are looked for: those of an application, or the one of some keys. */
export type RevocableQuery = { applicationId: ApplicationId } | { keyMappingId: KeyMappingId };

const keyManagerColumns = { id: true, connectorId: true, displayName: true, globalKeyManagerId: true } as const;

/**
 * Finds an application of a tenant with the clients that have a consumer key. A client of a global key manager also
 * opens APIs of the tenants that the application is subscribed to: it stands here once for each of them.
 *
 * @param owner whose it must be; null where anybody's will do
 * @returns null where there is none
 */
export async function findRevocableApplication(
  ctx: InstallationContext,
  { tenantId, owner, of }: { tenantId: TenantId; owner: PersonId | null; of: RevocableQuery },
): Promise<RevocableApplication | null> {
  const db = installationDb(ctx);
  const keys = "keyMappingId" in of ? { id: of.keyMappingId } : {};
  const application = await db.application.findFirst({
    where: {
      tenantId,
      ...(owner === null ? {} : { ownerId: owner }),
      ...("keyMappingId" in of ? { keyMappings: { some: keys } } : { id: of.applicationId }),
    },
    select: {
      id: true,
      name: true,
      keyMappings: {
        where: { ...keys, consumerKey: { not: null } },
        select: { consumerKey: true, keyType: true, keyManager: { select: keyManagerColumns } },
        orderBy: { id: "asc" },
      },
    },
  });
  if (!application) return null;
  const elsewhere = await findElsewhere(ctx, {
    subscriberTenantId: tenantId,
    applicationId: application.id as ApplicationId,
    globalKeyManagerIds: application.keyMappings.flatMap(({ keyManager }) => keyManager.globalKeyManagerId ?? []),
  });
  const clients = application.keyMappings.flatMap(({ consumerKey, keyType, keyManager }) => {
    const { globalKeyManagerId } = keyManager;
    const copies = elsewhere.filter((copy) => copy.globalKeyManagerId === globalKeyManagerId);
    return [{ ...keyManager, tenantId }, ...copies].map((place) => ({
      tenantId: place.tenantId as TenantId,
      keyManagerId: place.id as KeyManagerId,
      connectorId: place.connectorId,
      keyManagerName: place.displayName,
      keyType,
      consumerKey: consumerKey ?? "",
    }));
  });
  return { id: application.id as ApplicationId, name: application.name, clients };
}

async function findElsewhere(
  ctx: InstallationContext,
  {
    globalKeyManagerIds,
    ...subscriber
  }: { subscriberTenantId: TenantId; applicationId: ApplicationId; globalKeyManagerIds: string[] },
) {
  if (globalKeyManagerIds.length === 0) return [];
  const db = installationDb(ctx);
  const subscriptions = await db.crossTenantSubscription.findMany({
    where: subscriber,
    select: { tenantId: true },
    distinct: ["tenantId"],
  });
  return db.keyManager.findMany({
    where: {
      tenantId: { in: subscriptions.map((subscription) => subscription.tenantId) },
      globalKeyManagerId: { in: globalKeyManagerIds },
    },
    select: { ...keyManagerColumns, tenantId: true },
  });
}
