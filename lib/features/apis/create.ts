import { findApi, insertApi } from "#lib/data/apis.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { actorId } from "../context.ts";
import { requestMirroring } from "../scope-mirrors/request.ts";
import { defineMutation } from "../verb.ts";
import { checkChoices, refuseDuplicate } from "./choices.ts";
import { ApiInput, type ApiView } from "./contract.ts";
import { toApiView } from "./views.ts";

/**
 * Adds an API; it is not published yet.
 *
 * @throws {AppError} `api.conflict`, and `input.invalid` for a choice that does not exist or is disabled
 */
export const createApi = defineMutation({
  action: "api.create",
  permission: "api:write",
  input: ApiInput,
  async run(ctx, input): Promise<ApiView> {
    const createdById = actorId(ctx.actor);
    if (!createdById) throw new AppError("auth.forbidden");
    const choices = await checkChoices(ctx, input, null);
    const { subscriberTenants: _addresses, ...fields } = input;
    const id = await insertApi(ctx, { ...fields, ...choices, status: "CREATED", createdById }).catch(refuseDuplicate);
    const api = await findApi(ctx, id);
    if (!api) throw new AppError("api.not_found");
    await requestMirroring(ctx);
    ctx.audit({ subject: { type: "api", id, name: `${api.name} ${api.version}` }, after: input });
    return toApiView(api);
  },
});
