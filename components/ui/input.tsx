"use client";

import type { ComponentProps } from "react";
import { cn } from "./class-names.ts";
import { useFieldControl } from "./field-context.ts";

/** Shared look of everything that is typed into or chosen from. */
export const controlClasses = [
  "w-full min-w-0 rounded-md border border-control bg-surface text-base text-ink",
  "transition-[border-color,background-color] hover:border-ink/60",
  "focus-visible:border-accent focus-visible:outline-offset-0",
  "aria-invalid:border-bad aria-invalid:focus-visible:outline-bad",
  "read-only:not-[select]:bg-sunken disabled:cursor-not-allowed disabled:bg-sunken disabled:text-muted disabled:border-line",
  "pointer-coarse:text-lg",
].join(" ");

type InputProps = ComponentProps<"input"> & {
  /** For what a machine reads: identifiers, addresses, codes. */
  mono?: boolean | undefined;
};

/** One line of text. Inside a Field it takes its id, description and state from there. */
export function Input({ className, mono, ...props }: InputProps) {
  const control = useFieldControl(props);
  return (
    <input
      type="text"
      {...props}
      {...control}
      className={cn(controlClasses, "h-8 px-2.5 pointer-coarse:h-10", mono && "font-mono text-sm", className)}
    />
  );
}

type TextareaProps = ComponentProps<"textarea"> & { mono?: boolean | undefined };

/** Several lines of text; grows with what is typed where the browser can. */
export function Textarea({ className, mono, rows = 3, ...props }: TextareaProps) {
  const control = useFieldControl(props);
  return (
    <textarea
      rows={rows}
      {...props}
      {...control}
      className={cn(
        controlClasses,
        "field-sizing-content max-h-96 min-h-16 px-2.5 py-1.5",
        mono && "font-mono text-sm",
        className,
      )}
    />
  );
}
