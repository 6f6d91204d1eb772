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
  /** True where it is all that the page says: its title is then the page's. */
  wholePage?: boolean;
  className?: string;
};

/** Nothing here yet, and what to do about it. */
export function EmptyState({ title, description, action, picture, wholePage, className }: EmptyStateProps) {
  const Heading = wholePage ? "h1" : "h2";
  return (
    <div
      className={cn(
        "flex flex-col items-center gap-5 px-6 py-10 text-center",
        wholePage ? "m-auto w-full max-w-2xl" : "border-line bg-surface rounded-lg border",
        className,
      )}
    >
      {picture && <div className="w-full max-w-xl">{picture}</div>}
      <div className="flex flex-col items-center gap-1">
        <Heading className={cn("font-semibold", wholePage ? "text-2xl" : "text-lg")}>{title}</Heading>
        {description && <p className="text-muted max-w-[52ch]">{description}</p>}
      </div>
      {action && <div className="flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}
