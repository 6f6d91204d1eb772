"use client";

import { useId, type ComponentProps, type ReactNode } from "react";
import { cn } from "./class-names.ts";
import { useFieldControl } from "./field-context.ts";

type SwitchProps = Omit<ComponentProps<"input">, "type"> & {
  label?: ReactNode;
  help?: ReactNode;
  onCheckedChange?: ((checked: boolean) => void) | undefined;
};

/** On or off, at once. In forms that are saved later, a Checkbox says it better. */
export function Switch({ label, help, onCheckedChange, className, ...props }: SwitchProps) {
  const generated = useId();
  const control = useFieldControl(props);
  const id = props.id ?? control.id ?? generated;
  const helpId = help ? `${id}-about` : undefined;
  const track = (
    <input
      aria-describedby={helpId}
      {...props}
      {...control}
      id={id}
      type="checkbox"
      role="switch"
      onChange={(event) => {
        props.onChange?.(event);
        onCheckedChange?.(event.target.checked);
      }}
      className={cn(
        "border-control bg-sunken checked:border-accent checked:bg-accent relative h-4.5 w-8 shrink-0 align-middle appearance-none rounded-full border transition-colors",
        "before:absolute before:-inset-1.5 before:content-['']",
        "after:bg-control checked:after:bg-accent-ink after:absolute after:top-0.5 after:left-0.5 after:size-3 after:rounded-full after:transition-transform checked:after:translate-x-3.5",
        "disabled:cursor-not-allowed disabled:opacity-55",
        !label && className,
      )}
    />
  );
  if (!label) return track;
  return (
    <span className={cn("flex items-start gap-2.5", className)}>
      <span className="mt-px flex">{track}</span>
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
