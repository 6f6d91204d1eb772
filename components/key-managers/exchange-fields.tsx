"use client";

import { useWatch } from "react-hook-form";
import { CheckboxesField, TextField } from "#components/form/fields.tsx";
import { RowsField } from "#components/form/rows-field.tsx";
import type { RegisterKeyManagerInput } from "#lib/features/key-managers/contract.ts";

const methods = [
  { value: "DIRECT", label: "Directly", help: "Applications call APIs with the tokens that this server issues." },
  {
    value: "EXCHANGED",
    label: "Exchanged",
    help: "The built-in key manager takes a token of this server and issues its own for it (RFC 8693).",
  },
];

/** How tokens of this key manager reach APIs, and what their exchange needs. */
export function InvocationFields() {
  const tokenTypes = useWatch<RegisterKeyManagerInput, "tokenTypes">({ name: "tokenTypes" });
  return (
    <>
      <CheckboxesField name="tokenTypes" label="How tokens reach APIs" options={methods} />
      {tokenTypes?.includes("EXCHANGED") && (
        <TextField
          name="exchangeAudience"
          label="Audience of exchanged tokens"
          mono
          maxLength={500}
          placeholder="https://portal.example.com"
          help="Only tokens that name it in “aud” are exchanged: tokens that were meant for somebody else are not."
        />
      )}
      <ClaimMappings />
    </>
  );
}

/** Pairs of names: a claim of this server's tokens, and what APIs call it. */
function ClaimMappings() {
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <legend className="mb-1 font-medium">
        Claim mappings <span className="text-muted font-normal">optional</span>
      </legend>
      <p className="text-muted text-sm">
        Claims that go on to APIs under another name. What says whose token it is, such as “sub” or “scope”, stays as it
        is.
      </p>
      <RowsField
        name="claimMappings"
        item="claim mapping"
        empty={{ remote: "", local: "" }}
        rowClassName="grid-cols-[minmax(0,1fr)_minmax(0,1fr)_2rem]"
      >
        {(path) => (
          <>
            <TextField name={`${path}.remote`} label="In their token" mono maxLength={200} />
            <TextField name={`${path}.local`} label="For APIs" mono maxLength={200} />
          </>
        )}
      </RowsField>
    </fieldset>
  );
}
