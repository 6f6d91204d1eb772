"use client";

import { useState, type ReactNode } from "react";
import { useWatch } from "react-hook-form";
import { toast } from "sonner";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { NumberField, SecretField, SelectField, TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog, DialogClose, DialogContent, DialogFooter, DialogTrigger } from "#components/ui/dialog.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { keyTypeLabels } from "#lib/features/key-mappings/contract.ts";
import {
  keptDays,
  revocableLabels,
  revocableThings,
  RevokeTokensInput,
  type RevokedTargetView,
  type RevokingKeyManager,
} from "#lib/features/revocations/contract.ts";

type RevokeFormProps = {
  keyManagers: readonly RevokingKeyManager[];
  revoke: (input: RevokeTokensInput) => Promise<ActionResult<RevokedTargetView>>;
};

/** Revokes one token, or all of a consumer key or a subject. */
export function RevokeDialog({ trigger, ...props }: RevokeFormProps & { trigger: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog open={open} onOpenChange={setOpen}>
      <DialogTrigger asChild>{trigger}</DialogTrigger>
      <DialogContent
        title="Revoke tokens"
        description="Gateways refuse them within five seconds. This cannot be undone; new tokens can be issued at once."
      >
        <RevokeForm {...props} close={() => setOpen(false)} />
      </DialogContent>
    </Dialog>
  );
}

function RevokeForm({ keyManagers, revoke, close }: RevokeFormProps & { close: () => void }) {
  const form = useActionForm<RevokeTokensInput, RevokedTargetView>({
    schema: RevokeTokensInput,
    action: revoke,
    defaultValues: {
      keyManagerId: keyManagers.length === 1 ? (keyManagers[0]?.id ?? "") : "",
      what: "CONSUMER_KEY",
      value: "",
      days: keptDays.fallback,
    },
    onSuccess: (revoked) => {
      tell(revoked);
      close();
    },
  });
  const what = useWatch({ control: form.methods.control, name: "what" });
  return (
    <ActionForm form={form} label="Revoke tokens">
      <SelectField
        name="keyManagerId"
        label="Issued by"
        placeholder="Choose a key manager"
        options={keyManagers.map(({ id, displayName }) => ({ value: id, label: displayName }))}
      />
      <SelectField
        name="what"
        label="What is revoked"
        options={revocableThings.map((value) => ({ value, label: revocableLabels[value] }))}
        help={
          what === "CONSUMER_KEY" || what === "SUBJECT"
            ? "What was issued up to the end of this second; whatever is issued later passes."
            : undefined
        }
        // A token must not stand uncovered where an id is asked for.
        onChosen={() => {
          form.methods.setValue("value", "");
          form.methods.clearErrors("value");
        }}
      />
      {what === "TOKEN" ? (
        <SecretField
          name="value"
          label="Token"
          multiline
          help="It is not stored. What stays is its id, where it has one, and its digest."
        />
      ) : (
        <TextField name="value" label={labels[what]} mono maxLength={1_024} />
      )}
      <NumberField
        name="days"
        label="Kept for"
        unit="days"
        min={keptDays.minimum}
        max={keptDays.maximum}
        help="As long as these tokens may live. A token that says when it expires is kept until then."
      />
      <DialogFooter>
        <DialogClose asChild>
          <Button>Cancel</Button>
        </DialogClose>
        <SubmitButton variant="danger">Revoke</SubmitButton>
      </DialogFooter>
    </ActionForm>
  );
}

/** Says what was reached. A consumer key of nobody may be a typing error, so that stays until it is closed. */
function tell(revoked: RevokedTargetView) {
  if (revoked.what !== "CONSUMER_KEY") {
    const how = revoked.what === "TOKEN" && revoked.isOpaque ? " as an opaque token" : "";
    toast.success(`Revoked${how}. Gateways refuse it within five seconds.`);
  } else if (revoked.holder) {
    const { name, keyType } = revoked.holder;
    toast.success(`Revoked: ${name}, ${keyTypeLabels[keyType].toLowerCase()} keys.`, {
      description: "Gateways refuse the tokens issued so far within five seconds.",
    });
  } else {
    toast.warning(`No application here has this consumer key at ${revoked.keyManager}.`, {
      description: "It is revoked nevertheless: gateways refuse its tokens within five seconds.",
      duration: Infinity,
    });
  }
}

const labels = {
  TOKEN_ID: "Token id (jti)",
  CONSUMER_KEY: "Consumer key",
  SUBJECT: "Subject (sub)",
} as const;
