"use client";

import { useState } from "react";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { Notice } from "#components/ui/notice.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { LinkInput, type LinkView } from "#lib/features/identity/contract.ts";
import { loadAfresh } from "./load-afresh.ts";
import { NewPasswordField } from "./new-password-field.tsx";

type LinkFormProps = {
  token: string;
  view: LinkView;
  accept: (input: LinkInput) => Promise<ActionResult<void>>;
  proceed: (token: string) => Promise<ActionResult<void>>;
};

/** Name, password and, for the first operator, an e-mail address. */
export function LinkForm({ token, view, accept, proceed }: LinkFormProps) {
  const enter = () => loadAfresh("/");
  const form = useActionForm<LinkInput, void>({
    schema: LinkInput,
    defaultValues: { token, name: view.name, password: "", ...(view.asksForEmail && { email: "" }) },
    action: accept,
    onSuccess: enter,
  });
  return (
    <>
      <ActionForm form={form} label="Set up your sign-in">
        {view.asksForEmail ? (
          <TextField name="email" label="E-mail address" type="email" inputMode="email" autoComplete="username" />
        ) : (
          <div>
            <p className="text-sm font-medium">E-mail address</p>
            <p className="mt-1 break-all">{view.email}</p>
            <input type="hidden" autoComplete="username" value={view.email} readOnly />
          </div>
        )}
        <TextField name="name" label="Name" autoComplete="name" help="How others see you in the portal." />
        <NewPasswordField name="password" label="Password" />
        <SubmitButton className="w-full">Save and sign in</SubmitButton>
      </ActionForm>
      {!view.asksForEmail && !view.isReset && <Proceed token={token} proceed={proceed} enter={enter} />}
    </>
  );
}

type ProceedProps = { token: string; proceed: LinkFormProps["proceed"]; enter: () => void };

/** Signing in this once, for whoever only looks around. */
function Proceed({ token, proceed, enter }: ProceedProps) {
  const [pending, setPending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  async function go() {
    setPending(true);
    const result = await proceed(token);
    if (result.ok) {
      enter();
      return;
    }
    setProblem(result.problem.message);
    setPending(false);
  }
  return (
    <div className="border-line flex flex-col gap-3 border-t pt-4">
      {problem && <Notice tone="bad" live title={problem} />}
      <p className="text-muted text-sm">
        Only looking around? Sign in this once without a password. The link is used up by it.
      </p>
      <Button onClick={() => void go()} pending={pending}>
        Sign in without a password
      </Button>
    </div>
  );
}
