"use client";

import { Plus, Trash2 } from "lucide-react";
import { useRef } from "react";
import { useFieldArray, useFormContext, useWatch } from "react-hook-form";
import { RadioField, TextField, useListError } from "#components/form/fields.tsx";
import { Button } from "#components/ui/button.tsx";
import { KeepsFocus } from "#components/ui/keeps-focus.tsx";
import { fieldId } from "#components/ui/field.tsx";
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
  const { fields, append, remove } = useFieldArray<RegisterKeyManagerInput, "tokenHandling.claims">({
    name: "tokenHandling.claims",
  });
  const error = useListError("tokenHandling.claims");
  return (
    <fieldset className="flex min-w-0 flex-col gap-2" id={fieldId("tokenHandling.claims")} tabIndex={-1}>
      <legend className="mb-1 font-medium">Claims that must match</legend>
      <p className="text-muted text-sm">{patternHelp} Of a claim that is a list, one item must match.</p>
      <KeepsFocus className="contents">
        {fields.map((field, index) => (
          <div
            key={field.id}
            data-row=""
            role="group"
            aria-label={`Claim ${String(index + 1)}`}
            className="grid grid-cols-[minmax(0,1fr)_minmax(0,1fr)_2rem] items-start gap-2"
          >
            <TextField name={`tokenHandling.claims.${String(index)}.claim`} label="Claim" mono maxLength={200} />
            <TextField name={`tokenHandling.claims.${String(index)}.pattern`} label="Pattern" mono maxLength={200} />
            <Button
              variant="ghost"
              size="icon"
              className="mt-6"
              aria-label={`Remove claim ${String(index + 1)}`}
              onClick={() => remove(index)}
            >
              <Trash2 aria-hidden />
            </Button>
          </div>
        ))}
        {error && <p className="text-bad text-sm">{error}</p>}
        <Button className="self-start" onClick={() => append({ claim: "", pattern: "" })}>
          <Plus aria-hidden />
          Add claim
        </Button>
      </KeepsFocus>
    </fieldset>
  );
}
