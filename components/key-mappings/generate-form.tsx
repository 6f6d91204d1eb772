"use client";

import { ActionForm, FormFooter, SubmitButton } from "#components/form/action-form.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { initialValues } from "#lib/connector-kit/descriptors.ts";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { UsableKeyManager } from "#lib/features/key-managers/contract.ts";
import {
  generateFormWithin,
  type GenerateForm as Asked,
  type KeysOutcome,
} from "#lib/features/key-mappings/contract.ts";
import { ClientFields } from "./client-fields.tsx";
import { PresetFields } from "./preset-fields.tsx";

type GenerateFormProps = {
  keyManager: UsableKeyManager;
  action: (input: Asked) => Promise<ActionResult<KeysOutcome>>;
  settle: (outcome: KeysOutcome) => void;
  cancel: () => void;
};

/** Asks what the new OAuth client shall be able to do. */
export function GenerateForm({ keyManager, action, settle, cancel }: GenerateFormProps) {
  const usual = keyManager.grantTypes.includes("client_credentials") ? ["client_credentials"] : [];
  const form = useActionForm<Asked, KeysOutcome>({
    schema: generateFormWithin(keyManager),
    action,
    defaultValues: {
      grantTypes: usual,
      redirectUris: [],
      settings: initialValues(keyManager.clientFields),
      consumerKey: "",
      consumerSecret: "",
    },
    onSuccess: settle,
  });
  return (
    <ActionForm form={form} label={`Generate keys at ${keyManager.displayName}`} className="max-w-[720px]">
      <ClientFields keyManager={keyManager} />
      <PresetFields keyManager={keyManager} />
      <FormFooter>
        <SubmitButton>Generate keys</SubmitButton>
        <Button variant="ghost" onClick={cancel}>
          Cancel
        </Button>
      </FormFooter>
    </ActionForm>
  );
}
