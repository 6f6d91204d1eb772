"use client";

import { useRef } from "react";
import { useFormContext, useWatch } from "react-hook-form";
import { RadioField, TextField } from "#components/form/fields.tsx";
import { RowsField } from "#components/form/rows-field.tsx";
import type { ConnectorView, RegisterKeyManagerInput, TokenHandling } from "#lib/features/key-managers/contract.ts";

const byIssuer = {
  value: "NONE",
  label: "Its issuer alone",
  help: "Opaque tokens come here where the API accepts no other key manager that takes them.",
};
const byText = {
  value: "REFERENCE",
  label: "How the token looks",
  help: "Opaque tokens that match are looked up here, and never shown to another key manager.",
};
const byClaims = {
  value: "JWT",
  label: "Claims in the token",
  help: "Tells key managers with one issuer apart: of its JWTs, only those in which every claim matches are taken.",
};
const patternHelp = "RE2 syntax. It must match the whole text.";

/** Which tokens are this key manager's own. */
export function HandlingFields({ connector }: { connector: ConnectorView }) {
  const { setValue, clearErrors } = useFormContext<RegisterKeyManagerInput>();
  const handling = useWatch<RegisterKeyManagerInput, "tokenHandling">({ name: "tokenHandling" });
  // A choice that is come back to still holds what was typed.
  const remembered = useRef<{ REFERENCE: TokenHandling; JWT: TokenHandling }>({
    REFERENCE: { kind: "REFERENCE", pattern: "" },
    JWT: { kind: "JWT", claims: [{ claim: "", pattern: "" }] },
  });

  function choose(next: string) {
    if (handling && handling.kind !== "NONE") remembered.current[handling.kind] = handling;
    clearErrors("tokenHandling");
    const chosen = next === "REFERENCE" || next === "JWT" ? remembered.current[next] : ({ kind: "NONE" } as const);
    setValue("tokenHandling", chosen, { shouldDirty: true });
  }

  const canAsk = connector.capabilities.includes("introspectToken");
  return (
    <>
      <RadioField
        name="tokenHandling.kind"
        label="Token handling: what says that a token is of this key manager"
        options={canAsk ? [byIssuer, byText, byClaims] : [byIssuer, byClaims]}
        onChoose={choose}
      />
      {handling?.kind === "REFERENCE" && (
        <TextField
          name="tokenHandling.pattern"
          label="Pattern of its opaque tokens"
          mono
          maxLength={200}
          placeholder="shop_[A-Za-z0-9]{32}"
          help={patternHelp}
        />
      )}
      {handling?.kind === "JWT" && <ClaimRules />}
    </>
  );
}

/** Pairs of a claim and a pattern, all of which must match. */
function ClaimRules() {
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <legend className="mb-1 font-medium">Claims that must match</legend>
      <p className="text-muted text-sm">{patternHelp} Of a claim that is a list, one item must match.</p>
      <RowsField
        name="tokenHandling.claims"
        item="claim"
        empty={{ claim: "", pattern: "" }}
        rowClassName="grid-cols-[minmax(0,1fr)_minmax(0,1fr)_2rem]"
      >
        {(path) => (
          <>
            <TextField name={`${path}.claim`} label="Claim" mono maxLength={200} />
            <TextField name={`${path}.pattern`} label="Pattern" mono maxLength={200} />
          </>
        )}
      </RowsField>
    </fieldset>
  );
}
