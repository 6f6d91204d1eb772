"use client";

import { CircleAlert } from "lucide-react";
import { useId, type ReactNode } from "react";
import { cn } from "./class-names.ts";
import { FieldContext } from "./field-context.ts";

/** The id of the control of a named field: error summaries link to it. */
export function fieldId(name: string): string {
  return `field-${name.replaceAll(/[^\w-]/g, "-")}`;
}

export type FieldProps = {
  label: ReactNode;
  /** Form path; gives the control a stable id for error summaries. */
  name?: string | undefined;
  help?: ReactNode;
  error?: string | undefined;
  required?: boolean | undefined;
  /** Marks what may stay empty; say this rather than starring everything else. */
  optional?: boolean | undefined;
  /** A group of controls (radios, checkboxes) instead of a single one. */
  group?: boolean | undefined;
  /** Something small beside the label, "set" for a stored secret. */
  aside?: ReactNode;
  className?: string | undefined;
  children: ReactNode;
};

/** Label, help and error around one control, wired for assistive technology. */
export function Field({
  label,
  name,
  help,
  error,
  required = false,
  optional = false,
  group = false,
  aside,
  className,
  children,
}: FieldProps) {
  const generated = useId();
  const id = name ? fieldId(name) : generated;
  const helpId = help ? `${id}-help` : undefined;
  const errorId = error ? `${id}-error` : undefined;
  const describedBy = [errorId, helpId].filter(Boolean).join(" ") || undefined;

  const caption = (
    <>
      {label}
      {optional && <span className="text-muted ml-1 font-normal"> optional</span>}
    </>
  );
  const below = (
    <>
      {help && (
        <p id={helpId} className="text-muted text-sm">
          {help}
        </p>
      )}
      {error && (
        <p id={errorId} className="text-bad flex items-start gap-1.5 text-sm">
          <CircleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
          <span className="min-w-0">{error}</span>
        </p>
      )}
    </>
  );

  if (group) {
    return (
      <fieldset
        id={id}
        tabIndex={-1}
        aria-describedby={describedBy}
        className={cn("flex min-w-0 flex-col gap-1.5", className)}
      >
        <legend className="mb-1.5 text-sm font-medium">{caption}</legend>
        {children}
        {below}
      </fieldset>
    );
  }
  return (
    <FieldContext value={{ id, describedBy, invalid: Boolean(error), required }}>
      <div className={cn("flex min-w-0 flex-col gap-1.5", className)}>
        <div className="flex min-h-4.5 items-center justify-between gap-2">
          <label htmlFor={id} className="text-sm font-medium">
            {caption}
          </label>
          {aside}
        </div>
        {children}
        {below}
      </div>
    </FieldContext>
  );
}
