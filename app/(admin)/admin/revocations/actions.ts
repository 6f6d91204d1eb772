"use server";

import { revokeApplicationTokens } from "#lib/features/revocations/revoke-issued.ts";
import { revokeTokens } from "#lib/features/revocations/revoke.ts";
import { defineAction } from "#lib/web/action.ts";

const here = () => ["/admin/revocations"];

export const revokeTokensAction = defineAction(revokeTokens, { revalidate: here });
export const revokeApplicationTokensAction = defineAction(revokeApplicationTokens, { revalidate: here });
