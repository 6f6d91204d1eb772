"use client";

import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { SignInInput } from "#lib/features/identity/contract.ts";
import { postToAuth } from "./auth-client.ts";
import { loadAfresh } from "./load-afresh.ts";
import { PasswordField } from "./password-field.tsx";

type SignInFormProps = {
  /** A path of this portal, already checked. */
  returnTo: string;
};

/** E-mail address and password. */
export function SignInForm({ returnTo }: SignInFormProps) {
  const form = useActionForm({
    schema: SignInInput,
    defaultValues: { email: "", password: "" },
    action: (values) => postToAuth("callback/password", values),
    onSuccess: () => loadAfresh(returnTo),
  });
  return (
    <ActionForm form={form} label="Sign in">
      <TextField name="email" label="E-mail address" type="email" inputMode="email" autoComplete="username" autoFocus />
      <PasswordField name="password" label="Password" autoComplete="current-password" />
      <SubmitButton className="w-full">Sign in</SubmitButton>
    </ActionForm>
  );
}
