"use server";

import { makePasswordLinkAsOperator } from "#lib/features/people/password-links.ts";
import { createTenant } from "#lib/features/tenants/create.ts";
import { setTenantActive } from "#lib/features/tenants/set-active.ts";
import { defineOperatorAction } from "#lib/web/action.ts";

const revalidate = () => ["/operator/tenants"];

export const createTenantAction = defineOperatorAction(createTenant, { revalidate });
export const setTenantActiveAction = defineOperatorAction(setTenantActive, { revalidate });
export const makePasswordLinkAction = defineOperatorAction(makePasswordLinkAsOperator);
