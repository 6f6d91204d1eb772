import {
  countOtherAdministrators,
  findMembership,
  updateMembership,
  type MembershipRecord,
} from "#lib/data/memberships.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { MembershipId } from "#lib/foundation/ids.ts";
import { defineMutation, type MutationContext } from "../verb.ts";
import { ChangeRolesInput, type PersonInTenantView } from "./contract.ts";
import { toPersonView } from "./list.ts";

/**
 * Gives a person other roles. They hold from the person's next request on.
 *
 * @throws {AppError} `person.not_found`; `person.last_administrator` where nobody could administer afterwards
 */
export const changeRoles = defineMutation({
  action: "person.change_roles",
  permission: "people:write",
  input: ChangeRolesInput,
  async run(ctx, { id, roles }): Promise<PersonInTenantView> {
    const member = await requireMember(ctx, id);
    if (!roles.includes("ADMINISTRATOR")) await requireAnotherAdministrator(ctx, member);
    await updateMembership(ctx, member.id, { roles });
    ctx.audit({
      subject: { type: "person", id: member.personId, name: member.name },
      before: { roles: member.roles },
      after: { roles },
    });
    return toPersonView({ ...member, roles }, ctx.actor);
  },
});

/** @throws {AppError} `person.not_found`, for another tenant's members too */
export async function requireMember(ctx: MutationContext, id: string): Promise<MembershipRecord> {
  const member = await findMembership(ctx, id as MembershipId);
  if (!member) throw new AppError("person.not_found");
  return member;
}

/** @throws {AppError} `person.last_administrator` where only this member can administer the tenant */
export async function requireAnotherAdministrator(ctx: MutationContext, member: MembershipRecord): Promise<void> {
  if (!member.isActive || !member.roles.includes("ADMINISTRATOR")) return;
  if ((await countOtherAdministrators(ctx, member.id)) === 0) throw new AppError("person.last_administrator");
}
