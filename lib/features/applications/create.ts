import { insertApplication } from "#lib/data/applications.ts";
import { isUniqueViolation } from "#lib/data/database.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { defineMutation } from "../verb.ts";
import { ApplicationInput, type ApplicationView } from "./contract.ts";
import { requirePerson } from "./own.ts";
import { toApplicationView } from "./views.ts";

/** Makes an application of the caller's own. @throws {AppError} `application.conflict` where they have the name */
export const createApplication = defineMutation({
  action: "application.create",
  permission: "application:write",
  input: ApplicationInput,
  async run(ctx, input): Promise<ApplicationView> {
    const { personId, name } = requirePerson(ctx.actor);
    const application = await insertApplication(ctx, { ...input, ownerId: personId, ownerName: name }).catch(
      refuseDuplicate,
    );
    ctx.audit({ subject: { type: "application", id: application.id, name: application.name }, after: input });
    return toApplicationView(application);
  },
});

/** Turns the database's word on a taken name into a refusal at the field. */
export function refuseDuplicate(error: unknown): never {
  if (!isUniqueViolation(error)) throw error;
  throw new AppError("application.conflict", {
    fields: [{ path: "name", message: "You have an application with this name already. Choose a different one." }],
    cause: error,
  });
}
