"use server";

import {
  addIdentityProvider,
  deleteIdentityProvider,
  editIdentityProvider,
  setIdentityProviderEnabled,
} from "#lib/features/identity-providers/verbs.ts";
import { defineAction } from "#lib/web/action.ts";

const list = { revalidate: () => ["/admin/identity-providers"] };

export const addIdentityProviderAction = defineAction(addIdentityProvider, list);
export const editIdentityProviderAction = defineAction(editIdentityProvider, list);
export const setIdentityProviderEnabledAction = defineAction(setIdentityProviderEnabled, list);
export const deleteIdentityProviderAction = defineAction(deleteIdentityProvider, list);
