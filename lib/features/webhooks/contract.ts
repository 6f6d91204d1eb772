import { z } from "zod";
import { isCleanLine, text } from "#lib/foundation/text.ts";

/** Webhooks of one tenant. */
export const maximumWebhooks = 20;

export const CreateWebhookInput = z.strictObject({
  name: text(60).min(1, "Enter a name.").refine(isCleanLine, { error: "Leave out line breaks and tabs." }),
  url: text(2_000)
    .regex(/^https:\/\//, "Begin with https://.")
    .refine(isPlainAddress, { error: "Enter a full address without user name, password and fragment." }),
});
export type CreateWebhookInput = z.input<typeof CreateWebhookInput>;

function isPlainAddress(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && url.username === "" && url.password === "" && url.hash === "";
}

export const WebhookRef = z.strictObject({ id: z.uuid() });
export const SetWebhookEnabledInput = z.strictObject({ id: z.uuid(), enabled: z.boolean() });

export type DeliveryView = {
  id: string;
  eventId: string;
  type: string;
  delivered: boolean;
  /** The HTTP status of the answer; null where there was none. */
  status: number | null;
  problem: string | null;
  at: string;
};

export type WebhookView = {
  id: string;
  name: string;
  url: string;
  enabled: boolean;
  /** Why it was disabled by itself; null where it was not. */
  problem: string | null;
  /** Since when its deliveries fail; null where the last one did not. */
  failingSince: string | null;
  createdAt: string;
};

/** The only time that the secret is seen. */
export type NewWebhookView = WebhookView & { secret: string };

export type WebhookDetailView = WebhookView & { deliveries: DeliveryView[] };
