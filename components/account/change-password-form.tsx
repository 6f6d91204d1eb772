"use client";

import { toast } from "sonner";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { NewPasswordField } from "#components/identity/new-password-field.tsx";
import { PasswordField } from "#components/identity/password-field.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { ChangePasswordInput } from "#lib/features/identity/contract.ts";

export function ChangePasswordForm({
  change,
}: {
  change: (input: ChangePasswordInput) => Promise<ActionResult<void>>;
}) {
  const form = useActionForm<ChangePasswordInput, void>({
    schema: ChangePasswordInput,
    action: change,
    defaultValues: { currentPassword: "", newPassword: "" },
    onSuccess: () => {
      form.methods.reset({ currentPassword: "", newPassword: "" });
      toast.success("Your password was changed. Every other session has ended.");
    },
  });
  return (
    <ActionForm form={form} label="Change password">
      <PasswordField name="currentPassword" label="Current password" autoComplete="current-password" />
      <NewPasswordField name="newPassword" label="New password" />
      <SubmitButton className="self-start">Change password</SubmitButton>
    </ActionForm>
  );
}
