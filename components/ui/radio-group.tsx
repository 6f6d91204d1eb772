"use client";

import { useId, type ComponentProps, type ReactNode } from "react";
import { cn } from "./class-names.ts";

type RadioProps = Omit<ComponentProps<"input">, "type"> & { label: ReactNode; help?: ReactNode };

/** One way to go; put several with the same `name` into a Field with `group`. */
export function Radio({ label, help, className, ...props }: RadioProps) {
  const generated = useId();
  const id = props.id ?? generated;
  const helpId = help ? `${id}-about` : undefined;
  return (
    <span className={cn("flex items-start gap-2", className)}>
      <input
        aria-describedby={helpId}
        {...props}
        id={id}
        type="radio"
        className={cn(
          "border-control bg-surface checked:border-accent not-checked:hover:border-ink/60 relative z-10 mt-0.5 size-4 shrink-0 appearance-none rounded-full border transition-colors checked:border-[5px]",
          "before:absolute before:-inset-1.5 before:content-['']",
          "disabled:cursor-not-allowed disabled:opacity-55",
        )}
      />
      <span className="flex min-w-0 flex-col">
        <label htmlFor={id}>{label}</label>
        {help && (
          <span id={helpId} className="text-muted text-sm">
            {help}
          </span>
        )}
      </span>
    </span>
  );
}

export type RadioOption = { value: string; label: ReactNode; help?: ReactNode; disabled?: boolean };

type RadioGroupProps = {
  name: string;
  options: readonly RadioOption[];
  value?: string | undefined;
  defaultValue?: string | undefined;
  onValueChange?: ((value: string) => void) | undefined;
  /** Side by side where there is room. */
  inline?: boolean | undefined;
  /** Bordered tiles: for the choice that a page is about. */
  tiles?: boolean | undefined;
  className?: string | undefined;
};

/** A short list of alternatives with all of them in sight. */
export function RadioGroup({
  name,
  options,
  value,
  defaultValue,
  onValueChange,
  inline,
  tiles,
  className,
}: RadioGroupProps) {
  const id = useId();
  return (
    <div className={cn("flex flex-col gap-2", (inline || tiles) && "sm:flex-row sm:flex-wrap sm:gap-x-5", className)}>
      {options.map((option) => (
        <Radio
          key={option.value}
          id={`${id}-${option.value}`}
          name={name}
          value={option.value}
          label={option.label}
          help={option.help}
          disabled={option.disabled}
          className={
            tiles
              ? "border-line bg-surface has-checked:border-accent has-checked:bg-accent-soft relative rounded-lg border p-3 sm:min-w-48 sm:flex-1 [&_label]:font-medium [&_label]:after:absolute [&_label]:after:inset-0"
              : undefined
          }
          {...(value === undefined
            ? { defaultChecked: option.value === defaultValue }
            : { checked: option.value === value })}
          onChange={() => onValueChange?.(option.value)}
        />
      ))}
    </div>
  );
}
