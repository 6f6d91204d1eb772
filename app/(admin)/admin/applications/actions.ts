"use server";

import { findOwners } from "#lib/features/applications/administer.ts";
import { changeApplicationOwner } from "#lib/features/applications/change-owner.ts";
import { defineAction } from "#lib/web/action.ts";

export const findOwnersAction = defineAction(findOwners);
export const changeOwnerAction = defineAction(changeApplicationOwner, {
  revalidate: (_changed, { id }) => ["/admin/applications", `/admin/applications/${id}`, "/developer/applications"],
});
