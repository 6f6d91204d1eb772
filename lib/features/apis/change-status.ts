import { z } from "zod";
import { findApi, setApiStatus, type ApiStatus } from "#lib/data/apis.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { ApiId } from "#lib/foundation/ids.ts";
import { defineMutation, type MutationContext } from "../verb.ts";
import { ApiRef } from "./contract.ts";

const next: Record<"publish" | "unpublish" | "retire", { from: ApiStatus[]; to: ApiStatus }> = {
  publish: { from: ["CREATED", "RETIRED"], to: "PUBLISHED" },
  unpublish: { from: ["PUBLISHED"], to: "CREATED" },
  retire: { from: ["PUBLISHED", "CREATED"], to: "RETIRED" },
};

/**
 * Publishes, withdraws or retires an API. Only a published API lets calls in.
 * An API that demands subscriptions needs a plan before it is published.
 *
 * @throws {AppError} `api.not_found`, `api.invalid_state`, `input.invalid` at planIds
 */
export const changeApiStatus = defineMutation({
  action: "api.change_status",
  permission: "api:write",
  input: ApiRef.extend({ change: z.enum(["publish", "unpublish", "retire"]) }),
  run: (ctx, { id, change }) => move(ctx, id as ApiId, change),
});

async function move(
  ctx: MutationContext,
  id: ApiId,
  change: keyof typeof next,
): Promise<{ id: string; status: ApiStatus }> {
  const api = await findApi(ctx, id);
  if (!api) throw new AppError("api.not_found");
  const { from, to } = next[change];
  if (!from.includes(api.status)) throw new AppError("api.invalid_state");
  if (to === "PUBLISHED" && api.subscriptionValidation && api.plans.length === 0) {
    const message = "Choose at least one plan, or switch subscription validation off, before you publish.";
    throw new AppError("api.invalid_state", { message, fields: [{ path: "planIds", message }] });
  }
  await setApiStatus(ctx, id, to);
  ctx.audit({
    subject: { type: "api", id, name: `${api.name} ${api.version}` },
    before: { status: api.status },
    after: { status: to },
  });
  return { id, status: to };
}
