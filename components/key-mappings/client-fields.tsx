"use client";

import { useEffect } from "react";
import { useFormContext, useWatch } from "react-hook-form";
import { CheckboxesField, ListField } from "#components/form/fields.tsx";
import { FieldHelp, SchemaForm } from "#components/schema-form/schema-form.tsx";
import type { UsableKeyManager } from "#lib/features/key-managers/contract.ts";
import { grantTypeLabels, needsRedirectUri } from "#lib/features/key-mappings/contract.ts";

type ClientFieldsProps = {
  keyManager: UsableKeyManager;
  /** The settings of a client that exists. */
  stored?: Readonly<Record<string, unknown>>;
};

/** Grant types, callback URLs where a chosen one needs them, and the connector's own fields. */
export function ClientFields({ keyManager, stored }: ClientFieldsProps) {
  const { setValue, clearErrors } = useFormContext<{ grantTypes: string[]; redirectUris: string[] }>();
  const grantTypes = useWatch<{ grantTypes: string[] }>({ name: "grantTypes" }) as string[];
  const redirects = needsRedirectUri(grantTypes);
  const { callbackUrls } = keyManager;
  // What is not shown is not sent.
  useEffect(() => {
    if (redirects) return;
    setValue("redirectUris", []);
    clearErrors("redirectUris");
  }, [redirects, setValue, clearErrors]);
  return (
    <>
      <CheckboxesField
        name="grantTypes"
        label="Grant types"
        help="How the application gets tokens. A program without a user needs client credentials."
        options={keyManager.grantTypes.map((value) => ({ value, label: grantTypeLabels[value] ?? value }))}
        columns
      />
      {redirects && (
        <ListField
          name="redirectUris"
          label={callbackUrls.label}
          help={<FieldHelp descriptor={callbackUrls} path="redirectUris" />}
          placeholder={callbackUrls.placeholder}
          maximumItems={callbackUrls.maximumItems}
          mono
        />
      )}
      {keyManager.clientFields.length > 0 && (
        <SchemaForm descriptors={keyManager.clientFields} prefix="settings" stored={stored} />
      )}
    </>
  );
}
