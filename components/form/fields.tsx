"use client";

import type { ComponentProps, ReactNode } from "react";
import { get, useFormContext, useFormState, type FieldValues } from "react-hook-form";
import { Checkbox } from "#components/ui/checkbox.tsx";
import { Field, fieldId } from "#components/ui/field.tsx";
import { Input, Textarea } from "#components/ui/input.tsx";
import { RadioGroup, type RadioOption } from "#components/ui/radio-group.tsx";
import { Select, type SelectOption } from "#components/ui/select.tsx";
import { ListInput } from "./list-input.tsx";
import { SecretInput } from "./secret-input.tsx";
import { stringsOf, useControl } from "./use-control.ts";

/** What every bound field takes. `name` is the path inside the form: "connection.clientSecret". */
export type BoundFieldProps = {
  name: string;
  label: ReactNode;
  help?: ReactNode;
  optional?: boolean | undefined;
  className?: string | undefined;
};

/** The message at a path of the form around it. */
export function useFieldError(name: string): string | undefined {
  const { errors } = useFormState({ name });
  const error: unknown = get(errors, name);
  if (typeof error !== "object" || error === null || !("message" in error)) return undefined;
  return typeof error.message === "string" ? error.message : undefined;
}

/** The message about a list as a whole; react-hook-form keeps it beside those about items. */
export function useListError(name: string): string | undefined {
  const own = useFieldError(name);
  const root = useFieldError(`${name}.root`);
  return own ?? root;
}

function useBound({ name, label, help, optional, className }: BoundFieldProps) {
  const error = useFieldError(name);
  return { name, label, help, optional, className, error };
}

type TextFieldProps = BoundFieldProps &
  Pick<
    ComponentProps<"input">,
    "type" | "placeholder" | "autoComplete" | "maxLength" | "inputMode" | "readOnly" | "disabled" | "autoFocus"
  > & {
    mono?: boolean | undefined;
  };

/** One line of text. */
export function TextField({ name, label, help, optional, className, ...input }: TextFieldProps) {
  const { register } = useFormContext<FieldValues>();
  return (
    <Field {...useBound({ name, label, help, optional, className })}>
      <Input autoComplete="off" {...input} {...register(name)} />
    </Field>
  );
}

type TextareaFieldProps = BoundFieldProps & {
  rows?: number;
  placeholder?: string | undefined;
  maxLength?: number;
  mono?: boolean;
};

export function TextareaField({ name, label, help, optional, className, ...textarea }: TextareaFieldProps) {
  const { register } = useFormContext<FieldValues>();
  return (
    <Field {...useBound({ name, label, help, optional, className })}>
      <Textarea {...textarea} {...register(name)} />
    </Field>
  );
}

/** One line of text that may be long, such as a scope: all of it stays in sight, on as many rows as it takes. */
export function LongTextField({
  name,
  label,
  help,
  optional,
  className,
  mono,
  placeholder,
}: BoundFieldProps & Pick<TextFieldProps, "mono" | "placeholder">) {
  const { register } = useFormContext<FieldValues>();
  return (
    <Field {...useBound({ name, label, help, optional, className })}>
      <Textarea
        rows={1}
        autoComplete="off"
        mono={mono}
        placeholder={placeholder}
        className="min-h-8 resize-none py-1 leading-5.5 pointer-coarse:min-h-10 pointer-coarse:py-2"
        // As in any other line of text: Enter sends the form, and a pasted line break is none.
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
          event.preventDefault();
          event.currentTarget.form?.requestSubmit();
        }}
        {...register(name, {
          setValueAs: (value: unknown) => (typeof value === "string" ? value.replaceAll(/[\r\n]/g, "") : value),
        })}
      />
    </Field>
  );
}

/** An address; pasted spaces around it are dropped. */
export function UrlField(props: Omit<TextFieldProps, "type" | "inputMode" | "mono">) {
  const { name, label, help, optional, className, ...input } = props;
  const { register } = useFormContext<FieldValues>();
  return (
    <Field {...useBound({ name, label, help, optional, className })}>
      <Input
        // Not type="url": browsers would check it by rules of their own.
        type="text"
        inputMode="url"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        mono
        {...input}
        {...register(name, { setValueAs: (value: unknown) => (typeof value === "string" ? value.trim() : value) })}
      />
    </Field>
  );
}

type NumberFieldProps = BoundFieldProps & {
  min?: number | undefined;
  max?: number | undefined;
  step?: number | "any" | undefined;
  /** Shown behind the number: "seconds". */
  unit?: string | undefined;
  placeholder?: string | undefined;
  /** What the form holds when nothing is typed. */
  blank?: null | undefined | "";
};

/** A number; the form holds a number, or `blank` where nothing is typed. */
export function NumberField(props: NumberFieldProps) {
  const { name, label, help, optional, className, min, max, step, unit, placeholder } = props;
  const { register } = useFormContext<FieldValues>();
  const blank = "blank" in props ? props.blank : null;
  return (
    <Field {...useBound({ name, label, help, optional, className })}>
      <span className="flex items-center gap-2">
        <Input
          type="number"
          inputMode={step === "any" ? "decimal" : "numeric"}
          min={min}
          max={max}
          step={step}
          placeholder={placeholder}
          className="max-w-40 tabular-nums"
          {...register(name, {
            setValueAs: (value: unknown) =>
              value === "" || value === null || value === undefined ? blank : Number(value),
          })}
        />
        {unit && <span className="text-muted">{unit}</span>}
      </span>
    </Field>
  );
}

