import { findApi, listApis as readApis, type ApiRecord } from "#lib/data/apis.ts";
import { readCursor, type Page } from "#lib/data/paging.ts";
import { listApplicationAccess, type ApplicationAccess } from "#lib/data/subscriptions.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { ApiId } from "#lib/foundation/ids.ts";
import { actorId } from "../context.ts";
import { defineQuery } from "../verb.ts";
import { ApiRef, ListApisInput, type ApiAccessView, type ApiSummaryView, type PublishedApiView } from "./contract.ts";
import { toApiSummaryView, toApiView } from "./views.ts";

/** A developer with more applications than this sees the newest ones on an API's page. */
const shownApplications = 100;

/** A page of the published APIs, newest first. */
export const browseApis = defineQuery({
  action: "api.browse",
  permission: "api:browse",
  input: ListApisInput.omit({ status: true }),
  async run(ctx, { search, cursor, limit }): Promise<Page<ApiSummaryView>> {
    const after = readCursor(cursor);
    const page = await readApis(ctx, { ...(search ? { search } : {}), status: "PUBLISHED", after, limit });
    return { ...page, items: page.items.map(toApiSummaryView) };
  },
});

/**
 * A published API, and which of the caller's keys open it.
 *
 * @throws {AppError} `api.not_found`, also for an API that is not published
 */
export const getPublishedApi = defineQuery({
  action: "api.get_published",
  permission: "api:browse",
  input: ApiRef,
  async run(ctx, { id }): Promise<{ api: PublishedApiView; access: ApiAccessView[] }> {
    const api = await findApi(ctx, id as ApiId);
    if (api?.status !== "PUBLISHED") throw new AppError("api.not_found");
    const ownerId = actorId(ctx.actor);
    const applications = ownerId
      ? await listApplicationAccess(ctx, { ownerId, apiId: api.id, limit: shownApplications })
      : [];
    const { revision, audiences, ...published } = toApiView(api);
    return { api: published, access: applications.map((application) => toAccessView(api, application)) };
  },
});

function toAccessView(api: ApiRecord, { id, name, subscription, keys }: ApplicationAccess): ApiAccessView {
  return {
    applicationId: id,
    applicationName: name,
    subscription,
    keys: keys.map((key) => {
      const reason = whyClosed(api, key);
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

function whyClosed(api: ApiRecord, { state, keyManager }: ApplicationAccess["keys"][number]): string | null {
  if (!keyManager.enabled) return `${keyManager.displayName} is disabled.`;
  if (!api.acceptAllKeyManagers && !api.keyManagers.some(({ id }) => id === keyManager.id)) {
    return `The API does not accept ${keyManager.displayName}.`;
  }
  return state === "ACTIVE" ? null : "The keys are not active.";
}
