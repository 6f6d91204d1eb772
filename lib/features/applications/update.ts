import { updateApplication as writeApplication } from "#lib/data/applications.ts";
import { defineMutation } from "../verb.ts";
import { EditApplicationInput, type ApplicationView } from "./contract.ts";
import { refuseDuplicate } from "./create.ts";
import { requireOwnApplication } from "./own.ts";
import { toApplicationView } from "./views.ts";

/** Changes the name and description. @throws {AppError} `application.not_found`, `application.conflict` */
export const updateApplication = defineMutation({
  action: "application.update",
  permission: "application:write",
  input: EditApplicationInput,
  async run(ctx, { id, ...values }): Promise<ApplicationView> {
    const before = await requireOwnApplication(ctx, id);
    const after = await writeApplication(ctx, before.id, values).catch(refuseDuplicate);
    ctx.audit({
      subject: { type: "application", id: after.id, name: after.name },
      before: { name: before.name, description: before.description },
      after: values,
    });
    return toApplicationView(after);
  },
});
