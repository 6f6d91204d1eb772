"use server";

import { changeApiStatus } from "#lib/features/apis/change-status.ts";
import { createApi } from "#lib/features/apis/create.ts";
import { deleteApi } from "#lib/features/apis/delete.ts";
import { importOpenApi } from "#lib/features/apis/import.ts";
import { previewAcceptance } from "#lib/features/apis/preview-acceptance.ts";
import { updateApi } from "#lib/features/apis/update.ts";
import { retryMirroringOfApi } from "#lib/features/scope-mirrors/retry.ts";
import { setCrossTenantSubscriptionState } from "#lib/features/cross-tenant-subscriptions/set-state.ts";
import { setSubscriptionState } from "#lib/features/subscriptions/set-state.ts";
import { defineAction } from "#lib/web/action.ts";

const everywhere = () => ["/creator/apis", "/developer/apis"];

export const createApiAction = defineAction(createApi, { revalidate: everywhere });
export const updateApiAction = defineAction(updateApi, { revalidate: everywhere });
export const previewAcceptanceAction = defineAction(previewAcceptance);
export const changeApiStatusAction = defineAction(changeApiStatus, { revalidate: everywhere });
export const deleteApiAction = defineAction(deleteApi, { revalidate: everywhere });
export const importOpenApiAction = defineAction(importOpenApi);
export const retryMirroringOfApiAction = defineAction(retryMirroringOfApi, { revalidate: () => ["/creator/apis"] });
export const setSubscriptionStateAction = defineAction(setSubscriptionState, { revalidate: () => ["/creator/apis"] });
export const setForeignSubscriptionStateAction = defineAction(setCrossTenantSubscriptionState, {
  revalidate: () => ["/creator/apis"],
});
