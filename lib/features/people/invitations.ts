/** Invitations: a link, shown once, with which one person joins a tenant. */
import { replaceInvitation } from "#lib/data/invitations.ts";
import { randomToken, tokenDigest } from "#lib/foundation/ids.ts";
import { actorId } from "../context.ts";
import type { Role } from "../permissions.ts";
import type { MutationContext } from "../verb.ts";
import type { IssuedInvitationView } from "./contract.ts";

const lifeSeconds = 7 * 24 * 60 * 60;

/** Makes an invitation, audited; an older open one for the same address stops working. */
export async function issueInvitation(
  ctx: MutationContext,
  { email, roles }: { email: string; roles: Role[] },
): Promise<IssuedInvitationView> {
  const token = randomToken();
  const now = ctx.deps.clock.now();
  const invitation = await replaceInvitation(ctx, {
    email,
    roles,
    tokenHash: tokenDigest(token),
    invitedById: actorId(ctx.actor),
    expiresAt: new Date(now.getTime() + lifeSeconds * 1000),
    now,
  });
  ctx.audit({ subject: { type: "invitation", id: invitation.id, name: email }, after: { email, roles } });
  return { ...toInvitationView(invitation), url: `${ctx.deps.origin}/invitation/${token}` };
}

type Dated = { id: string; email: string; roles: Role[]; createdAt: Date; expiresAt: Date };

export function toInvitationView({ id, email, roles, createdAt, expiresAt }: Dated) {
  return { id, email, roles, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() };
}
