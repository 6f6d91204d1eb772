"use client";

import { Plus, Trash2 } from "lucide-react";
import { useFieldArray } from "react-hook-form";
import { LongTextField, TextField, useListError } from "#components/form/fields.tsx";
import { Button } from "#components/ui/button.tsx";
import { KeepsFocus } from "#components/ui/keeps-focus.tsx";
import type { ApiInput } from "#lib/features/apis/contract.ts";

/** The API's scopes, a row each. */
export function ScopesField() {
  const { fields, append, remove } = useFieldArray<ApiInput, "scopes">({ name: "scopes" });
  const error = useListError("scopes");
  return (
    <KeepsFocus className="flex flex-col gap-3" id="field-scopes" tabIndex={-1} role="group" aria-label="Scopes">
      {fields.map((field, index) => (
        <div
          key={field.id}
          data-row=""
          role="group"
          aria-label={`Scope ${index + 1}`}
          className="group/row grid sm:not-first:[&_div:has(>label)]:sr-only grid-cols-[minmax(0,1fr)_2rem] items-start gap-2 sm:grid-cols-[minmax(0,1fr)_minmax(0,1fr)_2rem]"
        >
          <LongTextField name={`scopes.${index}.name`} label="Scope" mono placeholder="orders:read" />
          <TextField
            name={`scopes.${index}.description`}
            label="Description"
            placeholder="Read orders"
            className="max-sm:order-last max-sm:col-span-2"
          />
          <Button
            variant="ghost"
            size="icon"
            className="mt-6 sm:group-not-first/row:mt-0"
            aria-label={`Remove scope ${index + 1}`}
            onClick={() => remove(index)}
          >
            <Trash2 aria-hidden />
          </Button>
        </div>
      ))}
      {error && <p className="text-bad text-sm">{error}</p>}
      <Button className="self-start" onClick={() => append({ name: "", description: "" })}>
        <Plus aria-hidden />
        Add scope
      </Button>
    </KeepsFocus>
  );
}
