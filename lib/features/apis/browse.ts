import { findApi, listApis as readApis, type ApiRecord } from "#lib/data/apis.ts";
import { findOwnSubscriptions } from "#lib/data/cross-tenant-subscriptions.ts";
import { readCursor, toPage, type Page } from "#lib/data/paging.ts";
import { findSharedApi, listSharedApis, newestFirst, type SharedApi } from "#lib/data/shared-apis.ts";
import { listApplicationAccess, type ApplicationAccess } from "#lib/data/subscriptions.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { ApiId } from "#lib/foundation/ids.ts";
import { actorId, type Context } from "../context.ts";
import { defineInquiry } from "../verb.ts";
import { ApiRef, ListApisInput, type ApiAccessView, type CatalogueApiView, type PublishedApiView } from "./contract.ts";
import { toApiView, toCatalogueView } from "./views.ts";

/** A developer with more applications than this sees the newest ones on an API's page. */
const shownApplications = 100;

/** A page of the published APIs, other tenants' that are open to this one included, newest first. */
export const browseApis = defineInquiry({
  action: "api.browse",
  permission: "api:browse",
  input: ListApisInput.omit({ status: true }),
  async run(ctx, { search, cursor, limit }): Promise<Page<CatalogueApiView>> {
    const { database } = ctx.deps;
    const query = { ...(search ? { search } : {}), after: readCursor(cursor) };
    const own = await database.inTenant(ctx.tenant.id, (tx) =>
      readApis(tx, { ...query, status: "PUBLISHED", limit: limit + 1 }),
    );
    const shared = await database.inInstallation((tx) =>
      listSharedApis(tx, ctx.tenant.id, { ...query, limit: limit + 1 }),
    );
    const merged = [...own.items.map((api) => ({ ...api, tenant: null })), ...shared].sort(newestFirst);
    return toPage(merged, limit, ({ tenant, ...api }) =>
      toCatalogueView(api, tenant && { name: tenant.name, slug: tenant.slug }),
    );
  },
});

type ReadApi = { api: PublishedApiView; access: ApiAccessView[] };

/**
 * A published API, the tenant's own or another's that is open to it, and which of the caller's keys open it.
 *
 * @throws {AppError} `api.not_found`, also for an API that is not published
 */
export const getPublishedApi = defineInquiry({
  action: "api.get_published",
  permission: "api:browse",
  input: ApiRef,
  run: async (ctx, { id }): Promise<ReadApi> => {
    const found = (await readOwn(ctx, id as ApiId)) ?? (await readShared(ctx, id as ApiId));
    if (!found) throw new AppError("api.not_found");
    return found;
  },
});

function readOwn(ctx: Context, id: ApiId): Promise<ReadApi | null> {
  const ownerId = actorId(ctx.actor);
  return ctx.deps.database.inTenant(ctx.tenant.id, async (tx) => {
    const api = await findApi(tx, id);
    if (api?.status !== "PUBLISHED") return null;
    const applications = ownerId
      ? await listApplicationAccess(tx, { ownerId, apiId: api.id, limit: shownApplications })
      : [];
    const { revision, audiences, subscriptionAvailability, subscriberTenants, ...published } = toApiView(api);
    return {
      api: { ...published, tenant: null },
      access: applications.map((application) => toAccessView(application, (key) => whyClosed(api, key))),
    };
  });
}

async function readShared(ctx: Context, id: ApiId): Promise<ReadApi | null> {
  const { database } = ctx.deps;
  const ownerId = actorId(ctx.actor);
  const found = await database.inInstallation(async (tx) => {
    const api = await findSharedApi(tx, ctx.tenant.id, id);
    if (!api || !ownerId) return api && { api, subscriptions: undefined };
    const own = { subscriberTenantId: ctx.tenant.id, ownerId, apiId: id };
    return { api, subscriptions: await findOwnSubscriptions(tx, own) };
  });
  if (!found) return null;
  const { api, subscriptions } = found;
  const applications = ownerId
    ? await database.inTenant(ctx.tenant.id, (tx) =>
        listApplicationAccess(tx, { ownerId, apiId: id, limit: shownApplications }),
      )
    : [];
  const { createdAt, tenant, keyManagers, ...published } = api;
  return {
    api: {
      ...published,
      createdAt: createdAt.toISOString(),
      tenant: { name: tenant.name, slug: tenant.slug },
      acceptAllKeyManagers: false,
      keyManagers: keyManagers.map(({ id: keyManagerId, displayName, enabled }) => ({
        ...{ id: keyManagerId, displayName, enabled },
      })),
    },
    access: applications.map((application) => {
      const held = subscriptions?.get(application.id);
      const subscription = held ? { id: held.id, state: held.state, planName: held.plan.name } : null;
      return toAccessView({ ...application, subscription }, (key) => whyClosedFromAfar(api, key));
    }),
  };
}

type Key = ApplicationAccess["keys"][number];

function toAccessView(
  { id, name, subscription, keys }: Omit<ApplicationAccess, "subscription"> & Pick<ApiAccessView, "subscription">,
  why: (key: Key) => string | null,
): ApiAccessView {
  return {
    applicationId: id,
    applicationName: name,
    subscription,
    keys: keys.map((key) => {
      const reason = why(key);
      return {
        keyMappingId: key.id,
        keyManagerName: key.keyManager.displayName,
        keyType: key.keyType,
        opens: reason === null,
        reason,
      };
    }),
  };
}

function whyClosed(api: ApiRecord, { state, keyManager }: Key): string | null {
  if (!keyManager.enabled) return `${keyManager.displayName} is disabled.`;
  if (!api.acceptAllKeyManagers && !api.keyManagers.some(({ id }) => id === keyManager.id)) {
    return `The API does not accept ${keyManager.displayName}.`;
  }
  return state === "ACTIVE" ? null : "The keys are not active.";
}

/** Another tenant's API knows of the key managers of this one only the global ones. */
function whyClosedFromAfar(api: SharedApi, { state, keyManager }: Key): string | null {
  const { displayName, globalKeyManagerId } = keyManager;
  if (globalKeyManagerId === null) {
    return `${displayName} is your tenant's own. APIs of other tenants take keys of global key managers.`;
  }
  if (!keyManager.enabled) return `${displayName} is disabled.`;
  if (!api.keyManagers.some((accepted) => accepted.globalKeyManagerId === globalKeyManagerId)) {
    return `The API does not accept ${displayName}.`;
  }
  return state === "ACTIVE" ? null : "The keys are not active.";
}
