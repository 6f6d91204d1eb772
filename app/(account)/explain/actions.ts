"use server";

import { explainCall } from "#lib/features/explanations/explain.ts";
import { defineAction } from "#lib/web/action.ts";

export const explainCallAction = defineAction(explainCall);
