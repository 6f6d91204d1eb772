import { revokeInvitation as takeBack } from "#lib/data/invitations.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { InvitationId } from "#lib/foundation/ids.ts";
import { defineMutation } from "../verb.ts";
import { InvitationRef } from "./contract.ts";

/** Takes an invitation back; its link stops working. @throws {AppError} `invitation.not_found` */
export const revokeInvitation = defineMutation({
  action: "invitation.revoke",
  permission: "people:write",
  input: InvitationRef,
  async run(ctx, { id }): Promise<void> {
    const invitation = await takeBack(ctx, id as InvitationId, ctx.deps.clock.now());
    if (!invitation) throw new AppError("invitation.not_found");
    const { email, roles } = invitation;
    ctx.audit({ subject: { type: "invitation", id, name: email }, before: { email, roles } });
  },
});
