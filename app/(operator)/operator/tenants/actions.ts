"use server";

import { createTenant } from "#lib/features/tenants/create.ts";
import { setTenantActive } from "#lib/features/tenants/set-active.ts";
import { defineOperatorAction } from "#lib/web/action.ts";

const revalidate = () => ["/operator/tenants"];

export const createTenantAction = defineOperatorAction(createTenant, { revalidate });
export const setTenantActiveAction = defineOperatorAction(setTenantActive, { revalidate });
