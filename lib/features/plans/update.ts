import { findPlan, updatePlan as writePlan } from "#lib/data/plans.ts";
import { AppError } from "#lib/foundation/errors.ts";
import type { PlanId } from "#lib/foundation/ids.ts";
import { defineMutation } from "../verb.ts";
import { EditPlanInput, type PlanView } from "./contract.ts";
import { refuseDuplicate } from "./create.ts";

/** Changes a plan; subscriptions under it follow. @throws {AppError} `plan.not_found`, `plan.conflict` */
export const updatePlan = defineMutation({
  action: "plan.update",
  permission: "plan:write",
  input: EditPlanInput,
  async run(ctx, { id, ...values }): Promise<PlanView> {
    const before = await findPlan(ctx, id as PlanId);
    if (!before) throw new AppError("plan.not_found");
    const plan = await writePlan(ctx, before.id, values).catch(refuseDuplicate);
    ctx.audit({ subject: { type: "plan", id, name: plan.name }, before, after: plan });
    return plan;
  },
});
