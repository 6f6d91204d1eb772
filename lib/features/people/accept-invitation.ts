/** Accepting an invitation: as somebody new, or as the person who is signed in. */
import { insertAuditEvent } from "#lib/data/audit.ts";
import { isUniqueViolation, type InstallationContext } from "#lib/data/database.ts";
import { acceptInvitationOnce, findOpenInvitation, type OpenInvitation } from "#lib/data/invitations.ts";
import { findMembershipOf, insertMembership } from "#lib/data/memberships.ts";
import { findPerson, findPersonByEmail, insertPerson } from "#lib/data/people.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { tokenDigest, type PersonId, type TenantId } from "#lib/foundation/ids.ts";
import type { InstallationCaller } from "../context.ts";
import { requireGoodPassword } from "../identity/password-policy.ts";
import { hashPassword } from "../identity/passwords.ts";
import { parseInput } from "../verb.ts";
import { AcceptInvitationInput, type OpenInvitationView } from "./contract.ts";

type Caller = Pick<InstallationCaller, "deps" | "requestId">;

/** What the page of an invitation shows. Looking uses nothing up. Null where the link does not work (any more). */
export async function readInvitation({ deps }: Caller, token: string): Promise<OpenInvitationView | null> {
  return deps.database.inInstallation(async (ctx) => {
    const invitation = await findOpenInvitation(ctx, tokenDigest(token), deps.clock.now());
    if (!invitation) return null;
    const { email, roles, tenant } = invitation;
    return { email, roles, tenant, hasAccount: (await findPersonByEmail(ctx, email)) !== null };
  });
}

export type Joined = { personId: PersonId; tenantId: TenantId };

/**
 * Accepts as somebody new: makes the person with the invitation's address, and the membership.
 *
 * @throws {AppError} `auth.link_invalid`; `input.invalid`; `person.has_account` where the address has one, whose
 *   owner has to sign in to accept
 */
export async function acceptAsNewPerson(caller: Caller, input: AcceptInvitationInput): Promise<Joined> {
  const { token, name, password } = parseInput(AcceptInvitationInput, input);
  const view = await readInvitation(caller, token);
  if (!view) throw new AppError("auth.link_invalid");
  if (view.hasAccount) throw new AppError("person.has_account");
  requireGoodPassword(password, { email: view.email, name });
  const passwordHash = await hashPassword(password);
  return caller.deps.database
    .inInstallation(async (ctx) => {
      const invitation = await claim(ctx, caller, token);
      const person = await insertPerson(ctx, { email: invitation.email, name, passwordHash });
      return join(ctx, caller, { invitation, person });
    })
    .catch((error: unknown) => {
      throw isUniqueViolation(error) ? new AppError("person.has_account") : error;
    });
}

/**
 * Accepts as a person who is known already, whatever their address: holding the link is the invitation.
 *
 * @throws {AppError} `auth.link_invalid`; `person.conflict` where they are a member already
 */
export async function acceptAsPerson(
  caller: Caller,
  { token, personId }: { token: string; personId: PersonId },
): Promise<Joined> {
  return caller.deps.database.inInstallation(async (ctx) => {
    const invitation = await claim(ctx, caller, token);
    const person = await findPerson(ctx, personId);
    if (!person?.isActive) throw new AppError("auth.required");
    return join(ctx, caller, { invitation, person });
  });
}

/** Finds the invitation and uses it up, in the transaction that makes the membership. */
export async function claim(ctx: InstallationContext, { deps }: Caller, token: string): Promise<OpenInvitation> {
  const now = deps.clock.now();
  const invitation = await findOpenInvitation(ctx, tokenDigest(token), now);
  if (!invitation || !(await acceptInvitationOnce(ctx, invitation.id, now))) throw new AppError("auth.link_invalid");
  return invitation;
}

type Joining = {
  invitation: OpenInvitation;
  person: { id: PersonId; name: string; email: string };
  /** The name of the identity provider by which they came. */
  through?: string;
};

/**
 * Makes the membership of a claimed invitation, audited in its tenant.
 *
 * @throws {AppError} `person.conflict` where they are a member already, disabled or not
 */
export async function join(
  ctx: InstallationContext,
  caller: Caller,
  { invitation, person, through }: Joining,
): Promise<Joined> {
  const { tenant, roles } = invitation;
  if (await findMembershipOf(ctx, { tenantId: tenant.id, personId: person.id })) throw new AppError("person.conflict");
  await insertMembership(ctx, { tenantId: tenant.id, personId: person.id, roles }).catch((error: unknown) => {
    // They have just joined by another invitation.
    throw isUniqueViolation(error) ? new AppError("person.conflict", { cause: error }) : error;
  });
  // The installation's transaction sees every tenant; the row names the one it belongs to.
  await insertAuditEvent(
    { ...ctx, tenantId: tenant.id },
    {
      actorId: person.id,
      actorName: person.name,
      action: "invitation.accept",
      subjectType: "person",
      subjectId: person.id,
      subjectName: person.name,
      after: { email: person.email, roles, ...(through ? { identityProvider: through } : {}) },
      requestId: caller.requestId,
    },
  );
  return { personId: person.id, tenantId: tenant.id };
}
