import type { ReactNode } from "react";
import { cn } from "./class-names.ts";
import { CopyButton } from "./copy-button.tsx";

type CodeBlockProps = {
  code: string;
  /** What it is, "cURL command". */
  label: string;
  /** What is copied, where it differs from what is shown. */
  copy?: string | false;
  /** Breaks long lines instead of scrolling. */
  wrap?: boolean;
  actions?: ReactNode;
  className?: string;
};

/** Text for a machine, ready to copy. */
export function CodeBlock({ code, label, copy, wrap, actions, className }: CodeBlockProps) {
  return (
    <figure className={cn("border-line bg-sunken min-w-0 overflow-hidden rounded-lg border", className)}>
      <figcaption className="border-line flex min-h-9 items-center justify-between gap-2 border-b py-0.5 pr-1 pl-3 text-sm">
        <span className="text-muted">{label}</span>
        <span className="flex items-center gap-1">
          {actions}
          {copy !== false && <CopyButton value={copy ?? code} label={label} className="text-muted" />}
        </span>
      </figcaption>
      <pre
        tabIndex={0}
        role="group"
        aria-label={label}
        className={cn(
          "max-h-96 overflow-auto px-3 py-2.5 text-sm leading-5 focus-visible:outline-offset-[-2px]",
          wrap && "break-all whitespace-pre-wrap",
        )}
      >
        <code className="text-[1em]">{code}</code>
      </pre>
    </figure>
  );
}
