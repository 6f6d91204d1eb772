"use client";

import { Plus, Trash2 } from "lucide-react";
import { useFieldArray } from "react-hook-form";
import { ListField, SelectField, TextField, useFieldError } from "#components/form/fields.tsx";
import { Button } from "#components/ui/button.tsx";
import { verbs, type ApiInput } from "#lib/features/apis/contract.ts";

const verbOptions = verbs.map((verb) => ({ value: verb, label: verb }));

/** The API's resources, a row each: method, path, and the scopes of which a token needs one. */
export function ResourcesField() {
  const { fields, append, remove } = useFieldArray<ApiInput, "resources">({ name: "resources" });
  const ofList = useFieldError("resources");
  const ofRoot = useFieldError("resources.root");
  const error = ofList ?? ofRoot;
  return (
    <div className="flex flex-col gap-3" id="field-resources" tabIndex={-1}>
      {fields.map((field, index) => (
        <div
          key={field.id}
          className="group/row grid sm:not-first:[&_div:has(>label)]:sr-only grid-cols-[7rem_minmax(0,1fr)_2rem] items-start gap-2 max-sm:border-line max-sm:border-b max-sm:pb-3 sm:grid-cols-[7rem_minmax(0,1fr)_minmax(0,1fr)_2rem]"
        >
          <SelectField name={`resources.${index}.verb`} label="Method" options={verbOptions} />
          <TextField name={`resources.${index}.path`} label="Path" mono placeholder="/orders/{id}" />
          <ListField
            name={`resources.${index}.scopes`}
            label="Scopes"
            mono
            className="max-sm:order-last max-sm:col-span-3"
          />
          <Button
            variant="ghost"
            size="icon"
            className="mt-6 sm:group-not-first/row:mt-0"
            aria-label={`Remove resource ${index + 1}`}
            onClick={() => remove(index)}
          >
            <Trash2 aria-hidden />
          </Button>
        </div>
      ))}
      {error && <p className="text-bad text-sm">{error}</p>}
      <Button className="self-start" onClick={() => append({ verb: "GET", path: "", scopes: [] })}>
        <Plus aria-hidden />
        Add resource
      </Button>
    </div>
  );
}
