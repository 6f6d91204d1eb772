import { findApi, replaceApi } from "#lib/data/apis.ts";
import { AppError, fieldError } from "#lib/foundation/errors.ts";
import type { ApiId } from "#lib/foundation/ids.ts";
import { requestNarrowingOfApi } from "../key-mappings/narrow-scopes.ts";
import { requestMirroring } from "../scope-mirrors/request.ts";
import { defineMutation } from "../verb.ts";
import { checkChoices, refuseDuplicate } from "./choices.ts";
import { EditApiInput, kindLabels, type ApiView } from "./contract.ts";
import { toApiView } from "./views.ts";

/**
 * Saves an edited API.
 *
 * @throws {AppError} `api.not_found`, `revision.conflict`, `api.conflict`, `input.invalid`
 */
export const updateApi = defineMutation({
  action: "api.update",
  permission: "api:write",
  input: EditApiInput,
  async run(ctx, { id: rawId, revision, ...input }): Promise<ApiView> {
    const id = rawId as ApiId;
    const before = await findApi(ctx, id);
    if (!before) throw new AppError("api.not_found");
    if (input.kind !== before.kind) {
      throw fieldError("kind", `This is a ${kindLabels[before.kind]} API and stays one. Add another API instead.`);
    }
    const choices = await checkChoices(ctx, input, before);
    const { subscriberTenants: _addresses, ...fields } = input;
    const saved = await replaceApi(ctx, id, revision, { ...fields, ...choices }).catch(refuseDuplicate);
    if (!saved) throw new AppError("revision.conflict");
    const after = await findApi(ctx, id);
    if (!after) throw new AppError("api.not_found");
    await requestMirroring(ctx);
    await requestNarrowingOfApi(ctx, id);
    ctx.audit({
      subject: { type: "api", id, name: `${after.name} ${after.version}` },
      before: toApiView(before),
      after: toApiView(after),
    });
    return toApiView(after);
  },
});
