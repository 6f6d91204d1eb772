import { isUniqueViolation } from "#lib/data/database.ts";
import { insertPlan } from "#lib/data/plans.ts";
import { AppError } from "#lib/foundation/errors.ts";
import { defineMutation } from "../verb.ts";
import { PlanInput, type PlanView } from "./contract.ts";

/** Adds a plan to the tenant. @throws {AppError} `plan.conflict` where the name is taken */
export const createPlan = defineMutation({
  action: "plan.create",
  permission: "plan:write",
  input: PlanInput,
  async run(ctx, input): Promise<PlanView> {
    const plan = await insertPlan(ctx, input).catch(refuseDuplicate);
    ctx.audit({ subject: { type: "plan", id: plan.id, name: plan.name }, after: input });
    return plan;
  },
});

/** Turns the database's word on a taken name into a refusal at the field. */
export function refuseDuplicate(error: unknown): never {
  if (!isUniqueViolation(error)) throw error;
  throw new AppError("plan.conflict", {
    fields: [{ path: "name", message: "Another plan has this name. Choose a different one." }],
    cause: error,
  });
}
