"use client";

import { useWatch } from "react-hook-form";
import { ListField, SelectField, TextField } from "#components/form/fields.tsx";
import { RowsField } from "#components/form/rows-field.tsx";
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
  return (
    <RowsField
      name="resources"
      item="resource"
      label="Resources"
      empty={{ verb: options[0]?.value === "QUERY" ? "QUERY" : "GET", path: "", scopes: [] }}
      labelsOnce
      rowClassName="grid-cols-[7rem_minmax(0,1fr)_2rem] max-sm:border-line max-sm:border-b max-sm:pb-3 sm:grid-cols-[7rem_minmax(0,1fr)_minmax(0,1fr)_2rem]"
    >
      {(path) => (
        <>
          <SelectField name={`${path}.verb`} label={verbLabel} options={options} />
          <TextField name={`${path}.path`} label={pathLabel} mono placeholder={placeholder} />
          <ListField name={`${path}.scopes`} label="Scopes" mono className="max-sm:order-last max-sm:col-span-3" />
        </>
      )}
    </RowsField>
  );
}
