"use client";

import { toast } from "sonner";
import { ActionForm, SubmitButton } from "#components/form/action-form.tsx";
import { CheckboxField, ListField, NumberField, RadioField, SelectField, TextField } from "#components/form/fields.tsx";
import { useActionForm } from "#components/form/use-action-form.ts";
import { Fact, FactList } from "#components/ui/card.tsx";
import { Identifier } from "#components/ui/identifier.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { BackendJwtInput, backendJwtTtl, ownClaims, type BackendJwtView } from "#lib/features/backend-jwt/contract.ts";

type BackendJwtFormProps = {
  view: BackendJwtView;
  save: (input: BackendJwtInput) => Promise<ActionResult<BackendJwtView>>;
};

/** What backends are told with each allowed call, and where they find the keys to check it. */
export function BackendJwtForm({ view, save }: BackendJwtFormProps) {
  const { issuer, keySetAddress, ...settings } = view;
  const form = useActionForm<BackendJwtInput, BackendJwtView>({
    schema: BackendJwtInput,
    action: save,
    defaultValues: settings,
    onSuccess: ({ issuer: _issuer, keySetAddress: _address, ...saved }) => {
      form.methods.reset(saved);
      toast.success(
        saved.enabled
          ? "Saved. Backends get a JWT with each call, within five seconds."
          : "Saved. Backends get no JWT.",
      );
    },
  });
  return (
    <ActionForm form={form} label="Backend JWT" guard>
      <CheckboxField
        name="enabled"
        label="Send a JWT to backends"
        help="With each allowed call the gateway receives it for the backend, signed, in the header below."
      />
      <div className="grid gap-5 sm:grid-cols-3">
        <TextField
          name="header"
          label="Header"
          mono
          maxLength={64}
          placeholder="X-JWT-Assertion"
          help="Name it in the gateway's configuration too."
        />
        <SelectField
          name="algorithm"
          label="Algorithm"
          options={[
            { value: "ES256", label: "ES256" },
            { value: "RS256", label: "RS256" },
          ]}
          help="Both keys are published."
        />
        <NumberField
          name="ttlSeconds"
          label="Lives for"
          unit="seconds"
          min={backendJwtTtl.minimum}
          max={backendJwtTtl.maximum}
          help="Never longer than the access token."
        />
      </div>
      <RadioField
        name="dialect"
        label="Names of claims"
        options={[
          { value: "LATCHKEY", label: "Short names", help: "application, plan, api, scopes and so on." },
          {
            value: "WSO2",
            label: "WSO2's names",
            help: "http://wso2.org/claims/applicationname and so on, for backends that read those already.",
          },
        ]}
      />
      <ListField
        name="omittedClaims"
        label="Claims left out"
        optional
        maximumItems={100}
        placeholder="sub"
        help={`Any of ${ownClaims.join(", ")}, or local names of mapped claims.`}
      />
      <FactList>
        <Fact term="Issuer">
          <Identifier value={issuer} label="issuer" />
        </Fact>
        <Fact term="Key set">
          <Identifier value={keySetAddress} label="key set address" />
        </Fact>
        <Fact term="Audience">The API&apos;s context and version, such as /orders/1.0.0</Fact>
      </FactList>
      <SubmitButton className="self-start">Save backend JWT</SubmitButton>
    </ActionForm>
  );
}
