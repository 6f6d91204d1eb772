"use client";

import { useController, useFormContext, type FieldValues } from "react-hook-form";
import {
  CheckboxesField,
  CheckboxField,
  ListField,
  NumberField,
  RadioField,
  SecretField,
  SelectField,
  TextareaField,
  TextField,
  UrlField,
  useFieldError,
} from "#components/form/fields.tsx";
import { Fold } from "#components/form/fold.tsx";
import { Field } from "#components/ui/field.tsx";
import { Input } from "#components/ui/input.tsx";
import { RadioGroup } from "#components/ui/radio-group.tsx";
import { Select } from "#components/ui/select.tsx";
import {
  initialMethod,
  type ChoiceDescriptor,
  type FieldDescriptor,
  type MethodDescriptor,
} from "#lib/connector-kit/descriptors.ts";
import { CertificateField } from "./certificate-field.tsx";

type SchemaFormProps = {
  descriptors: readonly FieldDescriptor[];
  /** Where the values live inside the form: "connection". */
  prefix: string;
  /** `secretKey`s of the secrets that are stored already. */
  storedSecrets?: readonly string[];
  /** The values that are stored already: fixed fields among them are only shown. Absent on a form for something new. */
  stored?: Readonly<Record<string, unknown>> | undefined;
};

/**
 * The fields of a connector, drawn from their descriptors alone. Stands inside an ActionForm (or another
 * FormProvider) whose values under `prefix` began as `initialValues(descriptors)` or as the stored ones.
 */
export function SchemaForm({ descriptors, prefix, storedSecrets = [], stored }: SchemaFormProps) {
  const usual = descriptors.filter(({ advanced }) => !advanced);
  const advanced = descriptors.filter((descriptor) => descriptor.advanced);
  const draw = (descriptor: FieldDescriptor) => (
    <SchemaField
      key={descriptor.name}
      descriptor={descriptor}
      path={prefix ? `${prefix}.${descriptor.name}` : descriptor.name}
      storedSecrets={storedSecrets}
      stored={stored}
    />
  );
  return (
    <div className="flex min-w-0 flex-col gap-5">
      {usual.map(draw)}
      {advanced.length > 0 && (
        <Fold
          label="Advanced"
          summary={advanced.map(({ label }) => label).join(", ")}
          paths={advanced.map(({ name }) => (prefix ? `${prefix}.${name}` : name))}
        >
          {advanced.map(draw)}
        </Fold>
      )}
    </div>
  );
}

type SchemaFieldProps = {
  descriptor: FieldDescriptor;
  path: string;
  storedSecrets: readonly string[];
  stored: SchemaFormProps["stored"];
};

function SchemaField({ descriptor, path, storedSecrets, stored }: SchemaFieldProps) {
  const { label, optional, placeholder } = descriptor;
  if (descriptor.fixed && stored) return <FixedField descriptor={descriptor} path={path} />;
  const help = <FieldHelp descriptor={descriptor} path={path} />;
  const bound = { name: path, label, optional, ...(hasHelp(descriptor) && { help }) };
  switch (descriptor.kind) {
    case "text":
      return descriptor.multiline ? (
        <TextareaField {...bound} placeholder={placeholder} maxLength={descriptor.maximumLength} />
      ) : (
        <TextField {...bound} placeholder={placeholder} maxLength={descriptor.maximumLength} />
      );
    case "url":
      return <UrlField {...bound} placeholder={placeholder} />;
    case "secret":
      return (
        <SecretField
          {...bound}
          placeholder={placeholder}
          multiline={descriptor.multiline}
          stored={storedSecrets.includes(descriptor.secretKey)}
        />
      );
    case "choice":
      return <Choice descriptor={descriptor} path={path} />;
    case "multiChoice":
      return <CheckboxesField {...bound} options={descriptor.options} columns={descriptor.options.length > 4} />;
    case "flag":
      return <CheckboxField name={path} label={label} help={descriptor.help} />;
    case "number":
      return (
        <NumberField
          {...bound}
          min={descriptor.minimum}
          max={descriptor.maximum}
          step={descriptor.integer ? 1 : "any"}
          unit={descriptor.unit}
          placeholder={placeholder}
          blank={undefined}
        />
      );
    case "list":
      return <ListField {...bound} placeholder={placeholder} maximumItems={descriptor.maximumItems} />;
    case "certificate":
      return <CertificateField {...bound} placeholder={placeholder} />;
    case "method":
      return <Method descriptor={descriptor} path={path} storedSecrets={storedSecrets} stored={stored} />;
  }
}

const hasHelp = ({ help, limit }: FieldDescriptor) => Boolean(help) || limit !== undefined;

