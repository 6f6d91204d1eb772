import { deleteApi as removeApi, findApi } from "#lib/data/apis.ts";
import { isForeignKeyViolation } from "#lib/data/database.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { ApiId } from "#lib/foundation/ids.ts";
import { requestMirroring } from "../scope-mirrors/request.ts";
import { defineMutation } from "../verb.ts";
import { ApiRef } from "./contract.ts";
import { toApiView } from "./views.ts";

/** Deletes an API to which nobody is subscribed. @throws {AppError} `api.not_found`, `api.in_use` */
export const deleteApi = defineMutation({
  action: "api.delete",
  permission: "api:write",
  input: ApiRef,
  async run(ctx, input): Promise<{ id: string }> {
    const id = input.id as ApiId;
    const api = await findApi(ctx, id);
    if (!api) throw new AppError("api.not_found");
    await removeApi(ctx, id).catch((error: unknown) => {
      throw isForeignKeyViolation(error) ? new AppError("api.in_use", { cause: error }) : error;
    });
    await requestMirroring(ctx);
    ctx.audit({ subject: { type: "api", id, name: `${api.name} ${api.version}` }, before: toApiView(api) });
    return { id };
  },
});
