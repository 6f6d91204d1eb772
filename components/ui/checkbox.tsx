"use client";

import { Check } from "lucide-react";
import { useId, type ComponentProps, type ReactNode } from "react";
import { cn } from "./class-names.ts";
import { useFieldControl } from "./field-context.ts";

type CheckboxProps = Omit<ComponentProps<"input">, "type"> & {
  label?: ReactNode;
  help?: ReactNode;
};

/** A yes or no, or one of several that may be picked together. Without `label` give it an `aria-label`. */
export function Checkbox({ label, help, className, ...props }: CheckboxProps) {
  const generated = useId();
  const control = useFieldControl(props);
  const id = props.id ?? control.id ?? generated;
  const helpId = help ? `${id}-about` : undefined;
  const box = (
    <span className="relative grid size-4 shrink-0 place-items-center">
      <input
        aria-describedby={helpId}
        {...props}
        {...control}
        id={id}
        type="checkbox"
        className={cn(
          "peer border-control bg-surface checked:border-accent checked:bg-accent hover:border-ink/60 size-4 appearance-none rounded-sm border transition-colors",
          "before:absolute before:-inset-1 before:content-['']",
          "aria-invalid:border-bad disabled:cursor-not-allowed disabled:opacity-55",
          !label && className,
        )}
      />
      <Check
        aria-hidden
        strokeWidth={3}
        className="text-accent-ink pointer-events-none absolute size-3 opacity-0 peer-checked:opacity-100 forced-colors:hidden"
      />
    </span>
  );
  if (!label) return box;
  return (
    <span className={cn("flex items-start gap-2", className)}>
      <span className="mt-0.5">{box}</span>
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