type FieldHelpProps = { descriptor: Pick<FieldDescriptor, "help" | "limit">; path: string };

/** What a field is for, and what an administrator allows in it, unless its problem says just that. */
export function FieldHelp({ descriptor: { help, limit }, path }: FieldHelpProps) {
  const error = useFieldError(path);
  return (
    <>
      {help}
      {limit && limit.words !== error && <span className="text-ink block">{limit.words}</span>}
    </>
  );
}

/** A value that was chosen once and stays. */
function FixedField({ descriptor, path }: { descriptor: FieldDescriptor; path: string }) {
  const { watch } = useFormContext<FieldValues>();
  const error = useFieldError(path);
  const value: unknown = watch(descriptor.kind === "method" ? `${path}.${descriptor.discriminator}` : path);
  const known = "options" in descriptor ? descriptor.options.find((option) => option.value === value) : undefined;
  const shown = known?.label ?? inWords(value);
  return (
    <Field name={path} label={descriptor.label} help="Cannot be changed any more." error={error}>
      <Input value={shown} readOnly />
    </Field>
  );
}

function Choice({ descriptor, path }: { descriptor: ChoiceDescriptor; path: string }) {
  const { label, optional, options, appearance, fallback } = descriptor;
  const help = hasHelp(descriptor) ? <FieldHelp descriptor={descriptor} path={path} /> : undefined;
  if (appearance === "radio") {
    return <RadioField name={path} label={label} help={help} optional={optional} options={options} />;
  }
  const chosenHelp = <ChosenHelp path={path} descriptor={descriptor} />;
  return (
    <SelectField
      name={path}
      label={label}
      help={help || options.some((option) => option.help) ? chosenHelp : undefined}
      optional={optional}
      options={options}
      {...((optional || fallback === undefined) && { placeholder: optional ? "None" : "Choose…" })}
    />
  );
}

/** Help of the field, and of the option that is chosen now. */
function ChosenHelp({ path, descriptor }: { path: string; descriptor: ChoiceDescriptor }) {
  const { watch } = useFormContext<FieldValues>();
  const chosen: unknown = watch(path);
  const detail = descriptor.options.find(({ value }) => value === chosen)?.help;
  const { limit } = descriptor;
  return (
    <FieldHelp
      descriptor={{ help: [descriptor.help, detail].filter(Boolean).join(" "), ...(limit && { limit }) }}
      path={path}
    />
  );
}

/** A choice that brings fields of its own: they appear below it, indented, when it is chosen. */
function Method({ descriptor, path, storedSecrets, stored }: SchemaFieldProps & { descriptor: MethodDescriptor }) {
  const { label, options, discriminator } = descriptor;
  const help = hasHelp(descriptor) ? (
    <FieldHelp descriptor={descriptor} path={`${path}.${discriminator}`} />
  ) : undefined;
  const choicePath = `${path}.${discriminator}`;
  const { field } = useController({ name: choicePath });
  const { setValue, clearErrors } = useFormContext<FieldValues>();
  const groupError = useFieldError(path);
  const choiceError = useFieldError(choicePath);
  const chosen = String(field.value ?? "");
  const branch = options.find(({ value }) => value === chosen);
  const asTiles = options.length <= 4;

  function choose(value: string) {
    if (value === chosen) return;
    clearErrors(path);
    setValue(path, initialMethod(descriptor, value), { shouldDirty: true });
  }

  return (
    <div className="flex min-w-0 flex-col gap-4">
      {asTiles ? (
        <Field name={choicePath} label={label} help={help} error={choiceError ?? groupError} group>
          <RadioGroup name={choicePath} options={options} value={chosen} onValueChange={choose} tiles />
        </Field>
      ) : (
        <Field name={choicePath} label={label} help={branch?.help ?? help} error={choiceError ?? groupError}>
          <Select options={options} value={chosen} onChange={(event) => choose(event.target.value)} />
        </Field>
      )}
      {branch && branch.fields.length > 0 && (
        <div className="border-line flex min-w-0 flex-col gap-5 border-l-2 pl-4">
          {/* Keyed by the branch: fields of the same name in another branch are other fields. */}
          <SchemaForm
            key={chosen}
            descriptors={branch.fields}
            prefix={path}
            storedSecrets={storedSecrets}
            stored={stored && storedBranch(stored[descriptor.name], discriminator, chosen)}
          />
        </div>
      )}
    </div>
  );
}

function inWords(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map(inWords).join(", ");
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** The stored values of a group, where the branch that is shown is the stored one. */
function storedBranch(
  value: unknown,
  discriminator: string,
  chosen: string,
): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const group = value as Readonly<Record<string, unknown>>;
  return group[discriminator] === chosen ? group : undefined;
}
