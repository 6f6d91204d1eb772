/** Links that sign one known person in once, to set a password: the first operator, demo people, forgotten passwords. */
import { insertAuditEvent } from "#lib/data/audit.ts";
import type { InstallationContext } from "#lib/data/database.ts";
import { isUniqueViolation } from "#lib/data/database.ts";
import { findOneTimeLink, replaceOneTimeLink, useOneTimeLink } from "#lib/data/one-time-links.ts";
import { findPerson, tenantsOf, updatePerson } from "#lib/data/people.ts";
import { revokeSessionsOf } from "#lib/data/sessions.ts";
import { AppError, fieldError } from "#lib/foundation/errors.ts";
import { installationHistory, randomToken, tokenDigest, type PersonId } from "#lib/foundation/ids.ts";
import type { Dependencies } from "../context.ts";
import { parseInput } from "../verb.ts";
import { LinkInput, type LinkView } from "./contract.ts";
import { requireGoodPassword } from "./password-policy.ts";
import { hashPassword } from "./passwords.ts";

/** The first operator has no address until the link is used; `.invalid` is reserved (RFC 2606 §2). */
export const firstOperatorEmail = "first-operator@latchkey.invalid";

export type IssuedLink = { url: string; expiresAt: Date };

/**
 * Makes a link for a person; older unused links of the same purpose stop working. Only a digest is stored, so
 * the address can be shown this once.
 */
export async function issueOneTimeLink(
  ctx: InstallationContext,
  { clock, origin }: Pick<Dependencies, "clock" | "origin">,
  link: { personId: PersonId; purpose: "FIRST_SIGN_IN" | "PASSWORD_RESET"; lifeSeconds: number },
): Promise<IssuedLink> {
  const { lifeSeconds, ...rest } = link;
  const token = randomToken();
  const expiresAt = new Date(clock.now().getTime() + lifeSeconds * 1000);
  await replaceOneTimeLink(ctx, { ...rest, tokenHash: tokenDigest(token), expiresAt });
  return { url: `${origin}/link/${token}`, expiresAt };
}

/** What the page of a link shows. Looking uses nothing up. Null where the link is used, expired or unknown. */
export async function readOneTimeLink(
  { database, clock }: Pick<Dependencies, "database" | "clock">,
  token: string,
): Promise<LinkView | null> {
  return database.inInstallation(async (ctx) => {
    const link = await findOneTimeLink(ctx, tokenDigest(token), clock.now());
    if (!link) return null;
    const person = await findPerson(ctx, link.personId);
    if (!person?.isActive) return null;
    const asksForEmail = person.email === firstOperatorEmail;
    return {
      name: asksForEmail ? "" : person.name,
      email: asksForEmail ? "" : person.email,
      asksForEmail,
      isReset: link.purpose === "PASSWORD_RESET",
      expiresAt: link.expiresAt.toISOString(),
    };
  });
}

/**
 * Uses a link: sets name and password, and ends every session that the person had. A refusal leaves the link
 * usable; of several callers at the same time one succeeds. The person's tenants learn of it, or the installation's
 * own history where there are none.
 *
 * @returns the person, who may now be signed in
 * @throws {AppError} `auth.link_invalid`, `input.invalid`
 */
export async function acceptOneTimeLink(
  { database, clock }: Pick<Dependencies, "database" | "clock">,
  input: LinkInput,
  requestId: string,
): Promise<PersonId> {
  const { token, name, email, password } = parseInput(LinkInput, input);
  const view = await readOneTimeLink({ database, clock }, token);
  if (!view) throw new AppError("auth.link_invalid");
  if (view.asksForEmail && email === undefined) throw fieldError("email", "Enter your e-mail address.");
  const address = view.asksForEmail && email !== undefined ? email : view.email;
  requireGoodPassword(password, { email: address, name });
  const passwordHash = await hashPassword(password);
  const now = clock.now();
  return database
    .inInstallation(async (ctx) => {
      const tokenHash = tokenDigest(token);
      const link = await findOneTimeLink(ctx, tokenHash, now);
      if (!link || !(await useOneTimeLink(ctx, tokenHash, now))) throw new AppError("auth.link_invalid");
      const before = await findPerson(ctx, link.personId);
      if (!before) throw new AppError("auth.link_invalid");
      await updatePerson(ctx, link.personId, { name, email: address, passwordHash });
      await revokeSessionsOf(ctx, { personId: link.personId, now });
      const after = { name, email: address };
      const change = { before: { name: before.name, email: before.email }, after };
      await noteUse(ctx, { ...uses[link.purpose], person: { id: link.personId, name }, change, requestId });
      return link.personId;
    })
    .catch((error: unknown) => {
      if (!isUniqueViolation(error)) throw error;
      throw fieldError("email", "Somebody else has this e-mail address already.");
    });
}

/**
 * Uses a link to sign in without setting anything. The first operator cannot: nobody could sign in after. Nor
 * can whoever forgot their password, for the same reason. The link is used up, which the person's tenants learn of, or
 * the installation's own history where there are none.
 *
 * @returns the person, who may now be signed in
 * @throws {AppError} `auth.link_invalid`
 */
export async function proceedWithOneTimeLink(
  { database, clock }: Pick<Dependencies, "database" | "clock">,
  token: string,
  requestId: string,
): Promise<PersonId> {
  const view = await readOneTimeLink({ database, clock }, token);
  if (!view || view.asksForEmail || view.isReset) throw new AppError("auth.link_invalid");
  return database.inInstallation(async (ctx) => {
    const [tokenHash, now] = [tokenDigest(token), clock.now()];
    const link = await findOneTimeLink(ctx, tokenHash, now);
    if (!link || !(await useOneTimeLink(ctx, tokenHash, now))) throw new AppError("auth.link_invalid");
    const person = await findPerson(ctx, link.personId);
    if (!person) throw new AppError("auth.link_invalid");
    await noteUse(ctx, { action: "person.sign_in_by_link", person, requestId });
    return link.personId;
  });
}

/** What the use of a link that set name and password is called in the audit. */
const uses = {
  FIRST_SIGN_IN: { action: "person.set_up" },
  PASSWORD_RESET: { action: "person.use_password_link" },
} as const;

type Facts = { name: string; email: string };
type Use = {
  action: string;
  /** With the name that they have now. */
  person: { id: PersonId; name: string };
  /** Who the person was and is, where the link set that. */
  change?: { before: Facts; after: Facts };
  requestId: string;
};

/** Writes the use of a link, without the password and the link, into every history that it concerns. */
async function noteUse(ctx: InstallationContext, { action, person, change, requestId }: Use): Promise<void> {
  const { id, name } = person;
  const tenants = await tenantsOf(ctx, id);
  for (const tenantId of tenants.length > 0 ? tenants : [installationHistory]) {
    await insertAuditEvent(
      { ...ctx, tenantId },
      {
        actorId: id,
        actorName: name,
        action,
        subjectType: "person",
        subjectId: id,
        subjectName: name,
        ...change,
        requestId,
      },
    );
  }
}
