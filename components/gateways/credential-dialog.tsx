"use client";

import type { ReactNode } from "react";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { SelectField, TextField } from "#components/form/fields.tsx";
import { MadeOnceDialog } from "#components/form/made-once-dialog.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { DialogClose, DialogFooter } from "#components/ui/dialog.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import {
  CreateGatewayCredentialInput,
  type NewGatewayCredentialView,
} from "#lib/features/gateway-credentials/contract.ts";
import type { RevokingKeyManager } from "#lib/features/revocations/contract.ts";

type Create = (input: CreateGatewayCredentialInput) => Promise<ActionResult<NewGatewayCredentialView>>;

type CredentialDialogProps = {
  create: Create;
  /** Those that may report what they revoke. */
  keyManagers: readonly RevokingKeyManager[];
  trigger: ReactNode;
};

/** Asks for a name and what it is for, then shows the new credential once. */
export function CredentialDialog({ create, keyManagers, trigger }: CredentialDialogProps) {
  return (
    <MadeOnceDialog<NewGatewayCredentialView>
      trigger={trigger}
      asking={{
        title: "Create gateway credential",
        description: "One for each gateway or server, so that each can be revoked by itself.",
      }}
      told={(made) => ({
        title: titleOf(made),
        description: adviceOn(made),
        label: "Gateway credential",
        secret: made.credential,
      })}
      form={(onMade) => <CredentialForm create={create} keyManagers={keyManagers} onMade={onMade} />}
    />
  );
}

function titleOf({ name, reports }: NewGatewayCredentialView): string {
  return reports ? `${name} may report now` : `${name} may ask now`;
}

function adviceOn({ reports }: NewGatewayCredentialView): string {
  return reports
    ? `Give this credential to ${reports.displayName}. Anybody who has it can revoke its tokens here.`
    : "Give this credential to the gateway. Anybody who has it learns what your tokens open.";
}

type CredentialFormProps = Omit<CredentialDialogProps, "trigger"> & {
  onMade: (made: NewGatewayCredentialView) => void;
};

function CredentialForm({ create, keyManagers, onMade }: CredentialFormProps) {
  const form = useActionForm<CreateGatewayCredentialInput, NewGatewayCredentialView>({
    schema: CreateGatewayCredentialInput,
    action: create,
    defaultValues: { name: "", reports: "" },
    onSuccess: onMade,
  });
  return (
    <ActionForm form={form} label="Gateway credential">
      <TextField
        name="name"
        label="Name"
        maxLength={60}
        placeholder="Edge, Frankfurt"
        help="What the gateway is called, so that people recognise it here and in the audit."
      />
      {keyManagers.length > 0 && (
        <SelectField
          name="reports"
          label="What it is for"
          options={[
            { value: "", label: "A gateway asks about calls" },
            ...keyManagers.map(({ id, displayName }) => ({
              value: id,
              label: `${displayName} reports what it revokes`,
            })),
          ]}
          help="It serves for this alone."
        />
      )}
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton>Create credential</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}
