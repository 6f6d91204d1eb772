"use client";

import { Plus, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { useFieldArray } from "react-hook-form";
import { Button } from "#components/ui/button.tsx";
import { cn } from "#components/ui/class-names.ts";
import { fieldId } from "#components/ui/field.tsx";
import { KeepsFocus } from "#components/ui/keeps-focus.tsx";
import { useListError } from "./fields.tsx";

type RowsFieldProps = {
  name: string;
  /** What one row is, in small letters: "claim mapping". */
  item: string;
  /** The name of the list; left out where a legend around it says it. */
  label?: string;
  /** What a row begins with. */
  empty: Readonly<Record<string, unknown>>;
  /** Where labels stand above the first row alone: on small screens, where rows are stacked, above each. */
  labelsOnce?: boolean;
  /** Columns of a row, of which the last is the button that removes it. */
  rowClassName: string;
  /** The fields of a row, whose names begin with its path. */
  children: (path: string) => ReactNode;
};

/** A list of the form, a row each, with what removes a row and what adds one. */
export function RowsField({ name, item, label, empty, labelsOnce = false, rowClassName, children }: RowsFieldProps) {
  const { fields, append, remove } = useFieldArray({ name });
  const error = useListError(name);
  const called = item.charAt(0).toUpperCase() + item.slice(1);
  return (
    <KeepsFocus
      className="flex flex-col gap-3"
      id={fieldId(name)}
      tabIndex={-1}
      {...(label && { role: "group", "aria-label": label })}
    >
      {fields.map((field, index) => (
        <div
          key={field.id}
          data-row=""
          role="group"
          aria-label={`${called} ${index + 1}`}
          className={cn(
            "group/row grid items-start gap-2",
            labelsOnce && "sm:not-first:[&_div:has(>label)]:sr-only",
            rowClassName,
          )}
        >
          {children(`${name}.${index}`)}
          <Button
            variant="ghost"
            size="icon"
            className={cn("mt-6", labelsOnce && "sm:group-not-first/row:mt-0")}
            aria-label={`Remove ${item} ${index + 1}`}
            onClick={() => remove(index)}
          >
            <Trash2 aria-hidden />
          </Button>
        </div>
      ))}
      {error && <p className="text-bad text-sm">{error}</p>}
      <Button className="self-start" onClick={() => append({ ...empty })}>
        <Plus aria-hidden />
        Add {item}
      </Button>
    </KeepsFocus>
  );
}
