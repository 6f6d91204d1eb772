"use server";

import { SwitchTenantInput } from "#lib/features/identity/contract.ts";
import { endSession, switchTenant } from "#lib/features/identity/session.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import { definePersonalAction } from "#lib/web/action.ts";
import { clearSessionCookie } from "#lib/web/session.ts";

/** Ends this browser's session, in the database and in its cookie. */
export const signOutAction = definePersonalAction(async (session, { deps }) => {
  await endSession(deps, { id: session.id, personId: session.person.id });
  await clearSessionCookie();
});

/** Makes another of the person's tenants the active one. */
export const switchTenantAction = definePersonalAction(async (session, { deps }, input: { tenantId: string }) => {
  const { tenantId } = SwitchTenantInput.parse(input);
  await switchTenant(deps, session, tenantId as TenantId);
});
