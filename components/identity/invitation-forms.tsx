"use client";

import { useState } from "react";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { Notice } from "#components/ui/notice.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { AcceptInvitationInput } from "#lib/features/people/contract.ts";
import { loadAfresh } from "./load-afresh.ts";
import { NewPasswordField } from "./new-password-field.tsx";

const enter = () => loadAfresh("/");

type JoinAsNewProps = {
  token: string;
  email: string;
  join: (input: AcceptInvitationInput) => Promise<ActionResult<void>>;
};

/** Joining as somebody whom the installation does not know yet. */
export function JoinAsNew({ token, email, join }: JoinAsNewProps) {
  const form = useActionForm<AcceptInvitationInput, void>({
    schema: AcceptInvitationInput,
    defaultValues: { token, name: "", password: "" },
    action: join,
    onSuccess: enter,
  });
  return (
    <ActionForm form={form} label="Join">
      <div>
        <p className="text-sm font-medium">E-mail address</p>
        <p className="mt-1 break-all">{email}</p>
        <input type="hidden" autoComplete="username" value={email} readOnly />
      </div>
      <TextField name="name" label="Name" autoComplete="name" help="How others see you in the portal." />
      <NewPasswordField name="password" label="Password" />
      <SubmitButton className="w-full">Join</SubmitButton>
    </ActionForm>
  );
}

type JoinAsMeProps = {
  token: string;
  name: string;
  email: string;
  join: (token: string) => Promise<ActionResult<void>>;
};

/** Joining as the person who is signed in, after they said so. */
export function JoinAsMe({ token, name, email, join }: JoinAsMeProps) {
  const [pending, setPending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  async function go() {
    setPending(true);
    const result = await join(token);
    if (result.ok) {
      enter();
      return;
    }
    setProblem(result.problem.message);
    setPending(false);
  }
  return (
    <>
      {problem && <Notice tone="bad" live title={problem} />}
      <p>
        You are signed in as <strong>{name}</strong> (<span className="break-all">{email}</span>) and join as this
        person.
      </p>
      <Button variant="primary" onClick={() => void go()} pending={pending}>
        Join as {name}
      </Button>
    </>
  );
}
