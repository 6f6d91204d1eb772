"use client";

import { Plus, Trash2 } from "lucide-react";
import { useFieldArray, useWatch } from "react-hook-form";
import { ListField, SelectField, TextField, useListError } from "#components/form/fields.tsx";
import { Button } from "#components/ui/button.tsx";
import { KeepsFocus } from "#components/ui/keeps-focus.tsx";
import { operationTypes, verbs, type ApiInput, type ApiKind } from "#lib/features/apis/contract.ts";

const optionsOf = (values: readonly string[]) => values.map((value) => ({ value, label: value }));

/** How each kind of API names its resources. */
const kinds = {
  HTTP: {
    verbLabel: "Method",
    options: optionsOf(verbs),
    pathLabel: "Path",
    placeholder: "/orders/{id}",
    help: "What callers may reach. A call that matches none of them is refused.",
  },
  GRAPHQL: {
    verbLabel: "Operation",
    options: optionsOf(operationTypes),
    pathLabel: "Field",
    placeholder: "orders",
    help: "Fields at the root of the schema. A call passes where each field that it asks for stands here and is open to it.",
  },
  WEBSOCKET: {
    verbLabel: "Method",
    options: optionsOf(["GET"]),
    pathLabel: "Path",
    placeholder: "/prices/{currency}",
    help: "Where callers may connect. Each connection is judged once, by its address, when it begins.",
  },
} as const satisfies Record<ApiKind, object>;

/** The first resource of a new API of a kind. */
export function firstResource(kind: ApiKind): ApiInput["resources"][number] {
  return kind === "GRAPHQL" ? { verb: "QUERY", path: "", scopes: [] } : { verb: "GET", path: "/", scopes: [] };
}

function useKind() {
  return kinds[useWatch<ApiInput, "kind">({ name: "kind" }) ?? "HTTP"];
}

/** What resources are, for the kind of API that is chosen. */
export function ResourcesHelp() {
  return useKind().help;
}

/** The API's resources, a row each: method, path, and the scopes of which a token needs one. */
export function ResourcesField() {
  const { verbLabel, options, pathLabel, placeholder } = useKind();
  const { fields, append, remove } = useFieldArray<ApiInput, "resources">({ name: "resources" });
  const error = useListError("resources");
  return (
    <KeepsFocus className="flex flex-col gap-3" id="field-resources" tabIndex={-1} role="group" aria-label="Resources">
      {fields.map((field, index) => (
        <div
          key={field.id}
          data-row=""
          role="group"
          aria-label={`Resource ${index + 1}`}
          className="group/row grid sm:not-first:[&_div:has(>label)]:sr-only grid-cols-[7rem_minmax(0,1fr)_2rem] items-start gap-2 max-sm:border-line max-sm:border-b max-sm:pb-3 sm:grid-cols-[7rem_minmax(0,1fr)_minmax(0,1fr)_2rem]"
        >
          <SelectField name={`resources.${index}.verb`} label={verbLabel} options={options} />
          <TextField name={`resources.${index}.path`} label={pathLabel} mono placeholder={placeholder} />
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
      <Button
        className="self-start"
        onClick={() => append({ verb: options[0]?.value === "QUERY" ? "QUERY" : "GET", path: "", scopes: [] })}
      >
        <Plus aria-hidden />
        Add resource
      </Button>
    </KeepsFocus>
  );
}
