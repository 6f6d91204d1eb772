/** Forgotten passwords: a one-time link, handed over by hand, with which somebody sets a new password. */
import { insertAuditEvent } from "#lib/data/audit.ts";
import type { InstallationContext } from "#lib/data/database.ts";
import { findMembershipById } from "#lib/data/memberships.ts";
import { findPerson, findPersonByEmail, tenantsOf, type PersonRecord } from "#lib/data/people.ts";
import { AppError, fieldError } from "#lib/foundation/errors.ts";
import type { MembershipId } from "#lib/foundation/ids.ts";
import { actorId, type Context } from "../context.ts";
import { issueOneTimeLink } from "../identity/one-time-links.ts";
import { defineOperatorVerb, parseInput, requirePermission } from "../verb.ts";
import { PasswordLinkForEmailInput, PasswordLinkInput, type PasswordLinkView } from "./contract.ts";

const lifeSeconds = 24 * 60 * 60;
const action = "person.make_password_link";
const permission = "people:write";

/**
 * Makes a password link for a member. Whoever holds it becomes that person, in every tenant: so an administrator
 * makes one only for somebody who belongs to this tenant alone and does not run the installation.
 *
 * @throws {AppError} `person.not_found`; `auth.forbidden` where only an operator may; `input.invalid` for oneself
 */
async function run(ctx: Context, raw: PasswordLinkInput): Promise<PasswordLinkView> {
  requirePermission(ctx, permission);
  const { id } = parseInput(PasswordLinkInput, raw);
  return ctx.deps.database.inInstallation(async (tx) => {
    const membership = await findMembershipById(tx, id as MembershipId);
    if (membership?.tenantId !== ctx.tenant.id) throw new AppError("person.not_found");
    const person = requireReachable(await findPerson(tx, membership.personId));
    if (person.id === actorId(ctx.actor)) {
      throw new AppError("input.invalid", { message: "Change your own password on the page of your account." });
    }
    const tenants = await tenantsOf(tx, person.id);
    if (person.isOperator || tenants.length > 1) {
      throw new AppError("auth.forbidden", {
        message: `${person.name} ${person.isOperator ? "runs this installation" : "belongs to other tenants too"}. Only an operator can make this link.`,
      });
    }
    const { actor, requestId } = ctx;
    await insertAuditEvent(
      { ...tx, tenantId: ctx.tenant.id },
      {
        actorId: actorId(actor),
        actorName: actor.name,
        action,
        subjectType: "person",
        subjectId: person.id,
        subjectName: person.name,
        requestId,
      },
    );
    return issue(tx, ctx, person);
  });
}

export const makePasswordLink = Object.assign(run, { action, permission, input: PasswordLinkInput } as const);

/** Makes a password link for anybody, by e-mail address. @throws {AppError} `input.invalid` at `email` */
export const makePasswordLinkAsOperator = defineOperatorVerb({
  action,
  input: PasswordLinkForEmailInput,
  async run(ctx, { email }): Promise<PasswordLinkView> {
    const person = await findPersonByEmail(ctx, email);
    if (!person?.isActive) throw fieldError("email", "Nobody with this address can sign in here.");
    for (const tenantId of await tenantsOf(ctx, person.id)) {
      await ctx.auditIn(tenantId, { subject: { type: "person", id: person.id, name: person.name } });
    }
    return issue(ctx, ctx, person);
  },
});

async function issue(
  tx: InstallationContext,
  { deps }: Pick<Context, "deps">,
  person: PersonRecord,
): Promise<PasswordLinkView> {
  const { url, expiresAt } = await issueOneTimeLink(tx, deps, {
    personId: person.id,
    purpose: "PASSWORD_RESET",
    lifeSeconds,
  });
  return { name: person.name, email: person.email, url, expiresAt: expiresAt.toISOString() };
}

function requireReachable(person: PersonRecord | null): PersonRecord {
  if (!person) throw new AppError("person.not_found");
  if (!person.isActive) throw new AppError("auth.forbidden", { message: "An operator has disabled this person." });
  return person;
}
