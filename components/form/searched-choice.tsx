"use client";

import { useEffect, useState } from "react";
import { useFormContext, type FieldValues } from "react-hook-form";
import { Field } from "#components/ui/field.tsx";
import { Input } from "#components/ui/input.tsx";
import type { ActionResult } from "#lib/features/actions/contract.ts";
import { RadioField } from "./fields.tsx";
import { useControl } from "./use-control.ts";

/** One of the things that were found: its id, and what people read of it. */
export type Found = { value: string; label: string; help: string };

type SearchedChoiceProps = {
  /** The form's field, which holds the id of what is chosen. */
  name: string;
  /** What is chosen among: “Application”. */
  label: string;
  search: { label: string; help: string };
  /** Asks the server; the same function from one render to the next. */
  find: (search: string) => Promise<ActionResult<Found[]>>;
  /** What is said where nothing is found, and where there is nothing at all. */
  nothing: { matches: (search: string) => string; exists: string };
  /** Hears what is chosen, as a person reads it. */
  onChoose?: (chosen: Found | null) => void;
};

/** Pause after the last key before the server is asked. */
const pauseMs = 250;

/** One of more things than fit on a page: the server is searched while somebody types. */
export function SearchedChoice({ name, label, search: searching, find, nothing, onChoose }: SearchedChoiceProps) {
  const { getValues, setValue } = useFormContext<FieldValues>();
  const { onChange } = useControl(name);
  const [search, setSearch] = useState("");
  const [found, setFound] = useState<readonly Found[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(() => {
      void find(search).then((result) => {
        if (!isCurrent) return;
        setProblem(result.ok ? null : result.problem.message);
        if (!result.ok) return;
        setFound(result.value);
        // What is out of sight is not chosen.
        if (result.value.some(({ value }) => value === getValues(name))) return;
        setValue(name, "");
        onChoose?.(null);
      });
    }, pauseMs);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [search, find, getValues, setValue, name, onChoose]);
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <Field name={`${name}-search`} label={searching.label} help={searching.help} error={problem ?? undefined}>
        <Input type="search" autoComplete="off" value={search} onChange={(event) => setSearch(event.target.value)} />
      </Field>
      {found?.length === 0 ? (
        <p className="text-muted" role="status">
          {search ? nothing.matches(search) : nothing.exists}
        </p>
      ) : (
        <div className="max-h-48 overflow-y-auto">
          <RadioField
            name={name}
            label={label}
            options={[...(found ?? [])]}
            onChoose={(value) => {
              onChange(value);
              onChoose?.(found?.find((one) => one.value === value) ?? null);
            }}
          />
        </div>
      )}
    </div>
  );
}
