"use server";

import { revalidatePath } from "next/cache";
import { changePassword, endOwnSession } from "#lib/features/identity/account.ts";
import type { ChangePasswordInput } from "#lib/features/identity/contract.ts";
import { unlinkIdentity } from "#lib/features/identity-providers/own-identities.ts";
import { definePersonalAction } from "#lib/web/action.ts";

export const changePasswordAction = definePersonalAction(async (session, request, input: ChangePasswordInput) => {
  await changePassword(request, session, input);
  revalidatePath("/account");
});

export const endOwnSessionAction = definePersonalAction(async (session, request, input: { id: string }) => {
  await endOwnSession(request, session, input);
  revalidatePath("/account");
});

export const unlinkIdentityAction = definePersonalAction(async (session, request, input: { id: string }) => {
  await unlinkIdentity(request, session, input);
  revalidatePath("/account");
});
