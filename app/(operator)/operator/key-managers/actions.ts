"use server";

import { previewGlobalDisable } from "#lib/features/global-key-managers/read.ts";
import { registerGlobalKeyManager } from "#lib/features/global-key-managers/register.ts";
import { removeGlobalKeyManager } from "#lib/features/global-key-managers/remove.ts";
import { makeGlobalReporter, removeGlobalReporter } from "#lib/features/global-key-managers/reporter.ts";
import { setGlobalKeyManagerEnabled } from "#lib/features/global-key-managers/set-enabled.ts";
import { setServing } from "#lib/features/global-key-managers/set-serving.ts";
import {
  discoverGlobalKeyManager,
  testGlobalConnection,
  testStoredGlobalConnection,
} from "#lib/features/global-key-managers/test-connection.ts";
import { updateGlobalKeyManager } from "#lib/features/global-key-managers/update.ts";
import { defineOperatorAction } from "#lib/web/action.ts";

const list = "/operator/key-managers";
const itsPages = ({ id }: { id: string }) => [list, `${list}/${id}`];

export const discoverAction = defineOperatorAction(discoverGlobalKeyManager);
export const testConnectionAction = defineOperatorAction(testGlobalConnection);
export const testStoredConnectionAction = defineOperatorAction(testStoredGlobalConnection);
export const previewDisableAction = defineOperatorAction(previewGlobalDisable);
export const registerAction = defineOperatorAction(registerGlobalKeyManager, { revalidate: () => [list] });
export const updateAction = defineOperatorAction(updateGlobalKeyManager, { revalidate: itsPages });
export const setEnabledAction = defineOperatorAction(setGlobalKeyManagerEnabled, { revalidate: itsPages });
export const setServingAction = defineOperatorAction(setServing, { revalidate: itsPages });
export const makeReporterAction = defineOperatorAction(makeGlobalReporter);
export const removeReporterAction = defineOperatorAction(removeGlobalReporter);
export const removeAction = defineOperatorAction(removeGlobalKeyManager, { revalidate: () => [list] });
