import { z } from "zod";
import { text } from "#lib/foundation/text.ts";

/** What a plan is called and how many calls it allows. */
export const PlanInput = z.strictObject({
  name: text(60).min(1, "Enter a name."),
  description: text(256).default(""),
  requestsPerMinute: z.number().int("Use a whole number.").min(1, "Use at least 1.").max(10_000_000).nullable(),
});
export type PlanInput = z.input<typeof PlanInput>;

export const EditPlanInput = PlanInput.extend({ id: z.uuid() });
export const PlanRef = z.strictObject({ id: z.uuid() });

export type PlanView = {
  id: string;
  name: string;
  description: string;
  /** Null means unlimited. */
  requestsPerMinute: number | null;
};
