"use server";

import { createPlan } from "#lib/features/plans/create.ts";
import { deletePlan } from "#lib/features/plans/delete.ts";
import { updatePlan } from "#lib/features/plans/update.ts";
import { defineAction } from "#lib/web/action.ts";

const here = () => ["/creator/plans"];

export const createPlanAction = defineAction(createPlan, { revalidate: here });
export const updatePlanAction = defineAction(updatePlan, { revalidate: here });
export const deletePlanAction = defineAction(deletePlan, { revalidate: here });
