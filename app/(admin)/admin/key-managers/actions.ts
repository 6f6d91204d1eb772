"use server";

import { discoverKeyManager } from "#lib/features/key-managers/discover.ts";
import { previewDisable } from "#lib/features/key-managers/preview-disable.ts";
import { registerKeyManager } from "#lib/features/key-managers/register.ts";
import { removeKeyManager } from "#lib/features/key-managers/remove.ts";
import { setKeyManagerEnabled } from "#lib/features/key-managers/set-enabled.ts";
import { testConnection, testStoredConnection } from "#lib/features/key-managers/test-connection.ts";
import { updateKeyManager } from "#lib/features/key-managers/update.ts";
import { attachClient, findApplications } from "#lib/features/key-mappings/attach-client.ts";
import { retryMirroringAt } from "#lib/features/scope-mirrors/retry.ts";
import { defineAction } from "#lib/web/action.ts";

const list = "/admin/key-managers";

export const discoverAction = defineAction(discoverKeyManager);
export const testConnectionAction = defineAction(testConnection);
export const testStoredConnectionAction = defineAction(testStoredConnection);
export const previewDisableAction = defineAction(previewDisable);
export const registerKeyManagerAction = defineAction(registerKeyManager, { revalidate: () => [list] });
export const updateKeyManagerAction = defineAction(updateKeyManager, {
  revalidate: ({ id }) => [list, `${list}/${id}`],
});
export const setKeyManagerEnabledAction = defineAction(setKeyManagerEnabled, {
  revalidate: ({ id }) => [list, `${list}/${id}`],
});
export const retryMirroringAtAction = defineAction(retryMirroringAt, {
  revalidate: ({ keyManagerId }) => [`${list}/${keyManagerId}`],
});
export const removeKeyManagerAction = defineAction(removeKeyManager, { revalidate: () => [list] });
export const findApplicationsAction = defineAction(findApplications);
export const attachClientAction = defineAction(attachClient, {
  revalidate: (_attached, { keyManagerId }) => [`${list}/${keyManagerId}/usage`],
});
