import type { ReactNode } from "react";
import { cn } from "./class-names.ts";

type EmptyStateProps = {
  title: ReactNode;
  /** One sentence that teaches. */
  description?: ReactNode;
  /** One action that changes the emptiness. */
  action?: ReactNode;
  /** The Path with what is missing dashed, or another small drawing. */
  picture?: ReactNode;
  className?: string;
};

/** Nothing here yet, and what to do about it. */
export function EmptyState({ title, description, action, picture, className }: EmptyStateProps) {
  return (
    <div
      className={cn(
        "border-line bg-surface flex flex-col items-center gap-5 rounded-lg border px-6 py-10 text-center",
        className,
      )}
    >
      {picture && <div className="w-full max-w-xl">{picture}</div>}
      <div className="flex flex-col items-center gap-1">
        <h2 className="text-lg font-semibold">{title}</h2>
        {description && <p className="text-muted max-w-[52ch]">{description}</p>}
      </div>
      {action && <div className="flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}
