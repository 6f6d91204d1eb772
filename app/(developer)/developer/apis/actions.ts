"use server";

import { subscribeAcross } from "#lib/features/cross-tenant-subscriptions/subscribe.ts";
import { unsubscribeAcross } from "#lib/features/cross-tenant-subscriptions/unsubscribe.ts";
import { subscribe } from "#lib/features/subscriptions/subscribe.ts";
import { unsubscribe } from "#lib/features/subscriptions/unsubscribe.ts";
import { defineAction } from "#lib/web/action.ts";

const here = () => ["/developer/apis", "/developer/applications"];

export const subscribeAction = defineAction(subscribe, { revalidate: here });
export const unsubscribeAction = defineAction(unsubscribe, { revalidate: here });
export const subscribeAcrossAction = defineAction(subscribeAcross, { revalidate: here });
export const unsubscribeAcrossAction = defineAction(unsubscribeAcross, { revalidate: here });
