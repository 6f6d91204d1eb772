"use client";

import { toast } from "sonner";
import { ActionForm, FormFooter, SubmitButton } from "#components/form/action-form.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import { initialValues } from "#lib/connector-kit/descriptors.ts";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { UsableKeyManager } from "#lib/features/key-managers/contract.ts";
import {
  clientFormWithin,
  withNearestDefaults,
  type ClientForm,
  type KeysOutcome,
  type KeysView,
} from "#lib/features/key-mappings/contract.ts";
import { ClientFields } from "./client-fields.tsx";

type UpdateFormProps = {
  keys: KeysView;
  keyManager: UsableKeyManager;
  action: (input: ClientForm) => Promise<ActionResult<KeysOutcome>>;
  done: () => void;
};

/** Changes what an OAuth client can do; its consumer secret stays. */
export function UpdateForm({ keys, keyManager, action, done }: UpdateFormProps) {
  const { grantTypes, redirectUris, settings } = keys.client;
  const known = keyManager.clientFields.map(({ name }) => name);
  const form = useActionForm<ClientForm, KeysOutcome>({
    schema: clientFormWithin(keyManager),
    action,
    defaultValues: {
      grantTypes,
      redirectUris,
      // A stored default that a later limit excludes gives way to the nearest value, and is seen here.
      settings: withNearestDefaults(
        keyManager.clientFields,
        {
          ...initialValues(keyManager.clientFields),
          ...Object.fromEntries(Object.entries(settings).filter(([name]) => known.includes(name))),
        },
        settings,
      ),
    },
    onSuccess: (outcome) => {
      if (outcome.outcome === "done") toast.success(`The client at ${keyManager.displayName} is updated.`);
      else toast.warning(outcome.message);
      done();
    },
  });
  return (
    <ActionForm form={form} label={`Update the client at ${keyManager.displayName}`} className="max-w-[720px]">
      <ClientFields keyManager={keyManager} stored={settings} />
      <FormFooter>
        <SubmitButton>Update client</SubmitButton>
        <Button variant="ghost" onClick={done}>
          Cancel
        </Button>
      </FormFooter>
    </ActionForm>
  );
}
