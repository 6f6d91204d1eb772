import { hasMemberWithEmail } from "#lib/data/memberships.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { defineMutation } from "../verb.ts";
import { InviteInput } from "./contract.ts";
import { issueInvitation } from "./invitations.ts";

/** Invites somebody into the tenant. @throws {AppError} `person.conflict` where they are a member already */
export const invitePerson = defineMutation({
  action: "person.invite",
  permission: "people:write",
  input: InviteInput,
  async run(ctx, input) {
    if (await hasMemberWithEmail(ctx, input.email)) {
      throw new AppError("person.conflict", {
        fields: [{ path: "email", message: "Somebody with this address belongs to the tenant already." }],
      });
    }
    return issueInvitation(ctx, input);
  },
});
