import { lockApplication, updateApplicationOwner } from "#lib/data/applications.ts";
import { isUniqueViolation } from "#lib/data/database.ts";
import { findMembershipOfPerson } from "#lib/data/memberships.ts";
import { AppError, fieldError } from "#lib/foundation/errors.ts";
import type { ApplicationId, KeyManagerId, PersonId } from "#lib/foundation/ids.ts";
import { keyManagersThatFollow } from "../key-mappings/owners.ts";
import { requestOwnerChange } from "../key-mappings/tell-owner.ts";
import { defineMutation } from "../verb.ts";
import { mayOwn } from "./administer.ts";
import { ChangeOwnerInput, type OwnerChangeView } from "./contract.ts";

/**
 * Gives an application to another developer of the tenant, with its keys and subscriptions. The former owner loses it at
 * once. Only administrators may: choosing a person takes seeing who is there. Where clients belong to the owners of their
 * applications, key managers are told in the background.
 *
 * @throws {AppError} `application.not_found`, `revision.conflict` where somebody else gave it away meanwhile,
 *   `input.invalid` at ownerId for a person who cannot own it, `application.conflict` at ownerId where that one has an
 *   application of this name
 */
export const changeApplicationOwner = defineMutation({
  action: "application.change_owner",
  permission: "application:administer",
  input: ChangeOwnerInput,
  look: async (ctx): Promise<KeyManagerId[]> => (await keyManagersThatFollow(ctx)).map(({ id }) => id),
  async run(ctx, { id, from, ownerId }, keyManagerIds): Promise<OwnerChangeView> {
    const before = await lockApplication(ctx, id as ApplicationId);
    if (!before) throw new AppError("application.not_found");
    if (before.ownerId !== from) {
      throw new AppError("revision.conflict", {
        message: `${before.ownerName} owns ${before.name} by now. Reload the page before you give it to somebody else.`,
      });
    }
    const chosen = await findMembershipOfPerson(ctx, ownerId as PersonId);
    if (!chosen) throw fieldError("ownerId", "There is no such person here. Choose somebody of this tenant.");
    const { personId, name } = chosen;
    if (personId === before.ownerId) {
      throw fieldError("ownerId", `${name} owns this application already. Choose somebody else.`);
    }
    if (!mayOwn(chosen)) {
      throw fieldError("ownerId", `${name} is disabled or lacks the role developer. Choose an active developer.`);
    }
    const after = await updateApplicationOwner(ctx, before.id, { ownerId: personId, ownerName: name }).catch(
      (error: unknown) => {
        if (!isUniqueViolation(error)) throw error;
        const message = `${name} has an application named ${before.name} already. One of the two must be renamed first.`;
        throw new AppError("application.conflict", { message, fields: [{ path: "ownerId", message }], cause: error });
      },
    );
    const followingClients = await requestOwnerChange(ctx, { applicationId: before.id, keyManagerIds });
    ctx.audit({
      subject: { type: "application", id: after.id, name: after.name },
      before: { owner: before.ownerName, ownerId: before.ownerId },
      after: { owner: name, ownerId: personId },
    });
    return { name: after.name, ownerName: name, followingClients };
  },
});
