import { isForeignKeyViolation } from "#lib/data/database.ts";
import { deletePlan as removePlan, findPlan } from "#lib/data/plans.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { PlanId } from "#lib/foundation/ids.ts";
import { defineMutation } from "../verb.ts";
import { PlanRef } from "./contract.ts";

/** Deletes a plan that no API offers and no subscription uses. @throws {AppError} `plan.not_found`, `plan.in_use` */
export const deletePlan = defineMutation({
  action: "plan.delete",
  permission: "plan:write",
  input: PlanRef,
  async run(ctx, { id }): Promise<{ id: string }> {
    const before = await findPlan(ctx, id as PlanId);
    if (!before) throw new AppError("plan.not_found");
    await removePlan(ctx, before.id).catch((error: unknown) => {
      throw isForeignKeyViolation(error) ? new AppError("plan.in_use", { cause: error }) : error;
    });
    ctx.audit({ subject: { type: "plan", id, name: before.name }, before });
    return { id };
  },
});
