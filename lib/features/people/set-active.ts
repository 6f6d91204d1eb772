import { endAccountState } from "#lib/data/authorization-state.ts";
import { updateMembership } from "#lib/data/memberships.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { actorId } from "../context.ts";
import { defineMutation } from "../verb.ts";
import { requireAnotherAdministrator, requireMember } from "./change-roles.ts";
import { SetActiveInput, type PersonInTenantView } from "./contract.ts";
import { toPersonView } from "./list.ts";

/**
 * Disables a person in the tenant, or lets them in again. A disabled person's sessions are refused from the
 * next request on, and what the tenant's own authorization server issued to them is revoked; what they own stays.
 *
 * @throws {AppError} `person.not_found`, `person.last_administrator`, `input.invalid` for oneself
 */
export const setPersonActive = defineMutation({
  action: "person.set_active",
  permission: "people:write",
  input: SetActiveInput,
  async run(ctx, { id, active }): Promise<PersonInTenantView> {
    const member = await requireMember(ctx, id);
    if (!active) {
      await requireAnotherAdministrator(ctx, member);
      if (member.personId === actorId(ctx.actor)) {
        throw new AppError("input.invalid", { message: "You cannot disable yourself. Ask another administrator." });
      }
    }
    await updateMembership(ctx, member.id, { isActive: active });
    if (!active) await endAccountState(ctx, member.personId);
    ctx.audit({
      subject: { type: "person", id: member.personId, name: member.name },
      before: { active: member.isActive },
      after: { active },
    });
    return toPersonView({ ...member, isActive: active }, ctx.actor);
  },
});