type SelectFieldProps = BoundFieldProps & {
  options: readonly SelectOption[];
  placeholder?: string | undefined;
  /** Runs once another choice is stored, where other fields depend on it. */
  onChosen?: () => void;
};

export function SelectField({ name, label, help, optional, className, onChosen, ...select }: SelectFieldProps) {
  const { register } = useFormContext<FieldValues>();
  return (
    <Field {...useBound({ name, label, help, optional, className })}>
      <Select {...select} {...register(name, onChosen && { onChange: onChosen })} />
    </Field>
  );
}

type RadioFieldProps = BoundFieldProps & {
  options: readonly RadioOption[];
  inline?: boolean;
  tiles?: boolean;
  /** Runs instead of storing the choice, where a choice changes more than itself. */
  onChoose?: (value: string) => void;
};

export function RadioField({
  name,
  label,
  help,
  optional,
  className,
  options,
  inline,
  tiles,
  onChoose,
}: RadioFieldProps) {
  const { value, onChange } = useControl(name);
  return (
    <Field {...useBound({ name, label, help, optional, className })} group>
      <RadioGroup
        name={name}
        options={options}
        value={typeof value === "string" ? value : ""}
        onValueChange={onChoose ?? onChange}
        inline={inline}
        tiles={tiles}
      />
    </Field>
  );
}

/** A yes or no with its label beside it. */
export function CheckboxField({ name, label, help, className }: Omit<BoundFieldProps, "optional">) {
  const { register } = useFormContext<FieldValues>();
  const error = useFieldError(name);
  const id = fieldId(name);
  return (
    <div className={className}>
      <Checkbox
        id={id}
        label={label}
        help={help}
        aria-invalid={error ? true : undefined}
        {...(error && { "aria-describedby": `${id}-error` })}
        {...register(name)}
      />
      {error && (
        <p id={`${id}-error`} className="text-bad mt-1 ml-6 text-sm">
          {error}
        </p>
      )}
    </div>
  );
}

type CheckboxesFieldProps = BoundFieldProps & {
  options: readonly { value: string; label: ReactNode; help?: ReactNode; disabled?: boolean }[];
  /** In columns where there is room. */
  columns?: boolean | undefined;
};

/** Any of several; the form holds an array of values in the order of the options. */
export function CheckboxesField({ name, label, help, optional, className, options, columns }: CheckboxesFieldProps) {
  const { value: held, onChange } = useControl(name);
  const chosen = stringsOf(held);
  function toggle(value: string, on: boolean) {
    onChange(options.map((option) => option.value).filter((known) => (known === value ? on : chosen.includes(known))));
  }
  return (
    <Field {...useBound({ name, label, help, optional, className })} group>
      <div className={columns ? "grid gap-2 sm:grid-cols-2" : "flex flex-col gap-2"}>
        {options.map((option) => (
          <Checkbox
            key={option.value}
            name={name}
            value={option.value}
            label={option.label}
            help={option.help}
            disabled={option.disabled}
            checked={chosen.includes(option.value)}
            onChange={(event) => toggle(option.value, event.target.checked)}
          />
        ))}
      </div>
    </Field>
  );
}

type SecretFieldProps = BoundFieldProps & {
  /** A value is stored: blank keeps it. */
  stored?: boolean | undefined;
  multiline?: boolean | undefined;
  placeholder?: string | undefined;
};

/** A secret on its way in; a stored one never comes back, and blank keeps it. */
export function SecretField({
  name,
  label,
  help,
  optional,
  className,
  stored,
  multiline,
  placeholder,
}: SecretFieldProps) {
  const { value, onChange, onBlur, ref } = useControl(name);
  return (
    <Field
      {...useBound({ name, label, help, optional: optional && !stored, className })}
      aside={stored && <span className="text-good text-sm">Set; blank keeps it</span>}
    >
      <SecretInput
        multiline={multiline}
        placeholder={placeholder ?? (stored ? "••••••••••••" : undefined)}
        name={name}
        value={typeof value === "string" ? value : ""}
        onChange={onChange}
        onBlur={onBlur}
        ref={ref}
      />
    </Field>
  );
}

type ListFieldProps = BoundFieldProps & {
  placeholder?: string | undefined;
  maximumItems?: number | undefined;
  mono?: boolean | undefined;
};

/** Several short texts, as chips; the form holds an array of strings. */
export function ListField({ name, label, help, optional, className, placeholder, maximumItems, mono }: ListFieldProps) {
  const { value, onChange, onBlur, ref } = useControl(name);
  const bound = useBound({ name, label, help, optional, className });
  // A problem with one entry stands at the list.
  const { errors } = useFormState({ name });
  const inner: unknown = get(errors, name);
  const entries = Array.isArray(inner) ? (inner as ({ message?: string } | undefined)[]) : [];
  return (
    <Field {...bound} error={bound.error ?? entries.find((entry) => entry !== undefined)?.message}>
      <ListInput
        values={stringsOf(value)}
        onValuesChange={onChange}
        onBlur={onBlur}
        placeholder={placeholder}
        maximumItems={maximumItems}
        mono={mono}
        ref={ref}
      />
    </Field>
  );
}
