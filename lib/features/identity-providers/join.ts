/** Accepting an invitation by signing in at an identity provider of its tenant. */
import { findFederatedPerson, insertFederatedIdentity } from "#lib/data/federated-identities.ts";
import { findPerson, findPersonByEmail, insertPerson } from "#lib/data/people.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { OpenIdClaims } from "#lib/protocol/authorization-code.ts";
import type { InstallationCaller } from "../context.ts";
import { claim, join, readInvitation } from "../people/accept-invitation.ts";
import { againAfterRace, identityOf, nameOf, type Entered, type SignInProvider } from "./sign-in.ts";

type Caller = Pick<InstallationCaller, "deps" | "requestId">;

/**
 * Whether somebody may set out to accept an invitation at a provider. Looking uses nothing up.
 *
 * @throws {AppError} `auth.link_invalid` where the invitation does not work (any more) or is another tenant's
 */
export async function requireInvitationFor(caller: Caller, provider: SignInProvider, token: string): Promise<void> {
  const invitation = await readInvitation(caller, token);
  if (invitation?.tenant.id !== provider.tenant.id) throw new AppError("auth.link_invalid");
}

/**
 * Accepts an invitation as whoever signed in at the provider, with the invitation's roles: the provider's first
 * roles play no part. As with a password, holding the link is the invitation, and somebody new gets the address
 * that the invitation names; what address the provider names decides nothing. A refusal leaves the invitation open.
 *
 * @throws {AppError} `auth.link_invalid`; `person.has_account` where the invitation's address is another person's, who
 *   has to sign in to accept; `person.conflict` where the identity's person is a member already; `auth.forbidden`
 *   where they are disabled
 */
export async function joinThrough(
  caller: Caller,
  provider: SignInProvider,
  { claims, token }: { claims: OpenIdClaims; token: string },
): Promise<Entered> {
  const identity = identityOf(provider, claims);
  const through = provider.name;
  const attempt = () =>
    caller.deps.database.inInstallation(async (ctx) => {
      const invitation = await claim(ctx, caller, token);
      if (invitation.tenant.id !== provider.tenant.id) throw new AppError("auth.link_invalid");
      const known = await findFederatedPerson(ctx, identity);
      if (known) {
        const person = await findPerson(ctx, known);
        if (!person?.isActive) throw new AppError("auth.forbidden");
        return join(ctx, caller, { invitation, person, through });
      }
      if (await findPersonByEmail(ctx, invitation.email)) throw new AppError("person.has_account");
      const person = await insertPerson(ctx, { email: invitation.email, name: nameOf(claims) });
      await insertFederatedIdentity(ctx, { ...identity, personId: person.id });
      return join(ctx, caller, { invitation, person, through });
    });
  return againAfterRace(attempt);
}
