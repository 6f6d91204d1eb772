"use client";

import { toast } from "sonner";
import { ActionForm, FormFooter, SubmitButton } from "#components/form/action-form.tsx";
import { SecretField, TextField, UrlField } from "#components/form/fields.tsx";
import { Fold } from "#components/form/fold.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Button } from "#components/ui/button.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import type { UsableKeyManager } from "#lib/features/key-managers/contract.ts";
import { ExistingClientForm, type MappingOutcome } from "#lib/features/key-mappings/contract.ts";
import { AssertionField } from "./assertion-field.tsx";
import type { HandedBack } from "./replaced-token.tsx";

type MapFormProps = {
  keyManager: UsableKeyManager;
  action: (input: ExistingClientForm) => Promise<ActionResult<MappingOutcome>>;
  /** Shows a registration access token that came with a refusal: there is no other copy. */
  handBack: (handedBack: HandedBack) => void;
  done: () => void;
  cancel: () => void;
};

/** Takes the credentials of a client that stands at the key manager already. */
export function MapForm({ keyManager, action, handBack, done, cancel }: MapFormProps) {
  const { displayName, mappedClientCheck } = keyManager;
  const form = useActionForm<ExistingClientForm, MappingOutcome>({
    schema: ExistingClientForm,
    action,
    defaultValues: {
      consumerKey: "",
      consumerSecret: "",
      assertion: "",
      registrationToken: "",
      registrationClientUri: "",
    },
    onSuccess: (outcome) => {
      if (outcome.outcome === "mapped") {
        toast.success(`${outcome.keys.consumerKey ?? "The client"} belongs to this application now.`);
        done();
        return;
      }
      const { message, fields, registrationToken } = outcome;
      const whatNow = `${displayName} has replaced the registration access token: the one you entered no longer works. Keep this one.`;
      handBack({ kind: "refused", message: `${message} ${whatNow}`, registrationToken });
      form.methods.setValue("registrationToken", registrationToken);
      for (const { path, message: problem } of fields) {
        form.methods.setError(path as keyof ExistingClientForm, { type: "server", message: problem });
      }
    },
  });
  return (
    <ActionForm form={form} label={`Use an existing client of ${displayName}`} className="max-w-[720px]">
      <p className="text-muted max-w-[68ch]">
        {mappedClientCheck
          ? `We ask ${displayName} whether these credentials are the client's. The client itself stays as it is, and stays there when you remove these keys.`
          : "The client itself stays as it is, and stays at the key manager when you remove these keys."}
      </p>
      <TextField name="consumerKey" label="Consumer key" help="Also called client id." mono maxLength={500} />
      <SecretField
        name="consumerSecret"
        label="Consumer secret"
        help={
          mappedClientCheck
            ? "Also called client secret. Stored sealed; it is needed to get tokens here. Empty for a client with a key."
            : "Also called client secret. Stored sealed; it is needed to get tokens here."
        }
        optional={!mappedClientCheck}
      />
      {mappedClientCheck && <AssertionField tokenEndpoint={keyManager.endpoints.token ?? ""} />}
      <Fold label="Managed by registration token (RFC 7592)" paths={["registrationToken", "registrationClientUri"]}>
        <SecretField name="registrationToken" label="Registration access token" optional />
        <UrlField name="registrationClientUri" label="Client configuration address" optional />
      </Fold>
      <FormFooter>
        <SubmitButton>Use this client</SubmitButton>
        <Button variant="ghost" onClick={cancel}>
          Cancel
        </Button>
      </FormFooter>
    </ActionForm>
  );
}
