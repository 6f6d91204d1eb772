"use client";

import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useFormContext, useWatch } from "react-hook-form";
import { CheckboxesField, NumberField, SelectField, TextField } from "#components/form/fields.tsx";
import { Button } from "#components/ui/button.tsx";
import { Field, fieldId } from "#components/ui/field.tsx";
import { Select } from "#components/ui/select.tsx";
import {
  constrainableFields,
  type ConnectorView,
  type ConstrainableField,
  type ConstraintType,
} from "#lib/features/key-managers/contract.ts";
import { constraintOf, type ConstraintValues } from "./form-values.ts";

const typeLabels = {
  MIN: "At least",
  MAX: "At most",
  RANGE: "Between",
  ENUM: "Only these",
  REGEX: "Matches a pattern",
} as const satisfies Record<ConstraintType, string>;

type LimitsProps = { connector: ConnectorView };

/** Limits on what developers enter: those that are set, and a way to set another. */
export function LimitFields({ connector }: LimitsProps) {
  const { setValue, clearErrors } = useFormContext();
  const constraints = useConstraints();
  const [chosen, setChosen] = useState("");
  const fields = constrainableFields(connector.clientFields);
  const limited = fields.filter(({ key }) => constraintOf(constraints, key).type !== "");
  const free = fields.filter((field) => !limited.includes(field));

  function set(key: string, type: ConstraintType | "") {
    clearErrors(`constraints.${key}`);
    setValue(`constraints.${key}`, { ...constraintOf(constraints, key), type }, { shouldDirty: true });
  }

  function add() {
    const field = free.find(({ key }) => key === chosen);
    const [first = "", second] = field?.types ?? [];
    if (!field) return;
    // Of numbers, an upper bound is what is usually wanted.
    set(field.key, second ?? first);
    setChosen("");
    requestAnimationFrame(() => document.getElementById(fieldId(`constraints.${field.key}`))?.focus());
  }

  return (
    <>
      <p className="text-muted text-sm">
        Developers see a limit beside its field, and nobody gets past it. A field that may stay blank may stay so: then
        the server decides, and no limit holds.
      </p>
      {limited.map((field) => (
        <Limit key={field.key} field={field} remove={() => set(field.key, "")} />
      ))}
      {free.length > 0 && (
        <div className="flex flex-wrap items-end gap-2">
          <Field label={limited.length === 0 ? "Limit a field" : "Limit another field"} className="min-w-0 flex-1">
            <Select
              options={free.map((field) => ({ value: field.key, label: nameOf(field) }))}
              placeholder="Choose…"
              value={chosen}
              onChange={(event) => setChosen(event.target.value)}
            />
          </Field>
          <Button disabled={chosen === ""} onClick={add}>
            <Plus aria-hidden />
            Add limit
          </Button>
        </div>
      )}
    </>
  );
}

/** The limits in one line. */
export function LimitsInWords({ connector }: LimitsProps) {
  const constraints = useConstraints();
  const limited = constrainableFields(connector.clientFields).filter(
    ({ key }) => constraintOf(constraints, key).type !== "",
  );
  return limited.length === 0 ? "Developers enter what the server takes" : limited.map(({ label }) => label).join(", ");
}

function useConstraints(): Record<string, ConstraintValues> {
  return (useWatch({ name: "constraints" }) ?? {}) as Record<string, ConstraintValues>;
}

function nameOf({ label, within }: ConstrainableField): string {
  return within === undefined ? label : `${label} (${within})`;
}

function Limit({ field, remove }: { field: ConstrainableField; remove: () => void }) {
  const { key, types, descriptor } = field;
  const path = `constraints.${key}`;
  const type = useWatch({ name: `${path}.type` }) as ConstraintType;
  const unit = descriptor.kind === "number" ? descriptor.unit : undefined;
  const options = "options" in descriptor ? descriptor.options : [];
  return (
    <fieldset
      id={fieldId(path)}
      tabIndex={-1}
      className="border-line relative flex min-w-0 flex-col gap-3 rounded-md border p-3 pt-2"
    >
      <legend className="px-1 text-sm font-medium">{nameOf(field)}</legend>
      <Button
        variant="ghost"
        size="icon"
        className="absolute top-1 right-1"
        aria-label={`Remove the limit of ${nameOf(field)}`}
        onClick={remove}
      >
        <Trash2 aria-hidden />
      </Button>
      {types.length > 1 && (
        <SelectField
          name={`${path}.type`}
          label="Limit"
          className="max-w-40"
          options={types.map((value) => ({ value, label: typeLabels[value] }))}
        />
      )}
      {(type === "MIN" || type === "RANGE") && (
        <NumberField name={`${path}.minimum`} label="At least" unit={unit} blank="" step="any" />
      )}
      {(type === "MAX" || type === "RANGE") && (
        <NumberField name={`${path}.maximum`} label="At most" unit={unit} blank="" step="any" />
      )}
      {type === "ENUM" && (
        <CheckboxesField
          name={`${path}.allowed`}
          label="Developers may choose"
          options={options.map(({ value, label }) => ({ value, label }))}
          columns={options.length > 4}
        />
      )}
      {type === "REGEX" && (
        <>
          <TextField
            name={`${path}.pattern`}
            label="Pattern"
            mono
            maxLength={200}
            placeholder={descriptor.kind === "text" ? "[a-z0-9-]+" : "https://[a-z0-9.-]+\\.example\\.com/.*"}
            help="A regular expression in RE2 syntax that the whole value must match; of a list, each entry."
          />
          <TextField
            name={`${path}.words`}
            label="In words"
            optional
            maxLength={200}
            placeholder="An address of example.com."
            help="What developers read in place of the pattern."
          />
        </>
      )}
    </fieldset>
  );
}
