"use client";

import { ChevronDown } from "lucide-react";
import type { ComponentProps } from "react";
import { cn } from "./class-names.ts";
import { useFieldControl } from "./field-context.ts";
import { controlClasses } from "./input.tsx";

export type SelectOption = { value: string; label: string; disabled?: boolean };

type SelectProps = Omit<ComponentProps<"select">, "children"> & {
  options: readonly SelectOption[];
  /** The words of an empty choice; without it the first option is chosen. */
  placeholder?: string | undefined;
};

/** One of several, as the platform's own list: best for keyboards, phones and readers. */
export function Select({ options, placeholder, className, ...props }: SelectProps) {
  const control = useFieldControl(props);
  return (
    <span className={cn("relative block min-w-0", className)}>
      <select
        {...props}
        {...control}
        className={cn(controlClasses, "h-8 appearance-none truncate pr-8 pl-2.5 pointer-coarse:h-10")}
      >
        {placeholder !== undefined && <option value="">{placeholder}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled}>
            {option.label}
          </option>
        ))}
      </select>
      <ChevronDown aria-hidden className="text-muted pointer-events-none absolute inset-y-0 right-2.5 my-auto size-4" />
    </span>
  );
}
