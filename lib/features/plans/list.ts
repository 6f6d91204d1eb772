import { z } from "zod";
import { listPlans as readPlans } from "#lib/data/plans.ts";
import { defineQuery } from "../verb.ts";
import type { PlanView } from "./contract.ts";

/** Every plan of the tenant, by name. */
export const listPlans = defineQuery({
  action: "plan.list",
  permission: "plan:read",
  input: z.strictObject({}),
  run: (ctx): Promise<PlanView[]> => readPlans(ctx),
});
