import { findApi, listApis as readApis } from "#lib/data/apis.ts";
import { readCursor, type Page } from "#lib/data/paging.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { ApiId } from "#lib/foundation/ids.ts";
import { defineQuery } from "../verb.ts";
import { ApiRef, ListApisInput, type ApiSummaryView, type ApiView } from "./contract.ts";
import { toApiSummaryView, toApiView } from "./views.ts";

/** A page of the tenant's APIs in every state, newest first. */
export const listApis = defineQuery({
  action: "api.list",
  permission: "api:read",
  input: ListApisInput,
  async run(ctx, { search, status, cursor, limit }): Promise<Page<ApiSummaryView>> {
    const page = await readApis(ctx, {
      ...(search ? { search } : {}),
      ...(status ? { status } : {}),
      after: readCursor(cursor),
      limit,
    });
    return { ...page, items: page.items.map(toApiSummaryView) };
  },
});

/** One API in full. @throws {AppError} `api.not_found` */
export const getApi = defineQuery({
  action: "api.get",
  permission: "api:read",
  input: ApiRef,
  async run(ctx, { id }): Promise<ApiView> {
    const api = await findApi(ctx, id as ApiId);
    if (!api) throw new AppError("api.not_found");
    return toApiView(api);
  },
});
