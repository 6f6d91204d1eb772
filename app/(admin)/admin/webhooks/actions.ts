"use server";

import { createWebhook, deleteWebhook, setWebhookEnabled, testWebhook } from "#lib/features/webhooks/verbs.ts";
import { defineAction } from "#lib/web/action.ts";

const list = "/admin/webhooks";

export const createWebhookAction = defineAction(createWebhook, { revalidate: () => [list] });
export const deleteWebhookAction = defineAction(deleteWebhook, { revalidate: () => [list] });
export const setWebhookEnabledAction = defineAction(setWebhookEnabled, {
  revalidate: ({ id }) => [list, `${list}/${id}`],
});
export const testWebhookAction = defineAction(testWebhook, { revalidate: (_sent, { id }) => [`${list}/${id}`] });
