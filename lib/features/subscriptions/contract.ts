import { z } from "zod";
import { CursorInput } from "#lib/foundation/cursor.ts";

export const SubscribeInput = z.strictObject({
  applicationId: z.uuid("Choose an application."),
  apiId: z.uuid("Choose an API."),
  planId: z.uuid("Choose a plan."),
});
export type SubscribeInput = z.input<typeof SubscribeInput>;

export const SubscriptionRef = z.strictObject({ id: z.uuid() });

export const subscriptionStates = ["ACTIVE", "BLOCKED", "PRODUCTION_BLOCKED", "ON_HOLD", "REJECTED"] as const;
export type SubscriptionState = (typeof subscriptionStates)[number];

export const SetSubscriptionStateInput = SubscriptionRef.extend({
  state: z.enum(["ACTIVE", "BLOCKED", "PRODUCTION_BLOCKED"]),
});

const paging = { cursor: CursorInput, limit: z.int().min(1).max(100).default(25) };
export const ListOfApplicationInput = z.strictObject({ applicationId: z.uuid(), ...paging });
export const ListOfApiInput = z.strictObject({ apiId: z.uuid(), ...paging });

export type SubscriptionView = {
  id: string;
  state: SubscriptionState;
  createdAt: string;
  application: { id: string; name: string; ownerName: string };
  api: { id: string; name: string; version: string; context: string };
  plan: { id: string; name: string };
};
