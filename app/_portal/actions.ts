"use server";

import { SwitchTenantInput } from "#lib/features/identity/contract.ts";
import { endSession, switchTenant } from "#lib/features/identity/session.ts";
import { parseInput } from "#lib/features/verb.ts";
import type { TenantId } from "#lib/foundation/ids.ts";
import { definePersonalAction } from "#lib/web/action.ts";
import { clearSessionCookie } from "#lib/web/session.ts";

/** Makes another of the person's tenants the active one; the page has to be loaded anew. */
export const switchTenantAction = definePersonalAction(async (session, { deps }, input: { tenantId: string }) => {
  const { tenantId } = parseInput(SwitchTenantInput, input);
  await switchTenant(deps, session, tenantId as TenantId);
});

/** Ends this session for good: a copy of the cookie is worth nothing afterwards. */
export const signOutAction = definePersonalAction(async (session, { deps }) => {
  await endSession(deps, { id: session.id, personId: session.person.id });
  await clearSessionCookie();
});
